"""Validation curves of BatchNorm's modes, laid over each other."""

from collections.abc import Mapping, Sequence

from explorer.app.figures.figure import Figure
from explorer.app.figures.style import finish
from explorer.experiments.batchnorm import Line
from explorer.experiments.figures.bands import axes_over_epochs, line_over_epochs
from explorer.palette import FROZEN, GREEN, LEARNS

_PENS = {
    "frozen_everywhere": (FROZEN, "solid", "circle"),
    "frozen": (LEARNS, "dash", "diamond"),
    "moving": (GREEN, "dot", "square"),
}


def mode_curves(lines: Sequence[Line], titles: Mapping[str, str], batch: int, epochs: int) -> Figure:
    """Accuracy on validation over epochs, a line a mode; bands from the lowest seed to the highest."""
    fig = Figure()
    for line in lines:
        line_over_epochs(fig, line.validation, titles[line.mode], _PENS[line.mode])
    axes_over_epochs(fig, epochs)
    told = "; ".join(f"{titles[line.mode]}: {line.validation[-1].mean:.0%} at the end" for line in lines)
    n = max((line.n_validation for line in lines), default=0)
    return finish(
        fig,
        alt=f"Validation accuracy over epochs with batches of {batch}, of {len(lines)} BatchNorm modes. {told}.",
        look="Do the lines separate when batches are small and their statistics noisy? Bands run from the lowest seed to the "
        "highest.",
        caution=f"n = {n} validation images, scored in eval mode, so by the running statistics. All batch sizes "
        "share one learning rate, and small batches take more steps.",
        height=450,
    )

"""Pre-trained, matched and random starts: test accuracy, and how fast everything learns."""

from collections.abc import Sequence

from explorer.app.figures.figure import Figure
from explorer.app.figures.style import finish
from explorer.experiments.compared import HEAD, KEPT, START_WORDS, stage_words
from explorer.experiments.figures.bands import axes_over_epochs, line_over_epochs
from explorer.experiments.start import Curve, Mark
from explorer.palette import CONTROL, GREEN, GREY, LEARNS, PINK, alpha

_PENS = {
    "pretrained": (LEARNS, "solid", "circle"),
    "matched": (GREEN, "dash", "square"),
    "random": (CONTROL, "dot", "diamond"),
    KEPT: (PINK, "dashdot", "triangle-up"),
}
_SHORT = START_WORDS | {KEPT: "… statistics kept"}


def start_marks(found: Sequence[Mark]) -> Figure:
    """Test accuracy of every start, the head alone above, everything below: the mean with one standard deviation, and a dot a
    seed."""
    fig = Figure()
    rows = [f"{stage_words(mark.depth)}, {_SHORT[mark.start]}" for mark in found]
    for row, mark in zip(rows, found, strict=True):
        _row(fig, row, mark)
    above = sum(mark.depth == HEAD for mark in found)
    if 0 < above < len(found):
        fig.add_hline(y=above - 0.7, line={"width": 2, "color": GREY})
    fig.update_xaxes(title="test accuracy", tickformat=".0%", gridcolor=GREY)
    fig.update_yaxes(autorange="reversed", categoryorder="array", categoryarray=rows, showgrid=False)
    told = "; ".join(f"{row} {mark.accuracy.mean:.0%}" for row, mark in zip(rows, found, strict=True))
    return finish(
        fig,
        alt=f"Test accuracy of {len(found)} starts. {told}.",
        look="Do matched weights come close to the pre-trained ones (then it was scale) or to the random ones (then it was what "
        "had been learned)? Small marks are seeds; bars are one standard deviation of them.",
        caution="Everything is trained at full fine-tuning's rate, which was chosen for pre-trained weights: random ones may "
        "need a larger one. The matched backbone is drawn once per seed.",
        height=110 + 52 * len(rows),
    )


def _row(fig: Figure, row: str, mark: Mark) -> None:
    """A dot a seed, and over them the mean."""
    colour, _, symbol = _PENS[mark.start]
    fig.add_scatter(
        x=[*mark.by_seed.values()],
        y=[row] * len(mark.by_seed),
        mode="markers",
        showlegend=False,
        marker={"size": 8, "color": alpha(colour, 0.45), "symbol": symbol},
        customdata=[*mark.by_seed],
        hovertemplate=f"{row}<br>seed %{{customdata}}: %{{x:.1%}} (n = {mark.n})<extra></extra>",
    )
    fig.add_scatter(
        x=[mark.accuracy.mean],
        y=[row],
        mode="markers+text",
        showlegend=False,
        error_x={"type": "data", "array": [mark.accuracy.deviation or 0], "color": colour, "thickness": 3},
        marker={"size": 15, "color": colour, "symbol": symbol},
        text=[f"<b>{100 * mark.accuracy.mean:.1f} %</b>"],
        textposition="top center",
        cliponaxis=False,
        hovertemplate=f"{row}: %{{x:.1%}}, mean of {mark.accuracy.n} seeds, n = {mark.n} each<extra></extra>",
    )


def start_curves(found: Sequence[Curve], epochs: int) -> Figure:
    """Validation accuracy over epochs while everything is trained, a line a start; bands from the lowest seed to the highest."""
    fig = Figure()
    for curve in found:
        line_over_epochs(fig, curve.epochs, START_WORDS[curve.start], _PENS[curve.start])
    axes_over_epochs(fig, epochs)
    told = "; ".join(f"{START_WORDS[curve.start]} {curve.epochs[-1].mean:.0%} at the end" for curve in found)
    n = max((curve.n for curve in found), default=0)
    return finish(
        fig,
        alt=f"Validation accuracy over epochs of {len(found)} starts, everything trained. {told}.",
        look="Does the right scale make learning faster, even where it changes little at the end? Bands run from the lowest "
        "seed to the highest.",
        caution=f"n = {n} validation images. In the first steps BatchNorm's running statistics are still those of the start: a "
        "low beginning may be due to them. Lines that still rise at the end would end elsewhere with more epochs.",
        height=450,
    )

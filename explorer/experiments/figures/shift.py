"""Accuracy over the severity of a shift, by strategy."""

from collections.abc import Mapping, Sequence

from explorer.app.figures.figure import Figure
from explorer.app.figures.style import finish
from explorer.experiments.figures.bands import banded
from explorer.palette import GREY
from explorer.race.figures.lanes import Lane, pens
from explorer.race.races import Spread


def shift_curves(
    lines: Mapping[str, Sequence[Spread]], frozen: frozenset[str], shift: str, severity: int, n: int
) -> Figure:
    """A line an arm (by title; `frozen` ones in blue) over severities from 0; bands from the lowest seed to the highest."""
    fig = Figure()
    lanes = [Lane(title, 1, (), title in frozen) for title in lines]
    for (title, values), pen in zip(lines.items(), pens(lanes), strict=False):
        banded(fig, values, title, (pen.colour, pen.dash, pen.symbol), "severity", n=f", n = {n} each")
    fig.add_vline(x=severity, line={"dash": "dot", "width": 2, "color": GREY})
    fig.update_xaxes(title=f"severity, {shift.lower()} (0: none)", dtick=1, gridcolor=GREY)
    fig.update_yaxes(title="test accuracy", tickformat=".0%", gridcolor=GREY)
    fig.update_layout(legend={"orientation": "h", "y": -0.22, "x": 0})
    told = "; ".join(
        f"{title}: {v[0].mean:.0%} clean, {v[-1].mean:.0%} at the worst" for title, v in lines.items() if v
    )
    return finish(
        fig,
        alt=f"Accuracy over the severity of {shift.lower()}, of {len(lines)} strategies. {told}.",
        look="Do the lines cross: does what wins on the left lose on the right? Bands run from the lowest seed to the highest.",
        caution=f"The shift is generated from the test images (n = {n}), the same each time: what holds for it need not hold for "
        "other cameras, places or patients. After Hendrycks & Dietterich (2019, arXiv 1903.12261); the strengths are our choice.",
        height=450,
    )

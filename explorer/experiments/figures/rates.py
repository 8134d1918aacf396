"""Accuracy and how far the features moved, over the backbone's learning rate, one above the other."""

from collections.abc import Mapping, Sequence

from explorer.app.figures.figure import Figure, subplots
from explorer.app.figures.style import finish
from explorer.experiments.compared import times
from explorer.experiments.rates import Mark
from explorer.palette import FROZEN, GREY, alpha
from explorer.race.figures.lanes import Lane, Pen, pens
from explorer.race.races import Spread


def rate_curves(marks: Sequence[Mark], titles: Mapping[str, str], shown: frozenset[str] = frozenset()) -> Figure:
    """Above test accuracy, below CKA to the pre-trained features, over the rate as a multiple of each strategy's own; bars from
    the lowest seed to the highest, filled marks (`shown`) differ from the linear probe, whose band lies behind."""
    fig = subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.09)
    names = [name for name in dict.fromkeys(mark.strategy for mark in marks) if name != "linear_probe"]
    drawn = pens([Lane(titles[name], 1, ()) for name in names])
    probe = next((mark.accuracy for mark in marks if mark.strategy == "linear_probe"), None)
    decades = sorted({mark.decade for mark in marks if mark.strategy != "linear_probe"}) or [0]
    if probe:
        _band(fig, probe, decades, titles["linear_probe"])
    for name, pen in zip(names, drawn, strict=False):
        mine = [mark for mark in marks if mark.strategy == name]
        _line(fig, [(m, m.accuracy) for m in mine if m.accuracy], titles[name], pen, shown, 1)
        _line(fig, [(m, m.cka) for m in mine if m.cka], titles[name], pen, shown, 2)
    fig.update_xaxes(
        tickvals=decades,
        ticktext=[times(d) for d in decades],
        gridcolor=GREY,
        range=[decades[0] - 0.25, decades[-1] + 0.25],
    )
    fig.update_xaxes(title="multiple of the strategy's own rate", row=2, col=1)
    fig.update_yaxes(gridcolor=GREY)
    fig.update_yaxes(title="test accuracy", tickformat=".0%", row=1, col=1)
    fig.update_yaxes(title="CKA, before to after", range=[-0.05, 1.05], row=2, col=1)
    fig.update_layout(legend={"orientation": "h", "y": -0.16, "x": 0})
    n = max((mark.n for mark in marks), default=0)
    return finish(
        fig,
        alt=f"Accuracy and CKA over the backbone learning rate, of {len(names)} strategies. {_told(marks, titles)}",
        look="Where does the lower line fall, and does the upper one fall with it? Features that moved are not yet lost: where "
        "only the lower line falls, training found others as good. Filled marks are shown to differ from the linear probe.",
        caution=f"n = {n} test images. The head keeps its own rate; strategies differ in theirs, so marks above each other "
        "do not share one rate. CKA is dominated by the directions in which features vary most: others can be lost unseen.",
        height=640,
    )


def _band(fig: Figure, probe: Spread, decades: Sequence[int], title: str) -> None:
    x = [decades[0] - 0.25, decades[-1] + 0.25]
    fig.add_scatter(
        x=[*x, *reversed(x)], y=[probe.high, probe.high, probe.low, probe.low], fill="toself", mode="lines",
        fillcolor=alpha(FROZEN, 0.13), line={"width": 0}, hoverinfo="skip", showlegend=False, row=1, col=1,
    )  # fmt: skip
    hover = f"{title}: {probe.mean:.1%} ({probe.n} seeds)<extra></extra>"
    fig.add_scatter(
        x=x, y=[probe.mean] * 2, mode="lines", name=title, line={"color": FROZEN, "width": 3}, hovertemplate=hover,
        row=1, col=1,
    )  # fmt: skip


def _line(
    fig: Figure, found: Sequence[tuple[Mark, Spread]], title: str, pen: Pen, shown: frozenset[str], row: int
) -> None:
    if not found:
        return
    what = "%{y:.1%} right" if row == 1 else "CKA %{y:.2f}"
    fig.add_scatter(
        x=[mark.decade for mark, _ in found],
        y=[value.mean for _, value in found],
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [value.high - value.mean for _, value in found],
            "arrayminus": [value.mean - value.low for _, value in found],
            "color": pen.colour,
            "thickness": 2,
        },
        name=title,
        legendgroup=title,
        showlegend=row == 1,
        mode="lines+markers",
        line={"color": pen.colour, "width": 3, "dash": pen.dash},
        marker={
            "size": 11,
            "symbol": [pen.symbol if mark.arm in shown else f"{pen.symbol}-open" for mark, _ in found],
            "line": {"width": 2},
        },
        customdata=[[mark.rate, value.n, value.low, value.high] for mark, value in found],
        hovertemplate=f"{title}, rate %{{customdata[0]:.1g}}: {what} (%{{customdata[2]:.3g}} to %{{customdata[3]:.3g}}, "
        "%{customdata[1]} seeds)<extra></extra>",
        row=row,
        col=1,
    )


def _told(marks: Sequence[Mark], titles: Mapping[str, str]) -> str:
    said = []
    for mark in marks:
        right = f"{mark.accuracy.mean:.0%}" if mark.accuracy else "diverged"
        moved = f", CKA {mark.cka.mean:.2f}" if mark.cka else ""
        where = "" if mark.strategy == "linear_probe" else f" {times(mark.decade)}"
        said.append(f"{titles[mark.strategy]}{where}: {right}{moved}")
    return "; ".join(said) + "."

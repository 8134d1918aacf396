"""The validation curves of all strategies of a race at once."""

import math
from collections.abc import Sequence
from statistics import fmean

from explorer.app.figures.figure import Figure
from explorer.app.figures.guessing import guess_line, guess_words
from explorer.app.figures.intervals import validation_for_others
from explorer.app.figures.style import finish
from explorer.palette import GREY, alpha
from explorer.race.figures.lanes import Curve, Lane, Pen, pens
from explorer.runs.records import Epoch

AXES = ("epochs", "seconds")
FAR = 0.25
"""How far below the curves a line may lie and still be drawn: farther, it would squeeze them."""


def race_curves(lanes: Sequence[Lane], axis: str = "epochs", chance: float | None = None) -> Figure:
    """Validation accuracy of every strategy after each epoch, over `epochs` or `seconds`; `chance` is what always naming the
    largest class gives, a line where the axis comes near it.

    Every seed is a thin line, the mean of those that are through a thick one. Bands are 95 % Wilson intervals as long as no
    strategy has two seeds through; then they run from the lowest seed to the highest.
    """
    fig = Figure()
    several = any(len(_through(lane)) > 1 for lane in lanes)
    for lane, pen in zip(lanes, pens(lanes), strict=True):
        if lane.curves:
            _draw_lane(fig, lane, pen, axis, several)
    titles = {"epochs": "epoch", "seconds": "seconds since the run began"}
    fig.update_xaxes(title=titles[axis], gridcolor=GREY, nticks=8, rangemode="tozero")
    most = max((len(c.epochs) for lane in lanes for c in lane.curves), default=0)
    if axis == "epochs":
        fig.update_xaxes(range=[0.5, max(lane.epochs for lane in lanes) + 0.5], dtick=1 if most < 12 else None)
    low, high = span(lanes, chance)
    guess_line(fig, chance if chance is not None and low <= chance <= high else None)
    fig.update_yaxes(title="validation accuracy", tickformat=".0%", range=[low, high + 0.005], gridcolor=GREY)
    fig.update_layout(legend={"orientation": "h", "y": -0.2, "x": 0})
    return finish(
        fig,
        alt=f"Validation accuracy over {axis} of {len(lanes)} strategies. Last: {_last(lanes)}."
        + guess_words(chance, "validation images"),
        look="Which strategy climbs fastest, and which ends highest? " + _bands(lanes, several),
        caution=f"The vertical axis shows {100 * low:.0f} to {100 * high:.0f} %.{guess_words(chance, 'validation images')} "
        + _caution(axis)
        + validation_for_others([c.epochs[-1] for lane in lanes for c in lane.curves if c.epochs][:1]),
        height=460,
    )


def span(lanes: Sequence[Lane], chance: float | None = None) -> tuple[float, float]:
    """From where to where the accuracies go, with some room: tens of points, at least 20 of them; (0, 1) before the first
    epoch. It takes `chance` in where that lies within FAR of them."""
    found = [e.val.accuracy for lane in lanes for c in lane.curves for e in c.epochs]
    if not found:
        return 0.0, 1.0
    near = chance is not None and abs(chance - min(found)) <= FAR
    low = max(0, math.floor(10 * min([*found, chance] if near and chance is not None else found) - 0.3))
    high = min(10, max(math.ceil(10 * max(found) + 0.3), low + 2))
    return min(low, high - 2) / 10, high / 10


def _draw_lane(fig: Figure, lane: Lane, pen: Pen, axis: str, several: bool) -> None:
    """One strategy: band, single seeds, and on top the line that carries the name."""
    through = _through(lane)
    rows = list(zip(*(c.epochs for c in through), strict=False))
    x = [fmean(_x(c, e, axis) for c, e in zip(through, row, strict=True)) for row in rows]
    y = [fmean(e.val.accuracy for e in row) for row in rows]
    if several:
        edges = [(min(e.val.accuracy for e in row), max(e.val.accuracy for e in row)) for row in rows]
    else:
        edges = [(row[0].val.low, row[0].val.high) for row in rows]
    _band(fig, x, edges, pen.colour, lane.label)
    if len(lane.curves) > 1:
        for curve in lane.curves:
            _thin(fig, curve, pen, lane.label, axis)
    n = rows[0][0].val.n
    of = f"n = {n}" if len(through) == 1 else f"{len(through)} seeds, n = {n} each"
    lone = f", seed {through[0].seed}" if len(through) == 1 else ""
    fig.add_scatter(
        x=x,
        y=y,
        name=lane.label,
        legendgroup=lane.label,
        mode="lines+markers",
        line={"color": pen.colour, "width": 3, "dash": pen.dash},
        marker={"size": 9, "symbol": pen.symbol},
        customdata=[[i, 100 * low, 100 * high] for i, (low, high) in enumerate(edges, 1)],
        hovertemplate=f"{lane.label}{lone}<br>epoch %{{customdata[0]}}: %{{y:.1%}} (%{{customdata[1]:.1f}} to "
        f"%{{customdata[2]:.1f}}, {of})<extra></extra>",
    )


def _through(lane: Lane) -> list[Curve]:
    """The curves that have all their epochs; where none has, the longest."""
    through = [c for c in lane.curves if len(c.epochs) >= lane.epochs]
    return through or sorted(lane.curves, key=lambda c: len(c.epochs))[-1:]


def _x(curve: Curve, epoch: Epoch, axis: str) -> float:
    return epoch.epoch if axis == "epochs" else curve.start + epoch.seconds


def _band(fig: Figure, x: Sequence[float], edges: Sequence[tuple[float, float]], colour: str, group: str) -> None:
    fig.add_scatter(
        x=[*x, *reversed(x)],
        y=[*(high for _, high in edges), *(low for low, _ in reversed(edges))],
        fill="toself",
        fillcolor=alpha(colour, 0.14),
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        showlegend=False,
        legendgroup=group,
    )


def _thin(fig: Figure, curve: Curve, pen: Pen, label: str, axis: str) -> None:
    """One seed among several."""
    fig.add_scatter(
        x=[_x(curve, e, axis) for e in curve.epochs],
        y=[e.val.accuracy for e in curve.epochs],
        mode="lines",
        line={"color": alpha(pen.colour, 0.6), "width": 1.5, "dash": pen.dash},
        showlegend=False,
        legendgroup=label,
        customdata=[[e.epoch, e.val.n] for e in curve.epochs],
        hovertemplate=f"{label}, seed {curve.seed}<br>epoch %{{customdata[0]}}: %{{y:.1%}} (n = %{{customdata[1]}})"
        "<extra></extra>",
    )


def _last(lanes: Sequence[Lane]) -> str:
    """The last accuracy of each strategy, for who does not see the figure."""
    parts = []
    for lane in lanes:
        ends = [c.epochs[-1] for c in lane.curves]
        if not ends:
            parts.append(f"{lane.label} has not begun")
            continue
        seeds = f" over {len(ends)} seeds" if len(ends) > 1 else ""
        parts.append(f"{lane.label} {fmean(e.val.accuracy for e in ends):.0%}{seeds} (n = {ends[0].val.n})")
    return "; ".join(parts)


def _bands(lanes: Sequence[Lane], several: bool) -> str:
    """What thin lines, thick lines and bands stand for."""
    if several:
        return "Thin lines are single seeds, the thick one is the mean of those that are through, the band spans them."
    thin = any(len(lane.curves) > 1 for lane in lanes)
    return "The bands are 95 % intervals." + (" Thin lines are further seeds." if thin else "")


def _caution(axis: str) -> str:
    words = "Validation images choose the epoch that is kept, so the best point here is optimistic: read the result off the test."
    if axis == "seconds":
        words += " Seconds are this machine's; the frozen stages' one pass counts, unless the cache had it from an earlier run."
    return words

"""A race: the validation curves of all strategies at once, and where each ended on the test images."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

import plotly.graph_objects as go

from explorer.app.figures.others import validation_for_others
from explorer.app.figures.style import TEXT, finish
from explorer.evidence import Score
from explorer.palette import CONTROL, FROZEN, GREEN, GREY, LEARNS, ORANGE, PINK, SKY, alpha
from explorer.runs.records import Epoch

AXES = ("epochs", "seconds")
# No blue: that stands for frozen. The last two are weak on white, so they come last.
_TUNED = (LEARNS, GREEN, PINK, ORANGE, SKY)
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
_SYMBOLS = ("circle", "diamond", "square", "triangle-up", "cross")


@dataclass(frozen=True)
class Curve:
    """One run of a race: its epochs, and the `start` in seconds at which the first began (the frozen front ran before)."""

    seed: int
    epochs: tuple[Epoch, ...]
    start: float = 0.0
    score: Score | None = None


@dataclass(frozen=True)
class Lane:
    """One strategy of a race, a curve for each seed that has begun; `epochs` is the number that each is to have."""

    label: str
    epochs: int
    curves: tuple[Curve, ...]
    frozen: bool = False
    random: bool = False


@dataclass(frozen=True)
class _Pen:
    """How a lane is drawn: told apart by colour, by dash and by marker."""

    colour: str
    dash: str
    symbol: str


def _pens(lanes: Sequence[Lane]) -> list[_Pen]:
    """Blue for what stays frozen, grey for random weights, then a colour for each; the same in both figures."""
    colours, pens = iter(_TUNED), []
    frozen = True
    for lane, dash, symbol in zip(lanes, _DASHES, _SYMBOLS, strict=False):
        colour = CONTROL if lane.random else FROZEN if lane.frozen and frozen else next(colours)
        frozen = frozen and colour != FROZEN
        pens.append(_Pen(colour, dash, symbol))
    return pens


def race_curves(lanes: Sequence[Lane], axis: str = "epochs") -> go.Figure:
    """Validation accuracy of every strategy after each epoch, over `epochs` or `seconds`.

    Every seed is a thin line, the mean of those that are through a thick one. Bands are 95 % Wilson intervals as long as no
    strategy has two seeds through; then they run from the lowest seed to the highest.
    """
    fig = go.Figure()
    several = any(len(_through(lane)) > 1 for lane in lanes)
    for lane, pen in zip(lanes, _pens(lanes), strict=True):
        if lane.curves:
            _draw_lane(fig, lane, pen, axis, several)
    floor = min((e.val.accuracy for lane in lanes for c in lane.curves for e in c.epochs), default=0.0)
    most = max((len(c.epochs) for lane in lanes for c in lane.curves), default=0)
    titles = {"epochs": "epoch", "seconds": "seconds since the run began"}
    fig.update_xaxes(title=titles[axis], gridcolor=GREY, nticks=8, rangemode="tozero")
    if axis == "epochs":
        fig.update_xaxes(range=[0.5, max(lane.epochs for lane in lanes) + 0.5], dtick=1 if most < 12 else None)
    bottom = max(0.0, math.floor(10 * floor - 0.5) / 10)
    fig.update_yaxes(title="right on validation images", tickformat=".0%", range=[bottom, 1.02], gridcolor=GREY)
    fig.update_layout(legend={"orientation": "h", "y": -0.2, "x": 0})
    return finish(
        fig,
        alt=f"Validation accuracy over {axis} of {len(lanes)} strategies. Last: {_last(lanes)}.",
        look="Which strategy climbs fastest, and which ends highest? " + _bands(lanes, several),
        caution=_caution(axis)
        + validation_for_others([c.epochs[-1] for lane in lanes for c in lane.curves if c.epochs][:1]),
        height=460,
    )


def _draw_lane(fig: go.Figure, lane: Lane, pen: _Pen, axis: str, several: bool) -> None:
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


def _band(fig: go.Figure, x: Sequence[float], edges: Sequence[tuple[float, float]], colour: str, group: str) -> None:
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


def _thin(fig: go.Figure, curve: Curve, pen: _Pen, label: str, axis: str) -> None:
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


def race_result(lanes: Sequence[Lane], chance: float | None = None) -> go.Figure:
    """Test accuracy of every strategy, the first on top; `chance` is what guessing gives.

    One seed: a dot with its 95 % Wilson interval. Several: a small dot for each and their mean ± standard deviation.
    """
    fig = go.Figure()
    scored = [[(c.seed, c.score) for c in lane.curves if c.score] for lane in lanes]
    several = any(len(scores) > 1 for scores in scored)
    bars = [_bar(scores, several) for scores in scored]
    left = max(0.0, min((bar.left for bar in bars if bar), default=0.06) - 0.06)
    right = min(1.02, max((bar.right for bar in bars if bar), default=0.94) + 0.08)
    for y, (lane, pen, scores, bar) in enumerate(zip(lanes, _pens(lanes), scored, bars, strict=True)):
        if bar is None:
            fig.add_annotation(x=left, y=y, text="no test result", xanchor="left", showarrow=False)
            continue
        if several:
            _seeds(fig, y + 0.26, pen, scores)
        _mark(fig, y, lane.label, pen, bar, (bar.mark - left) / (right - left))
    n = next((score.n for scores in scored for _, score in scores), 0)
    guess = "" if chance is None else f" (guessing: {100 * chance:.0f} %)"
    fig.update_xaxes(tickformat=".0%", range=[left, right], gridcolor=GREY, title=f"right on {n} test images{guess}")
    labels = [lane.label for lane in lanes]
    span = [len(lanes) - 0.5, -0.75]
    fig.update_yaxes(range=span, showgrid=False, fixedrange=True, tickvals=list(range(len(lanes))), ticktext=labels)
    fig = finish(
        fig,
        alt=f"Test accuracy of {len(lanes)} strategies: {_told(labels, scored)}.",
        look=_look(several, n),
        caution=_limits(max(map(len, scored), default=0)),
        height=96 + (100 if several else 84) * len(lanes),
        top=10,
    )
    return fig.update_yaxes(tickfont={"size": TEXT})


@dataclass(frozen=True)
class _Bar:
    """A mark, how far its bar reaches below and above (None: no bar), its words, and where the row begins and ends."""

    mark: float
    below: float | None
    above: float | None
    words: str
    left: float
    right: float


def _bar(scores: Sequence[tuple[int, Score]], several: bool) -> _Bar | None:
    """The Wilson interval of one score; mean ± standard deviation where strategies have `several`."""
    if not scores:
        return None
    values = [score.accuracy for _, score in scores]
    first, mean = scores[0][1], fmean(values)
    if not several:
        words = f"<b>{100 * mean:.1f} %</b>  ({100 * first.low:.1f} to {100 * first.high:.1f})"
        return _Bar(mean, mean - first.low, first.high - mean, words, first.low, first.high)
    if len(values) == 1:
        return _Bar(mean, None, None, f"<b>{100 * mean:.1f} %</b>  (1 seed)", mean, mean)
    deviation = stdev(values)
    words = f"<b>{100 * mean:.1f} ± {100 * deviation:.1f} %</b>  ({len(values)} seeds)"
    return _Bar(mean, deviation, deviation, words, min(mean - deviation, *values), max(mean + deviation, *values))


def _seeds(fig: go.Figure, y: float, pen: _Pen, scores: Sequence[tuple[int, Score]]) -> None:
    """A small mark for each seed."""
    fig.add_scatter(
        x=[score.accuracy for _, score in scores],
        y=[y] * len(scores),
        mode="markers",
        marker={"size": 10, "color": alpha(pen.colour, 0.65), "symbol": pen.symbol},
        showlegend=False,
        customdata=[[f"seed {seed}: {score}"] for seed, score in scores],
        hovertemplate="%{customdata[0]}<extra></extra>",
    )


def _mark(fig: go.Figure, y: float, label: str, pen: _Pen, bar: _Bar, place: float) -> None:
    """The large mark with its bar and its numbers; `place` in [0, 1] is where in the figure it stands."""
    error = {"type": "data", "symmetric": False, "array": [bar.above], "arrayminus": [bar.below], "color": pen.colour}
    fig.add_scatter(
        x=[bar.mark],
        y=[y],
        mode="markers+text",
        marker={"size": 17, "color": pen.colour, "symbol": pen.symbol},
        error_x=error | {"thickness": 3.5, "width": 9} if bar.above is not None else None,
        text=[bar.words],
        textposition="top left" if place > 0.8 else "top right" if place < 0.2 else "top center",
        textfont={"size": TEXT + 2},
        cliponaxis=False,
        showlegend=False,
        hovertemplate=f"{label}: {bar.words}<extra></extra>",
    )


def _told(labels: Sequence[str], scored: Sequence[Sequence[tuple[int, Score]]]) -> str:
    parts = []
    for label, scores in zip(labels, scored, strict=True):
        if not scores:
            parts.append(f"{label} has none")
        elif len(scores) == 1:
            parts.append(f"{label} {scores[0][1]}")
        else:
            values = [100 * score.accuracy for _, score in scores]
            n = scores[0][1].n
            parts.append(f"{label} {fmean(values):.1f} ± {stdev(values):.1f} % ({len(values)} seeds, n = {n} each)")
    return "; ".join(parts)


def _look(several: bool, n: int) -> str:
    if several:
        return (
            "Small marks are seeds, the large one is their mean, the bar one standard deviation to each side. Is the distance "
            "between two strategies larger than what a seed alone moves?"
        )
    return (
        f"Each bar is the 95 % interval of one network by itself, over images like these {n}. Which strategy is better here is "
        "another question, asked of two at a time on the same images: see the difference B − A below."
    )


def _limits(seeds: int) -> str:
    if seeds < 2:
        return "One seed: other training images or another order of batches could change the ranking. The bars do not show that."
    return (
        "All seeds are scored on the same test images: the bar shows the luck of training (images drawn, first weights of the "
        "head, order), not that of the test images." + (" Two seeds hardly tell how large it is." if seeds == 2 else "")
    )

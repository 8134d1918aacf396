"""Where each strategy of a race ended on the test images."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from explorer.app.figures.figure import Figure
from explorer.app.figures.guessing import guess_line, guess_words
from explorer.app.figures.style import TEXT, finish
from explorer.evidence import Score
from explorer.palette import GREY, alpha
from explorer.race.figures.lanes import Lane, Pen, pens


def race_result(lanes: Sequence[Lane], chance: float | None = None) -> Figure:
    """Test accuracy of every strategy, the first on top; `chance` is what always naming the largest class gives.

    One seed: a dot with its 95 % Wilson interval. Several: a small dot for each and their mean ± standard deviation.
    """
    fig = Figure()
    scored = [[(c.seed, c.score) for c in lane.curves if c.score] for lane in lanes]
    several = any(len(scores) > 1 for scores in scored)
    bars = [_bar(scores, several) for scores in scored]
    least = min((bar.left for bar in bars if bar), default=0.06)
    left = max(0.0, min(least, least if chance is None else chance) - 0.06)
    right = min(1.02, max((bar.right for bar in bars if bar), default=0.94) + 0.08)
    for y, (lane, pen, scores, bar) in enumerate(zip(lanes, pens(lanes), scored, bars, strict=True)):
        if bar is None:
            fig.add_annotation(x=left, y=y, text="no test result", xanchor="left", showarrow=False)
            continue
        if several:
            _seeds(fig, y + 0.26, pen, scores)
        _mark(fig, y, lane.label, pen, bar, (bar.mark - left) / (right - left))
    n = next((score.n for scores in scored for _, score in scores), 0)
    guess_line(fig, chance, upright=True)
    fig.update_xaxes(tickformat=".0%", range=[left, right], gridcolor=GREY, title=f"right on {n} test images")
    labels = [lane.label for lane in lanes]
    span = [len(lanes) - 0.5, -0.75]
    fig.update_yaxes(range=span, showgrid=False, fixedrange=True, tickvals=list(range(len(lanes))), ticktext=labels)
    fig = finish(
        fig,
        alt=f"Test accuracy of {len(lanes)} strategies: {_told(labels, scored)}.{guess_words(chance, 'test images')}",
        look=_look(several, n),
        caution=_limits(max(map(len, scored), default=0)),
        height=96 + (100 if several else 84) * len(lanes),
        top=10 if chance is None else 30,
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


def _seeds(fig: Figure, y: float, pen: Pen, scores: Sequence[tuple[int, Score]]) -> None:
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


def _mark(fig: Figure, y: float, label: str, pen: Pen, bar: _Bar, place: float) -> None:
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

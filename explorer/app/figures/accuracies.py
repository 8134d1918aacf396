"""Accuracies of several runs with their intervals, and the difference of two with its own: the paired question."""

from collections.abc import Sequence
from dataclasses import dataclass

from explorer.app.figures.figure import Figure
from explorer.app.figures.guessing import LARGEST, guess_line
from explorer.app.figures.style import TEXT, finish
from explorer.evidence import Grouped, Paired, Score, points, share_words
from explorer.evidence.many import p_digits
from explorer.palette import CONTROL, FROZEN, GREY, LEARNS, alpha

_BELOW = 0.2  # rows between a mark and the interval for other groups, which stands under it


@dataclass(frozen=True)
class Bar:
    """One accuracy to show: its label, score, whether any stage learned, and whether its weights were random; `grouped` is
    what it is for other groups of images, where they come in groups."""

    label: str
    score: Score
    learns: bool
    random: bool = False
    grouped: Grouped | None = None


@dataclass(frozen=True)
class Gap:
    """One difference B - A to show, with its label."""

    label: str
    difference: Paired


def accuracies(rows: Sequence[Bar], chance: float | None = None, group: str = "group", guess: str = LARGEST) -> Figure:
    """Test accuracies as dots with their 95 % Wilson intervals; the first row on top. `chance` draws the line of a
    `guess`, what is right without looking (by default always the largest class); where
    images come in groups (of one `group`, e.g. photo), a thin line below each gives the interval for other groups."""
    fig = Figure()
    low = min(min(b.score.low, b.grouped.low if b.grouped else 1.0) for b in rows)
    left = max(0.0, min(low, low if chance is None else chance) - 0.06)
    for y, bar in enumerate(rows):
        _dot(fig, y, bar, bar.score.accuracy - left < 0.2)
        if bar.grouped is not None:
            _thin(
                fig,
                y,
                bar.grouped,
                f"for other {group}s: {share_words(bar.grouped.low)} to {share_words(bar.grouped.high)}",
            )
    guess_line(fig, chance, upright=True, words=guess)
    n = rows[0].score.n
    fig.update_xaxes(tickformat=".0%", range=[left, 1.02], gridcolor=GREY, title=f"right on {n} test images")
    told = "; ".join(f"{b.label} {b.score}" for b in rows)
    told += f"; {guess} {100 * chance:.1f} %" if chance is not None else ""
    one = len(rows) == 1
    return _rows(
        fig,
        [bar.label for bar in rows],
        alt=f"Test accuracy with 95 % intervals: {told}.",
        look="How often is this network right, and how sure is that? The bar is its 95 % interval over images like these."
        if one
        else "How often is each network right, and how sure is that? A bar is the 95 % interval of one network by itself.",
        caution=(
            "Another seed may lie outside the bar: it is of this one network, trained as it is. "
            if one
            else "Bars do not tell whether two networks differ: they see the same images, so only the difference B − A does. "
        )
        + _for_others([bar.grouped for bar in rows], group, n),
    )


def differences(rows: Sequence[Gap], group: str = "group") -> Figure:
    """B - A of each row in percentage points, with its 95 % interval (`evidence.difference`); a thin line below gives that for
    other groups of images. The line at 0 is no difference."""
    fig = Figure()
    ends = [end for row in rows for end in _ends(row.difference)]
    reach = max(0.05, *map(abs, ends)) * 1.15
    for y, row in enumerate(rows):
        found = row.difference
        # The line at 0 begins under the words, which it would cross.
        zero, sure = {"color": CONTROL, "width": 2}, f"p = {p_digits(found.p_value)}"
        fig.add_shape(type="line", x0=0, x1=0, y0=y - 0.1, y1=y + 0.5, line=zero, layer="below")
        fig.add_scatter(
            x=[100 * found.value],
            y=[y],
            mode="markers+text",
            marker={"size": 19, "color": LEARNS, "symbol": "diamond"},
            error_x=_error(100 * (found.high - found.value), 100 * (found.value - found.low), LEARNS, 5, 11),
            text=[f"<b>{points(found.value)} points</b>  ({points(found.low)} to {points(found.high)})"],
            textposition=_inwards(found.value / reach),
            textfont={"size": TEXT + 2},
            cliponaxis=False,
            showlegend=False,
            hovertemplate=f"B fixes {found.fixed}, breaks {found.broken} of {found.n}; {sure}<extra></extra>",
        )
        if found.grouped is not None:
            words = f"for other {group}s: {points(found.grouped.low)} to {points(found.grouped.high)}"
            _thin(fig, y, found.grouped, f"{words}, p = {p_digits(found.grouped.p_value)}", scale=100)
    counts = list(dict.fromkeys(row.difference.n for row in rows))
    in_groups = next((row.difference.n for row in rows if row.difference.grouped is not None), 0)
    fig.update_xaxes(range=[-100 * reach, 100 * reach], gridcolor=GREY, ticksuffix="", title=_axis(counts))
    told = "; ".join(f"{row.label} {row.difference}" for row in rows)
    return _rows(
        fig,
        [row.label for row in rows],
        alt=f"Difference of two accuracies on the same images, B minus A, with 95 % intervals: {told}.",
        look="Does the bar exclude 0? Then A and B differ on images like these, by about as much as the bar spans."
        + (f" The thin line: on other {group}s." if in_groups else ""),
        caution="It cannot tell what other seeds would give, nor images of another kind. Where a bar just excludes 0 but the "
        "test says p ≥ 0.05, the test decides: it is exact, and stricter. "
        + _for_others([row.difference.grouped for row in rows], group, in_groups),
    )


def _inwards(place: float) -> str:
    """On which side of a point its words stay inside the figure; `place` in [-1, 1], from the left edge to the right."""
    return "top left" if place > 0.1 else "top right" if place < -0.1 else "top center"


def _axis(counts: Sequence[int]) -> str:
    """`counts` of test images, one for each row that has its own; short, since it must fit beside another figure."""
    return f"B − A, points (same {' and '.join(map(str, counts))} test images)"


def _ends(found: Paired) -> list[float]:
    more = [] if found.grouped is None else [found.grouped.low, found.grouped.high]
    return [found.low, found.high, *more]


def _for_others(found: Sequence[Grouped | None], group: str, n: int) -> str:
    """What the two intervals are for, where images come in groups."""
    known = [grouped for grouped in found if grouped is not None]
    if not known:
        return ""
    counts = [round(grouped.effective) for grouped in known]
    like = f"{min(counts)} to {max(counts)}" if max(counts) > min(counts) else f"{counts[0]}"
    return (
        f"The bars count images, as if they were independent: they are for more images of these {known[0].groups} {group}s. The "
        f"thin lines are for other {group}s: images of one {group} are right or wrong together, so these {n} count like {like}."
    )


def _rows(fig: Figure, labels: Sequence[str], alt: str, look: str, caution: str) -> Figure:
    """One row for each label, the first on top."""
    span = [len(labels) - 0.5, -0.75]
    fig.update_yaxes(
        autorange=False,
        range=span,
        showgrid=False,
        fixedrange=True,
        tickvals=list(range(len(labels))),
        ticktext=list(labels),
    )
    fig = finish(fig, alt=alt, look=look, caution=caution, height=96 + 74 * len(labels))
    return fig.update_yaxes(tickfont={"size": TEXT})


def _error(above: float, below: float, colour: str, thickness: float, width: float) -> dict[str, object]:
    ends = {"type": "data", "symmetric": False, "array": [above], "arrayminus": [below]}
    return ends | {"thickness": thickness, "width": width, "color": colour}


def _thin(fig: Figure, y: float, found: Grouped, words: str, scale: float = 1) -> None:
    """The interval for other groups: a thin grey line under the mark."""
    ends = [scale * found.low, scale * found.high]
    fig.add_scatter(
        x=ends,
        y=[y + _BELOW] * 2,
        mode="lines+markers",
        line={"color": alpha(CONTROL, 0.95), "width": 2.5},
        marker={"symbol": "line-ns", "size": 9, "line": {"width": 2.5, "color": alpha(CONTROL, 0.95)}},
        showlegend=False,
        hovertemplate=words + "<extra></extra>",
    )


def _dot(fig: Figure, y: float, bar: Bar, at_edge: bool) -> None:
    """One accuracy with its interval and its numbers, which `at_edge` begin at the dot, or the axis would cut them."""
    colour, symbol = _mark(bar)
    s = bar.score
    fig.add_scatter(
        x=[s.accuracy],
        y=[y],
        mode="markers+text",
        marker={"size": 15, "color": colour, "symbol": symbol},
        error_x=_error(s.high - s.accuracy, s.accuracy - s.low, colour, 3, 8),
        text=[f"<b>{100 * s.accuracy:.1f} %</b>  ({100 * s.low:.1f} to {100 * s.high:.1f})"],
        textposition="top right" if at_edge else "top center",
        textfont={"size": TEXT + 2},
        showlegend=False,
        hovertemplate=f"{s.low:.1%} to {s.high:.1%}, {s.correct} of {s.n}<extra></extra>",
    )


def _mark(bar: Bar) -> tuple[str, str]:
    if bar.random:
        return CONTROL, "square"
    return (LEARNS, "diamond") if bar.learns else (FROZEN, "circle")

"""Everybody's accuracies: a dot a run, a line at the median, a row a strategy."""

from explorer.app.figures.figure import Figure
from explorer.app.figures.style import TEXT, finish
from explorer.classroom.results import ClassResults, Row
from explorer.evidence import share_words
from explorer.palette import CONTROL, FROZEN, GREY, LEARNS, OUTLINE

DOT = 15  # pixels
_ACROSS = 46  # dots side by side that the axis has room for
_LEVELS = 5  # dots one above the other, on either side of the middle


def class_accuracies(found: ClassResults) -> Figure:
    """Test accuracy of each run, equal ones stacked so that none hides another; the first strategy on top."""
    fig = Figure()
    scores = [score for row in found.rows for score in row.accuracies]
    left, right = max(0.0, min(scores) - 0.04), min(1.0, max(scores) + 0.04)
    for y, row in enumerate(found.rows):
        _row(fig, y, row, right - left)
    images = f"{found.images} test images" if found.images else "the test images"
    fig.update_xaxes(tickformat=".0%", range=[left, right], gridcolor=GREY, title=f"right on {images}")
    labels = [f"{row.label}<br><span style='font-size:13px'>{_counted(row)}</span>" for row in found.rows]
    fig.update_yaxes(
        tickvals=list(range(len(labels))), ticktext=labels, range=[len(labels) - 0.45, -0.6], showgrid=False
    )
    told = "; ".join(f"{row.label} median {row.median:.1%} of {_counted(row)}" for row in found.rows)
    return finish(
        fig,
        alt=f"Test accuracy of every run by strategy: {told}.",
        look="Where is each row's median, and how far do the runs of one strategy spread?",
        caution="Runs differ in seed, rates and number of images, so a row's spread is not that of seeds alone; a line is the "
        "median, with no interval, since participants who ran more have more dots.",
        height=110 + 92 * len(found.rows),
        top=20,
    )


def _counted(row: Row) -> str:
    n = len(row.accuracies)
    return f"n = {n} run{'s' * (n != 1)} by {row.visitors} visitor{'s' * (row.visitors != 1)}"


def _row(fig: Figure, y: int, row: Row, width: float) -> None:
    colour = CONTROL if row.random else LEARNS if row.learns else FROZEN
    fig.add_shape(
        type="line",
        x0=row.median,
        x1=row.median,
        y0=y - 0.34,
        y1=y + 0.42,
        line={"color": colour, "width": 5},
        layer="below",
    )
    fig.add_annotation(
        x=row.median,
        y=y - 0.46,
        text=f"<b>median {share_words(row.median)}</b>",
        showarrow=False,
        font={"size": TEXT},
    )
    fig.add_scatter(
        x=row.accuracies,
        y=[y + offset for offset in offsets(row.accuracies, width / _ACROSS)],
        mode="markers",
        marker={
            "size": DOT,
            "color": colour,
            "opacity": 0.8,
            "symbol": "diamond" if row.learns else "circle",
            "line": {"color": OUTLINE, "width": 1},
        },
        showlegend=False,
        hovertemplate="%{x:.1%}<extra></extra>",
    )


def offsets(scores: tuple[float, ...], near: float) -> list[float]:
    """How far from the row's middle each dot stands, in rows: scores (lowest first) closer than `near` to one at the same height
    go to the next free height, by turns below and above."""
    last: dict[int, float] = {}
    heights = [0, *(sign * step for step in range(1, _LEVELS + 1) for sign in (1, -1))]
    found = []
    for score in scores:
        free = next((h for h in heights if score - last.get(h, -1.0) >= near), heights[len(found) % len(heights)])
        last[free] = score
        found.append(0.36 * free / _LEVELS)
    return found

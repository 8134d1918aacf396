"""Maps that stand still: before and after side by side, arrows from one to the other, pure noise beside the map."""

import numpy as np

from explorer.app.figures.figure import Figure, subplots
from explorer.app.figures.intervals import tally
from explorer.app.figures.style import finish
from explorer.evidence import share_words
from explorer.looks.projection.figures.paint import Paint, by_class
from explorer.looks.projection.figures.points import (
    BRIGHT,
    MOST_LINES,
    MOST_POINTS,
    TOP,
    Marks,
    add_legend,
    add_points,
    box,
    frame,
    numbers,
    opacity,
    pictures,
    ring,
    words,
)
from explorer.looks.projection.question import Noise, Projection, in_proportion
from explorer.palette import ARROW, SLATE

SHORT = 0.02  # of the map's side: a shorter way has no direction that could be seen


def _some(keep: np.ndarray, labels: np.ndarray) -> str:
    n = len(labels)
    return f" Drawn: {len(keep)} of {n} images, each class in proportion." if len(keep) < n else ""


def projection_pair(
    p: Projection, compact: bool = False, paint: Paint | None = None, marks: Marks | None = None
) -> Figure:
    """Before on the left, after on the right, on the same axes; by default colour and symbol by class; `compact` has no
    legend."""
    paint, marks = paint or by_class(p.labels, p.classes), marks or Marks()
    scores = paint.scores or (p.knn_a, p.knn_b)
    titles = [
        f"{half}: {paint.scored} {share_words(s.accuracy)}"
        for half, s in zip(("A · before", "B · after"), scores, strict=True)
    ]
    fig = subplots(cols=2, titles=titles, horizontal_spacing=0.03)
    keep = in_proportion(p.labels, MOST_POINTS // 2)
    plain = paint.wrong_a is None and opacity(keep, marks) == BRIGHT  # the legend then shows each group as it is drawn
    sides = box(p.a, p.b)
    for column, (half, xy) in enumerate((("a", p.a), ("b", p.b)), 1):
        add_points(fig, paint, xy, keep, marks, half, column, legend=column == 1 and plain and not compact)
        ring(fig, xy, marks, column)
    # one by one, Plotly would check all pictures again for each: seconds for a hundred
    fig.update_layout(images=[*pictures(p.a, marks, sides, "x"), *pictures(p.b, marks, sides, "x2")])
    if not plain and not compact:
        add_legend(fig, paint)
    frame(fig, sides, paint.title, (1, 2))
    same = "Nothing moved: A and B have the same features, so both halves are identical. " if p.unmoved else ""
    look = paint.look or "The same images sit in both halves. Which classes separate from A to B, and which stay mixed?"
    shown = f" Pictures: {len(marks.pictures)} of {len(p.labels)} images." if marks.pictures else ""
    return words(fig, p, f"{same}{look}{_some(keep, p.labels)}{shown}", marks, len(paint.names))


def projection_moves(p: Projection, paint: Paint | None = None, marks: Marks | None = None) -> Figure:
    """After as points, with an arrow from where each image was before: of the selected images, or of some in proportion."""
    paint, marks = paint or by_class(p.labels, p.classes), marks or Marks()
    fig = subplots(cols=1)
    keep = in_proportion(p.labels, MOST_POINTS)
    chosen = np.array(marks.selected, int) if marks.selected else np.arange(len(p.labels))
    lines = chosen[in_proportion(p.labels[chosen], MOST_LINES)]
    ends = np.stack([p.a[lines], p.b[lines]]).astype(float).round(3)
    gap = [None] * len(lines)
    colours = [paint.styles[paint.b[i]][0] for i in lines]
    sides = box(p.a, p.b)
    length = np.linalg.norm((ends[1] - ends[0]) / [x[1] - x[0] for x in sides], axis=1)
    tips = [v for far in length for v in (0, 11 if far > SHORT else 0, 0)]
    fig.add_scatter(
        x=[v for row in zip(ends[0, :, 0].tolist(), ends[1, :, 0].tolist(), gap, strict=True) for v in row],
        y=[v for row in zip(ends[0, :, 1].tolist(), ends[1, :, 1].tolist(), gap, strict=True) for v in row],
        mode="lines+markers", line={"color": ARROW, "width": 1.3}, hoverinfo="skip", name="from A to B",
        marker={
            "symbol": "arrow", "angleref": "previous", "size": tips, "opacity": 1,
            "color": [colour for colour in colours for _ in range(3)], "line": {"width": 0.5, "color": SLATE},
        },
    )  # fmt: skip
    rest = np.setdiff1d(keep, lines)
    add_points(fig, paint, p.b, rest, marks, legend=False)
    _tips(fig, paint, p, lines, marks)
    fig.update_layout(images=pictures(p.b, marks, sides, "x"))
    add_legend(fig, paint)
    ring(fig, p.b, marks)
    frame(fig, sides, paint.title)
    whose = "selected images" if marks.selected else "images, each class in proportion"
    some = f" Arrows are drawn for {len(lines)} of {len(chosen)} {whose}." if len(lines) < len(chosen) else ""
    some += f" {int((length <= SHORT).sum())} of them moved less than {SHORT:.0%} of the map and have no tip.".replace(
        "%", " %"
    )
    look = "Each arrow runs from A to its tip in B. Do whole classes move together, and which images move to another class?"
    same = "Nothing moved: A and B have the same features, so all arrows have length 0." if p.unmoved else ""
    return words(fig, p, same or look + some, marks, len(paint.names))


def _tips(fig: Figure, paint: Paint, p: Projection, lines: np.ndarray, marks: Marks) -> None:
    """Small points at the tips, which take clicks and lassos."""
    fig.add_scatter(
        x=numbers(p.b[lines, 0]), y=numbers(p.b[lines, 1]), mode="markers", name="in B",
        customdata=[[int(i)] for i in lines], showlegend=False,
        text=[paint.names[paint.b[i]] for i in lines],
        marker={
            "color": [paint.styles[paint.b[i]][0] for i in lines], "opacity": opacity(lines, marks), "size": 6,
            "symbol": [paint.styles[paint.b[i]][1] for i in lines],
        },
        hovertemplate="%{text}, image %{customdata[0]}<extra></extra>",
    )  # fmt: skip


def projection_noise(p: Projection, noise: Noise, marks: Marks | None = None) -> Figure:
    """B's map beside a map of Gaussian noise of the same size by the same recipe, coloured by the same labels."""
    paint, marks = by_class(p.labels, p.classes), marks or Marks()
    titles = (f"B · after: k-NN {share_words(p.knn_b.accuracy)}", f"pure noise: k-NN {share_words(noise.knn.accuracy)}")
    fig = subplots(cols=2, titles=titles, horizontal_spacing=0.03)
    keep = in_proportion(p.labels, MOST_POINTS // 2)
    for column, xy in enumerate((p.b, noise.xy), 1):
        add_points(fig, paint, xy, keep, marks if column == 1 else Marks(), "b", column, legend=column == 1)
        frame(fig, box(xy), paint.title, (column,))
    ring(fig, p.b, marks)
    n, d = len(noise.labels), noise.width
    fig = finish(
        fig,
        alt=f"Map of B beside a map of Gaussian noise, {n} points of {d} numbers. In the noise 10 nearest neighbours name "
        f"{tally(noise.knn)} of the labels; trustworthiness of its map {noise.trust:.2f}.",
        look="The right half is pure chance. Which of its clumps would you have called a group?",
        caution="The halves have their own axes: compare shapes, not positions. "
        f"k-NN on noise: {tally(noise.knn)}. Trustworthiness: B {p.trust_b:.2f}, noise {noise.trust:.2f}.",
        height=max(560, 110 + 24 * min(len(paint.names), 24)),
        top=TOP,
    )
    fig.update_layout(dragmode="lasso" if marks.lasso else "pan")
    return fig

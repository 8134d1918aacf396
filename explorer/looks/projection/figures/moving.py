"""Maps that move in the browser: a slider from A to B, and a run epoch by epoch. The server sends all frames at once."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from explorer.app.figures.figure import Figure, subplots
from explorer.app.figures.intervals import tally
from explorer.app.figures.style import cell, finish
from explorer.looks.projection.figures.paint import Paint, by_class
from explorer.looks.projection.figures.points import (
    MOST_POINTS,
    TOP,
    Marks,
    add_legend,
    box,
    frame,
    numbers,
    opacity,
    ring,
    words,
)
from explorer.looks.projection.question import Projection, Trajectory, in_proportion
from explorer.palette import GREY, GRID, LEARNS, NOTHING, OUTLINE, WHITE

STEPS = 10  # frames between A and B
MARKED = LEARNS  # readable on the buttons' white when pointed at, and on both grounds


def _cloud(fig: Figure, paint: Paint, xy: np.ndarray, rows: np.ndarray, marks: Marks) -> None:
    """All points in one trace, the one that frames move; `rows` are the image numbers of the positions (m, 2)."""
    groups = paint.b
    fig.add_scatter(
        x=numbers(xy[:, 0]), y=numbers(xy[:, 1]), mode="markers", name="images", showlegend=False,
        customdata=[[int(i)] for i in rows], ids=[str(i) for i in rows], text=[paint.names[g] for g in groups],
        marker={
            "color": [paint.styles[g][0] for g in groups], "symbol": [paint.styles[g][1] for g in groups], "size": 9,
            "opacity": opacity(rows, marks), "line": {"width": 0.5, "color": OUTLINE},
        },
        hovertemplate="%{text}, image %{customdata[0]}<extra></extra>", row=1, col=1,
    )  # fmt: skip


def _frames(
    positions: Sequence[np.ndarray], ringed: int, others: Sequence[Sequence[dict[str, Any]]] = ()
) -> list[dict[str, Any]]:
    """One frame for each of the positions (m, 2): the cloud, both rings around row `ringed` (-1: none), and what else
    moves with it; traces in the order in which they were added."""
    found = []
    for t, xy in enumerate(positions):
        moved: list[Any] = [{"x": numbers(xy[:, 0]), "y": numbers(xy[:, 1])}]
        if ringed >= 0:
            x, y = numbers(xy[ringed])
            moved += [{"x": [x], "y": [y]}] * 2
        moved += others[t] if others else []
        found.append(
            {
                "name": str(t),
                "data": [{"type": "scatter", **m} for m in moved],
                "traces": list(range(len(moved))),
            }
        )
    return found


def _controls(fig: Figure, labels: Sequence[str], prefix: str, pace: int) -> None:
    """Play, pause and a slider with one step a frame; `pace` in milliseconds a frame."""
    moving = {"duration": pace, "easing": "linear"}
    play = {
        "frame": {"duration": pace, "redraw": False},
        "transition": moving,
        "fromcurrent": True,
        "mode": "immediate",
    }
    still = {"frame": {"duration": 0, "redraw": False}, "mode": "immediate", "transition": {"duration": 0}}
    jump = {"frame": {"duration": 300, "redraw": False}, "mode": "immediate", "transition": {"duration": 300}}
    names = [str(t) for t in range(len(labels))]
    buttons = [
        {"label": "▶ Play", "method": "animate", "args": [names, {**play, "fromcurrent": False}]},
        {"label": "❚❚ Pause", "method": "animate", "args": [[None], still]},
    ]
    fig.update_layout(
        updatemenus=[{
            "type": "buttons", "direction": "left", "showactive": False, "buttons": buttons, "x": 0, "y": -0.03,
            "xanchor": "left", "yanchor": "top", "pad": {"t": 22}, "font": {"color": MARKED, "size": 15},
            "bgcolor": NOTHING, "bordercolor": GREY,
        }],
        sliders=[{
            "x": 0.24, "len": 0.76, "y": -0.03, "pad": {"t": 22}, "currentvalue": {"prefix": prefix, "xanchor": "left"},
            "bordercolor": GREY, "bgcolor": GREY, "activebgcolor": MARKED, "tickcolor": GREY,
            "steps": [
                {"label": label, "method": "animate", "args": [[name], jump]}
                for label, name in zip(labels, names, strict=True)
            ],
        }],
    )  # fmt: skip


def projection_slide(p: Projection, paint: Paint | None = None, marks: Marks | None = None) -> Figure:
    """The points of A on their way to B: 0 is A, 1 is B, nine straight-line positions between them."""
    whole, marks = paint or by_class(p.labels, p.classes), marks or Marks()
    keep = in_proportion(p.labels, MOST_POINTS)
    paint = Paint(whole.title, whole.names, whole.styles, whole.a[keep], whole.b[keep])
    a, b = p.a[keep], p.b[keep]
    positions = [a + t / STEPS * (b - a) for t in range(STEPS + 1)]
    fig = subplots(cols=1)
    _cloud(fig, paint, a, keep, marks)
    at = int(np.flatnonzero(keep == marks.image)[0]) if marks.image in keep else -1
    ring(fig, a, Marks(image=at))
    add_legend(fig, paint)
    fig.frames = _frames(positions, at)
    frame(fig, box(p.a, p.b), paint.title)
    look = "Press play, or drag the slider. Which classes separate as a whole, and which images leave their group?"
    same = "Nothing moved: A and B have the same features, so play shows a still picture." if p.unmoved else ""
    fig = words(fig, p, same or look, marks, len(paint.names))
    fig.options["meta"]["caution"] += (
        " Only 0 (A) and 1 (B) were measured; positions in between are drawn on straight lines."
    )
    _controls(fig, ["A", *(f"{t / STEPS:.1f}" for t in range(1, STEPS)), "B"], "From A to B: ", 250)
    return _room(fig)


def _room(fig: Figure) -> Figure:
    """Room for the controls under the map."""
    fig.update_layout(height=fig.options["height"] + 110, margin={"b": 110})
    return fig


def projection_epochs(t: Trajectory, marks: Marks | None = None, trained: int = 0) -> Figure:
    """A run from the pre-trained network through its epochs on one map, and the k-NN accuracy in the full space beside it.

    `trained` is the number of epochs that the run took, where it may have kept the features of some of them only.
    """
    marks = marks or Marks()
    paint = by_class(t.labels, t.classes)
    kept = len(t.epochs) - 1
    some = f", {kept} of {trained} epochs" if 0 < kept < trained else ""
    titles = (f"{len(t.images)} of {t.knn[0].n} test images{some}", "k-NN accuracy, full space")
    fig = subplots(cols=2, column_widths=[0.66, 0.34], titles=titles, horizontal_spacing=0.09)
    _cloud(fig, paint, t.xy[0], t.images, marks)
    at = int(np.flatnonzero(t.images == marks.image)[0]) if marks.image in t.images else -1
    ring(fig, t.xy[0], Marks(image=at))
    _now(fig, t)
    add_legend(fig, paint)
    _line(fig, t)
    now = [[{"x": [e], "y": [k.accuracy]}] for e, k in zip(t.epochs, t.knn, strict=True)]
    fig.frames = _frames(list(t.xy), at, now)
    frame(fig, box(t.xy), "class")
    _axes(fig, t)
    fig = finish(
        fig,
        alt=_alt(t),
        look=_look(t),
        caution=_caution(t),
        height=max(560, 110 + 24 * min(len(t.classes), 24)),
        top=TOP,
    )
    if len(t.epochs) == 1:
        return fig
    _controls(fig, ["pre-trained", *(str(e) for e in t.epochs[1:])], "Epoch: ", 700)
    return _room(fig)


def _now(fig: Figure, t: Trajectory) -> None:
    """The point on the curve that goes along with the map."""
    fig.add_scatter(
        x=[t.epochs[0]], y=[t.knn[0].accuracy], mode="markers", showlegend=False, hoverinfo="skip", row=1, col=2,
        marker={"symbol": "diamond", "size": 17, "color": LEARNS, "line": {"width": 1.5, "color": WHITE}},
    )  # fmt: skip


def _line(fig: Figure, t: Trajectory) -> None:
    """The accuracy of every epoch."""
    fig.add_scatter(
        x=list(t.epochs), y=[k.accuracy for k in t.knn], mode="lines+markers", showlegend=False, row=1, col=2,
        line={"color": LEARNS, "width": 2}, marker={"size": 6}, customdata=[[tally(k)] for k in t.knn],
        hovertemplate="epoch %{x}: %{customdata[0]}<extra></extra>",
    )  # fmt: skip


def _axes(fig: Figure, t: Trajectory) -> None:
    fig.update_xaxes(title="epoch (0: pre-trained)", dtick=max(1, t.epochs[-1] // 5), showgrid=False, row=1, col=2)
    fig.update_yaxes(tickformat=".0%", gridcolor=GRID, row=1, col=2)
    if t.chosen > 0 and t.moved:
        fig.add_vline(x=t.chosen, line={"dash": "dot", "color": GREY, "width": 2}, **cell(1, 2))


def _alt(t: Trajectory) -> str:
    return (
        f"Map of {len(t.images)} test images at {t.stage} at {len(t.epochs)} moments of one run. k-NN accuracy in the full "
        f"space: pre-trained {tally(t.knn[0])}, after epoch {t.epochs[-1]} {tally(t.knn[-1])}."
    )


def _look(t: Trajectory) -> str:
    if not t.moved:
        return "Nothing moves: this run trained no stage before these features."
    kept = f" The dotted line marks epoch {t.chosen}, which the run kept as best on validation." if t.chosen > 0 else ""
    return f"Press play. Do the classes separate, and does the curve in the full space agree?{kept}"


def _caution(t: Trajectory) -> str:
    trust = f"{min(t.trust):.2f} to {max(t.trust):.2f}"
    some = (
        f" Of {t.knn[0].n} images {len(t.images)} are drawn, each class in proportion."
        if len(t.images) < t.knn[0].n
        else ""
    )
    if not t.moved:
        return f"The same at every epoch: n = {t.knn[0].n} images, trustworthiness of the map {t.trust[0]:.2f}."
    turned = (
        f" Each epoch is rotated onto the pre-trained network; the rotation is fitted on the {t.others} that are not drawn."
        if t.others
        else " Nothing is rotated: fewer than 20 images would be left to fit a rotation on."
    )
    drift = ", and images whose features do not change still move a little" if t.method != "pca" else ""
    return (
        f"Positions between two epochs are drawn, not measured{drift}. k-NN on n = {t.knn[0].n} images at each "
        "epoch, without an interval: images vote for one another, so their errors are not independent. "
        f"Trustworthiness of the maps: {trust}.{some}{turned}"
    )

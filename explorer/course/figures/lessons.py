"""Figures of the lesson: a picture's walk through a backbone, and how few images are enough."""

from collections.abc import Sequence

import numpy as np

from explorer.app.figures.figure import Figure, subplots
from explorer.app.figures.guessing import guess_line
from explorer.app.figures.style import SMALL, TEXT, bare, finish, named
from explorer.app.figures.tiles import GAP, row_of_tiles
from explorer.course.question.live import CurvePoint, Walk, WalkStage
from explorer.palette import BLACK, FROZEN, GREY, LEARNS, WHITE

ROW = 150  # pixels of a stage
BRIGHT = 0.99  # of a stage's values; above it all look alike, or one bright border leaves everything else dark
ARMS = {
    "probe": ("Pre-trained, frozen", FROZEN, "circle", "solid"),
    "scratch": ("From scratch", LEARNS, "diamond", "dash"),
}


def walk(found: Walk) -> Figure:
    """A row a stage, input first: the picture with a frame round what the middle cell of the stage sees, and beside it the
    stage's strongest channels, one scale a stage."""
    count, shown = len(found.stages), max(len(stage.maps) for stage in found.stages)
    fig = subplots(
        rows=count, cols=2, column_widths=[1, shown], horizontal_spacing=0.015, vertical_spacing=0.42 / max(count, 2)
    )
    for i, stage in enumerate(found.stages, 1):
        fig.add_image(z=found.picture, hoverinfo="skip", row=i, col=1)
        _sight(fig, stage, found.picture.shape[0], i)
        z, x, y = row_of_tiles(stage.maps)
        fig.add_heatmap(
            z=z, x=x, y=y, colorscale="Cividis", showscale=False, hoverongaps=False, hoverinfo="skip", row=i, col=2,
            zmin=float(stage.maps.min()), zmax=float(np.quantile(stage.maps, BRIGHT)),
        )  # fmt: skip
    bare(fig)
    _frame(fig, found, shown)
    first, last = found.stages[0], found.stages[-1]
    return finish(
        fig,
        alt=f"A picture of {named(found.label)} through {count} stages of {named(found.backbone)}, from {first.channels} "
        f"channels of {first.rows} by {first.columns} to {last.channels} of {last.rows} by {last.columns}.",
        look="From top to bottom the maps mostly grow coarser, the channels more numerous, and the frame wider: the "
        "part of the picture that one cell sees. Early channels tend to respond to edges and colours, late "
        "ones to larger patterns."
        if count > 1
        else "Each tile is one channel: where in the picture does it respond?",
        caution=f"The {shown} channels with the largest mean |activation| of each stage, so not a sample of all; one "
        "scale a stage, its brightest hundredth drawn alike. The frame is the receptive field: everything that can "
        "reach the cell. Its centre counts most.",
        height=56 + ROW * count,
        tiles=True,
        width=1080,
        top=56,
    )


def _sight(fig: Figure, stage: WalkStage, side: int, row: int) -> None:
    """A frame round the pixels that the middle cell sees, cut at the border."""
    low, high = max(stage.sight[0], 0) - 0.5, min(stage.sight[1], side) - 0.5
    for colour, width in ((BLACK, 4), (WHITE, 2)):
        fig.add_shape(
            type="rect", x0=low, y0=low, x1=high, y1=high, line={"color": colour, "width": width}, row=row, col=1
        )


def _frame(fig: Figure, found: Walk, shown: int) -> None:
    """Square tiles, and over each row its stage in words."""
    side = found.picture.shape[0]
    for i, stage in enumerate(found.stages, 1):
        fig.update_xaxes(range=[-0.5, side - 0.5], constrain="domain", row=i, col=1)
        picture, upright = fig.subplot(i, 1)
        fig.update_yaxes(range=[side - 0.5, -0.5], scaleanchor=picture, constrain="domain", row=i, col=1)
        fig.update_xaxes(range=[0, shown * (1 + GAP) - GAP], constrain="domain", constraintoward="left", row=i, col=2)
        tiles, _ = fig.subplot(i, 2)
        fig.update_yaxes(range=[1, 0], scaleanchor=tiles, constrain="domain", row=i, col=2)
        wide = min(stage.sight[1], side) - max(stage.sight[0], 0)
        fig.add_annotation(
            text=f"<b>{stage.stage}</b>: {stage.channels} channels of {stage.rows} × {stage.columns} cells<br>"
            f"<span style='font-size:{SMALL}px'>{stage.parameters:,} weights · a cell sees {wide} of {side} px</span>",
            align="left", x=0, y=fig.axis(upright)["domain"][1], xref="paper", yref="paper", xanchor="left",
            yanchor="bottom", showarrow=False,
        )  # fmt: skip


def small_curve(points: Sequence[CurvePoint], sizes: Sequence[int]) -> Figure:
    """Test accuracy over the number of training images per class: a mark a seed, a line through the means of each arm."""
    fig = Figure()
    for arm in ARMS:
        own = [p for p in points if p.arm == arm]
        if own:
            _arm(fig, arm, own, sizes)
    ticks = [str(size) for size in sizes]
    span = [np.log10(sizes[0]) - 0.08, np.log10(sizes[-1]) + 0.08]
    fig.update_xaxes(
        type="log", tickvals=list(sizes), ticktext=ticks, range=span, title="training images per class", gridcolor=GREY
    )
    fig.update_yaxes(tickformat=".0%", range=[0, 1.02], title="test accuracy", gridcolor=GREY)
    fig.update_layout(legend={"orientation": "h", "y": -0.28, "x": 0, "font": {"size": TEXT}})
    classes = {p.images // p.per_class for p in points}
    if len(classes) == 1:
        guess_line(fig, 1 / classes.pop(), words="guessing")
    n, seeds = points[0].score.n, len({p.seed for p in points})
    return finish(
        fig,
        alt="; ".join(
            f"{ARMS[p.arm][0]}, {p.per_class} per class, seed {p.seed}: {p.score.accuracy:.0%}" for p in points
        ),
        look="Where are the two lines furthest apart, and do they meet? Where they meet, the frozen backbone was "
        f"worth no more than about {points[0].steps} steps from random weights, on this set.",
        caution=f"{seeds} seeds (other training images each), n = {n} test images, one interval is about ± "
        f"{50 * (points[0].score.high - points[0].score.low):.0f} points wide; {points[0].pixels} px, about "
        f"{points[0].steps} steps per training run in both arms: small runs, not the best that either could "
        "reach.",
        height=430,
    )


def _arm(fig: Figure, arm: str, own: Sequence[CurvePoint], sizes: Sequence[int]) -> None:
    """A mark a seed, and a line through the means of each number of images."""
    name, colour, symbol, dash = ARMS[arm]
    means = {k: float(np.mean([p.score.accuracy for p in own if p.per_class == k])) for k in sizes
             if any(p.per_class == k for p in own)}  # fmt: skip
    fig.add_scatter(
        x=list(means), y=list(means.values()), mode="lines", line={"color": colour, "width": 3, "dash": dash},
        name=f"{name}, mean", legendgroup=arm, hovertemplate="mean %{y:.1%}<extra></extra>",
    )  # fmt: skip
    fig.add_scatter(
        x=[p.per_class for p in own], y=[p.score.accuracy for p in own], mode="markers", name=name, legendgroup=arm,
        showlegend=False, marker={"size": 12, "symbol": symbol, "color": colour, "line": {"width": 1, "color": WHITE}},
        customdata=[[p.seed, 100 * p.score.low, 100 * p.score.high, p.score.n] for p in own],
        hovertemplate="seed %{customdata[0]}: %{y:.1%} (%{customdata[1]:.1f} to %{customdata[2]:.1f}, "
        "n = %{customdata[3]})<extra></extra>",
    )  # fmt: skip

"""Channels of a stage in A, in B, and their difference, one under the other; one channel beside the picture."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from explorer.app.figures.figure import Figure, subplots
from explorer.app.figures.style import SMALL, bare, finish
from explorer.app.figures.tiles import GAP, centres, clickable, picture_words, row_of_tiles
from explorer.looks.features.question import FeatureMaps

COLUMNS = 8  # channels shown side by side
_ROWS = ("A", "B", "B - A")
_LOOK = (
    "Read each column from top to bottom: the same channel before, after, and what fine-tuning added (red) or "
    "removed (blue). Click a channel to see what excites it."
)
_SCALES = "A and B share one scale; the difference has its own, centred on 0."


def feature_maps(maps: FeatureMaps, notes: Sequence[str] = ()) -> Figure:
    """The first eight channels of `maps`: rows A, B (one sequential scale from the lowest to the highest value of both) and
    B - A (diverging, centred on 0). Columns are the same channel throughout; `notes` stand under their numbers."""
    shown = slice(0, COLUMNS)
    a, b, channels = maps.a[shown], maps.b[shown], maps.channels[shown]
    fig = subplots(rows=3, shared_xaxes=True, vertical_spacing=0.03)
    x, y = centres(len(channels), COLUMNS)
    words = [
        f"channel {c}: mean change {maps.change[c]:.3g}, mean strength {maps.strength[c]:.3g}<br>click to open it"
        for c in channels
    ]
    for row, (name, tiles) in enumerate(zip(_ROWS, (a, b, b - a), strict=True), 1):
        z, edges_x, edges_y = row_of_tiles(tiles)
        colours = "coloraxis" if row < 3 else "coloraxis2"
        fig.add_heatmap(
            z=z, x=edges_x, y=edges_y, coloraxis=colours, hoverongaps=False, hoverinfo="skip", row=row, col=1
        )
        clickable(fig, x, y, size=84, data=[[int(c)] for c in channels], words=words, row=row)
        title = {"text": f"<b>{name.replace('-', '−')}</b>"}
        fig.update_yaxes(range=[1, 0], scaleanchor="x", constrain="domain", row=row, col=1, title=title)
    _frame(fig, channels, notes)
    far = _scales(fig, a, b)
    what = f"Feature maps of {len(a)} of {len(maps.change)} channels of {maps.stage} for {picture_words(maps.image)}"
    fig = finish(
        fig,
        alt=f"{what}, in A, in B and B minus A. "
        + (f"The largest change is {far:.3g}." if far else "They are exactly the same."),
        look=_look(maps, far),
        caution=f"This is one picture: what a channel answers to elsewhere it cannot tell. {_SCALES * bool(far)}".strip(),
        height=470 + 22 * bool(notes),
        width=1080,
        top=44 + 22 * bool(notes),
        tiles=True,
    )
    return fig.update_annotations(font={"size": SMALL})  # eight names beside each other


def _letters(fig: Figure) -> None:
    """A beside the upper row, B beside the lower one; square cells."""
    bare(fig)
    fig.update_xaxes(range=[0, COLUMNS * (1 + GAP) - GAP], constrain="domain")
    for row, letter in ((1, "A"), (2, "B")):
        fig.update_yaxes(range=[1, 0], scaleanchor="x" if row == 1 else "x2", constrain="domain", visible=True, ticks="",
                         showticklabels=False, showgrid=False, title={"text": f"<b>{letter}</b>"}, row=row, col=1)  # fmt: skip


def _look(maps: FeatureMaps, far: float) -> str:
    if far:
        return _LOOK
    if maps.change.max() == 0:
        return (
            "The bottom row is exactly 0 in all channels: no stage up to this one was trained, so no activation "
            "can have changed."
        )
    return "The bottom row is exactly 0: these channels respond to this picture as before; others of the stage do not."


def _frame(fig: Figure, channels: np.ndarray, notes: Sequence[str]) -> None:
    """Only the letters at the left and the channels' numbers on top; square cells."""
    bare(fig)
    fig.update_xaxes(range=[0, COLUMNS * (1 + GAP) - GAP], constrain="domain")
    fig.update_yaxes(visible=True, showticklabels=False, showgrid=False, ticks="")
    for i, channel in enumerate(channels):
        lines = [f"channel {channel}", *notes[i : i + 1]]
        fig.add_annotation(
            x=i * (1 + GAP) + 0.5, y=1.0, xref="x", yref="paper", yanchor="bottom", text="<br>".join(lines), showarrow=False,
        )  # fmt: skip


def _scales(fig: Figure, a: np.ndarray, b: np.ndarray, apart: bool = True) -> float:
    """One scale for A and B, and where they are told `apart` one centred on 0 for the difference; returns the largest
    absolute difference, 0 where there is none to show."""
    low, high = float(min(a.min(), b.min())), float(max(a.max(), b.max()))
    bar = {"thickness": 14, "tickfont": {"size": SMALL}}
    both = {"colorscale": "Cividis", "cmin": low, "cmax": high, "colorbar": {**bar, "len": 0.62, "y": 0.68}}
    if not apart:
        fig.update_layout(coloraxis=both | {"colorbar": {**bar, "len": 0.95, "y": 0.5}})
        return 0.0
    far = float(np.abs(b - a).max())
    change = {"colorscale": "RdBu_r", "cmin": -far or -1.0, "cmax": far or 1.0}
    fig.update_layout(coloraxis=both, coloraxis2={**change, "colorbar": {**bar, "len": 0.32, "y": 0.16}})
    return far


def own_maps(a: FeatureMaps, b: FeatureMaps) -> Figure:
    """Channels of two networks that share none: those of `a` in A above those of `b` in B, on one scale, each tile with its
    own number. A click carries the channel and 0 for A's row, 1 for B's."""
    fig = subplots(rows=2, vertical_spacing=0.14)
    rows = (("A", a.a[:COLUMNS], a.channels), ("B", b.b[:COLUMNS], b.channels))
    for row, (letter, tiles, channels) in enumerate(rows, 1):
        z, edges_x, edges_y = row_of_tiles(tiles)
        fig.add_heatmap(
            z=z, x=edges_x, y=edges_y, coloraxis="coloraxis", hoverongaps=False, hoverinfo="skip", row=row, col=1
        )
        x, y = centres(len(tiles), COLUMNS)
        size = np.abs(tiles).mean(axis=(1, 2))
        words = [f"channel {c} of {letter}: mean strength {s:.3g}<br>click to open it"
                 for c, s in zip(channels, size, strict=False)]  # fmt: skip
        data = [[int(c), row - 1] for c in channels[:COLUMNS]]
        clickable(fig, x, y, size=84, data=data, words=words, row=row)
        name: dict[str, Any] = {
            "y": 0,
            "yanchor": "bottom",
            "showarrow": False,
            "row": row,
            "col": 1,
            "font": {"size": SMALL},
        }
        for at, channel in zip(x, channels, strict=False):
            fig.add_annotation(x=at, text=f"channel {channel}", **name)
    _letters(fig)
    _scales(fig, rows[0][1], rows[1][1], apart=False)
    fig = finish(
        fig,
        alt=f"Feature maps of {len(rows[0][1])} of {len(a.change)} channels of {a.stage} for {picture_words(a.image)}: A's own "
        f"strongest above B's own.",
        look="Each row shows one network's own strongest channels: a tile in B does not correspond to the tile "
        "above it. Click a channel to open it.",
        caution="A and B started from different weights, so there is no difference to show. Both rows share one scale.",
        height=360,
        width=1080,
        top=40,
        tiles=True,
    )
    return fig.update_annotations(font={"size": SMALL})  # eight names beside each other


def channel_maps(maps: FeatureMaps) -> Figure:
    """The picture and, of the first channel of `maps`, A and B on one sequential scale and B - A centred on 0, side by side."""
    a, b, channel = maps.a[0], maps.b[0], int(maps.channels[0])
    fig = _beside_picture(maps.picture, {"A": a, "B": b, "B − A": b - a})
    far = _scales(fig, a, b)
    for axis, x, title in (("coloraxis", 1.01, "A, B"), ("coloraxis2", 1.1, "B − A")):
        fig.update_layout(**{axis: {"colorbar": {"len": 0.95, "y": 0.5, "x": x, "title": {"text": title}}}})
    rows, columns = a.shape
    what = f"Channel {channel} of {maps.stage} on {picture_words(maps.image)}: {rows} by {columns} cells in A, in B and B minus A"
    return finish(
        fig,
        alt=f"{what}; mean change {maps.change[channel]:.3g}.",
        look="Where in this picture does the channel respond, and did the place change or only the strength?"
        if far
        else "A and B are the same to the last bit on this picture.",
        caution=f"The map has {rows} × {columns} cells: it shows nothing finer. {_SCALES}",
        height=300,
        width=1080,
        top=36,
    )


def two_channel_maps(a: FeatureMaps, b: FeatureMaps) -> Figure:
    """The picture, A's first channel of `a` and B's first channel of `b`, on one scale: two networks that share no channel."""
    maps, channels = (a.a[0], b.b[0]), (int(a.channels[0]), int(b.channels[0]))
    titles = [f"channel {c} of {letter}" for c, letter in zip(channels, "AB", strict=True)]
    fig = _beside_picture(a.picture, dict(zip(titles, maps, strict=True)))
    _scales(fig, *maps, apart=False)
    rows, columns = maps[0].shape
    return finish(
        fig,
        alt=f"{titles[0]} and {titles[1]} at {a.stage} on {picture_words(a.image)}: {rows} by {columns} cells each.",
        look="Where in this picture does each channel respond? These are two channels of two networks, not one "
        "channel before and after.",
        caution=f"The maps have {rows} × {columns} cells: they show nothing finer. Both share one scale.",
        height=300,
        width=1080,
        top=36,
    )


def _beside_picture(picture: np.ndarray, maps: dict[str, np.ndarray]) -> Figure:
    """The picture, then maps over its whole side with their titles; the third one on a scale of its own."""
    fig = subplots(cols=1 + len(maps), titles=("the picture", *maps), horizontal_spacing=0.015)
    fig.add_image(z=picture, hoverinfo="skip", row=1, col=1)
    height, width = picture.shape[:2]
    for column, tile in enumerate(maps.values(), 2):
        dx, dy = width / tile.shape[1], height / tile.shape[0]
        fig.add_heatmap(
            z=tile, x0=dx / 2 - 0.5, dx=dx, y0=dy / 2 - 0.5, dy=dy, row=1, col=column,
            coloraxis="coloraxis" if column < 4 else "coloraxis2", hovertemplate="%{z:.4g}<extra></extra>",
        )  # fmt: skip
    bare(fig)
    for column in range(1, len(maps) + 2):
        anchor = f"x{column}" if column > 1 else "x"
        fig.update_xaxes(range=[-0.5, width - 0.5], constrain="domain", row=1, col=column)
        fig.update_yaxes(range=[height - 0.5, -0.5], scaleanchor=anchor, constrain="domain", row=1, col=column)
    return fig

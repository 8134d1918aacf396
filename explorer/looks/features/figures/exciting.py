"""The held-out images that excite a channel most, in A above those in B, with the place outlined."""

from dataclasses import dataclass

import numpy as np

from explorer.app.figures.figure import Figure, subplots
from explorer.app.figures.style import SMALL, bare, finish, named
from explorer.app.figures.tiles import GAP, clickable
from explorer.jpeg import jpeg_address
from explorer.looks.features.question import StageExcitement
from explorer.palette import BLACK, WHITE

SHOWN = 9
FINE = 88  # quality of the pictures, which are shown large
_STEP, _FOOT = 1 + GAP, 0.62  # a tile with its gap; the words under a row, in tiles


@dataclass(frozen=True)
class Top:
    """One network's row: test image numbers `images` (t,), their `pictures` (t, h, w, 3) uint8 and class `names`, the highest
    activation in each (t,), the rank that each has in the other network (t,), and `boxes` (t, 4): left, top, right,
    bottom of the place, as shares of the picture."""

    images: np.ndarray
    pictures: np.ndarray
    names: tuple[str, ...]
    values: np.ndarray
    elsewhere: np.ndarray
    boxes: np.ndarray


def boxes(stage: StageExcitement, places: np.ndarray, size: int, shown: float) -> np.ndarray:
    """Where cells (t,) of a stage's grid lie in pictures, (t, 4) left, top, right, bottom as shares of a side.

    The receptive field of the cell, cut at the border of the input; where that field is the whole input, the cell's own
    share of the grid. The input is `size` pixels a side and the middle `shown` of the picture.
    """
    low, high = (edge / size for edge in stage.sight)
    found = np.empty((len(places), 4))
    for edge, (which, count) in enumerate(
        ((places % stage.columns, stage.columns), (places // stage.columns, stage.rows))
    ):
        centre, edges = stage.cells.centres(count)[which], stage.cells.edges(count)
        first, last = (edges[which], edges[which + 1]) if low == high else (centre + low, centre + high)
        for column, share in ((edge, first), (edge + 2, last)):
            found[:, column] = (1 - shown) / 2 + shown * np.clip(share, 0, 1)
    return found


def exciting(a: Top, b: Top, channel: int, stage: str, n: int, box: str) -> Figure:
    """Two rows of pictures, A's above B's, strongest first; under each its class and the rank it has in the other network.

    `n` images were looked at; `box` says what the outline is.
    """
    fig = subplots()
    for row, (letter, other, top) in enumerate((("A", "B", a), ("B", "A", b))):
        y = row * (1 + _FOOT)
        _pictures(fig, top, y)
        _outlines(fig, top, y)
        x = [i * _STEP + 0.5 for i in range(len(top.images))]
        words = [
            f"image {i}, {named(name)}: {value:.3g} in {letter}, rank {rank} of {n} in {other}<br>click to choose it"
            for i, name, value, rank in zip(top.images, top.names, top.values, top.elsewhere, strict=True)
        ]
        clickable(fig, x, [y + 0.5] * len(x), size=84, data=[[int(i)] for i in top.images], words=words)
        for i, at in enumerate(x):
            text = f"{_short(top.names[i])}<br>{other}: {_ordinal(int(top.elsewhere[i]))}"
            fig.add_annotation(x=at, y=y + 1.02, yanchor="top", text=text, showarrow=False, xref="x", yref="y")
        fig.add_annotation(
            x=-0.06, y=y + 0.5, xanchor="right", text=f"<b>{letter}</b>", showarrow=False, xref="x", yref="y"
        )
    bare(fig)
    fig.update_xaxes(range=[-0.3, SHOWN * _STEP - GAP], constrain="domain")
    fig.update_yaxes(range=[2 + 2 * _FOOT, 0], scaleanchor="x", constrain="domain")
    both = len(set(a.images.tolist()) & set(b.images.tolist()))
    finish(
        fig,
        alt=f"The {len(a.images)} test images that excite channel {channel} of {stage} most in A and the {len(b.images)} in B, "
        f"of {n}; {both} are in both rows.",
        look="Do both rows show the same kind of pattern? Under each picture are its class and its rank in the "
        "other network. Click a picture to choose it on every page.",
        caution=f"The strongest few of {n} images show what drives a channel hardest, not everything it responds to. {box}",
        height=400,
        width=1080,
        top=8,
        tiles=True,
    )
    return fig.update_annotations(font={"size": SMALL})


def _pictures(fig: Figure, top: Top, y: float) -> None:
    for i, picture in enumerate(top.pictures):
        fig.add_layout_image(
            source=jpeg_address(picture, FINE), x=i * _STEP, y=y, sizex=1, sizey=1, xref="x", yref="y", sizing="stretch",
            layer="below",
        )  # fmt: skip


def _outlines(fig: Figure, top: Top, y: float) -> None:
    """White on black, to be seen on any picture."""
    x, up = [], []
    for i, (left, high, right, low) in enumerate(top.boxes.tolist()):
        x += [round(i * _STEP + share, 4) for share in (left, right, right, left, left)] + [None]
        up += [round(y + share, 4) for share in (high, high, low, low, high)] + [None]
    for width, colour in ((5, BLACK), (2, WHITE)):
        fig.add_scatter(
            x=x, y=up, mode="lines", line={"width": width, "color": colour}, hoverinfo="skip", showlegend=False
        )


def _short(name: str) -> str:
    return named(name if len(name) <= 12 else name[:11] + "…")


def _ordinal(rank: int) -> str:
    end = "th" if 10 <= rank % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(rank % 10, "th")
    return f"{rank}{end}"

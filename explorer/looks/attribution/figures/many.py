"""Where A and B look in many pictures: pairs of maps on one scale, to click."""

import numpy as np

from explorer.app.figures.figure import Figure
from explorer.app.figures.style import SMALL, bare, finish, named
from explorer.catalogue import ATTRIBUTIONS
from explorer.cells import Cells
from explorer.evidence import share_words
from explorer.jpeg import jpeg_address
from explorer.looks.attribution.figures.maps import MapStyle, asked, evidence, grey
from explorer.looks.attribution.question.maps import Attributions
from explorer.palette import WHITE

PAIRS = 4  # side by side
TILE, FINEST = 112, 32  # the most pixels of a picture, and the most cells of a map, on the side of a tile
_GAP, _APART, _TITLE = 0.04, 0.18, 0.26  # in tiles: between A and B, between pairs, above a row for its words


def attributions(found: Attributions, opacity: float = 0.75, shown: MapStyle = MapStyle()) -> Figure:  # noqa: B008  (a frozen value, safe as a default)
    """Four pairs a row: A on the left, B on the right of each, all maps on one scale; a click gives the image's number."""
    a, b = (np.stack([shown.of(coarse(heat)) for heat in maps]) for maps in (found.a, found.b))
    far = float(max(np.abs(a).max(), np.abs(b).max())) or 1.0
    fig = Figure()
    places = [place(i) for i in range(len(found.images))]
    for i, (x, y) in enumerate(places):
        address = jpeg_address(grey(_small(found.pictures[i])))
        for left in (x, x + 1 + _GAP):
            fig.add_layout_image(
                source=address, x=left, y=y, sizex=1, sizey=1, xref="x", yref="y", layer="below", sizing="stretch"
            )
        words = f"#{found.images[i]}   {share_words(found.probability_a[i])} → {share_words(found.probability_b[i])}"
        fig.add_annotation(x=x + 1, y=y, yanchor="bottom", text=words, showarrow=False, xref="x", yref="y")
    for row in range(0, len(places), PAIRS):
        some = slice(row, row + PAIRS)
        _row(
            fig,
            (a[some], _edges(found.a, found.cells_a)),
            (b[some], _edges(found.b, found.cells_b)),
            places[row][1],
            opacity,
        )
    _targets(fig, found, places)
    fig.update_layout(coloraxis=evidence(found.method, far, shown))
    rows = -(-len(places) // PAIRS)
    bare(fig)
    fig.update_xaxes(range=[-0.02, PAIRS * (2 + _GAP + _APART) - _APART + 0.02], constrain="domain")
    fig.update_yaxes(range=[rows * (1 + _TITLE) - _TITLE + 0.02, -_TITLE], scaleanchor="x", constraintoward="top")
    return _words(fig, found, shown, rows)


def _words(fig: Figure, found: Attributions, shown: MapStyle, rows: int) -> Figure:
    n = len(found.images)
    more = int((found.probability_b > found.probability_a).sum())
    finish(
        fig,
        alt=f"{ATTRIBUTIONS[found.method].title} for {asked(found)} on {n} test images, A beside B. "
        f"B gives the class more than A on {more} of them.",
        look="Each pair is one picture: A on the left, B on the right, above them the class's probability in A → in "
        "B. Do the pairs share a pattern? Click one to see it in detail.",
        caution=("Each map has its own scale. " if shown.normalised else f"One scale for all {2 * n} maps. ")
        + "These pictures were chosen: they do not represent the test set.",
        height=30 + 158 * rows,
        width=1160,
        top=10,
        tiles=True,
    )
    return fig.update_annotations(font={"size": SMALL})


def place(i: int) -> tuple[float, float]:
    """Where the i-th pair begins, (x, y) in tiles; y runs downwards."""
    return (i % PAIRS) * (2 + _GAP + _APART), (i // PAIRS) * (1 + _TITLE)


Maps = tuple[np.ndarray, list[np.ndarray]]


def _row(fig: Figure, a: Maps, b: Maps, y: float, opacity: float) -> None:
    """The maps of up to four pairs, each with where its cells begin and end, downwards and across."""
    for k, (maps, (down, across)) in enumerate((a, b)):
        blank = np.full((maps.shape[1], 1), np.nan, np.float32)
        parts: list[np.ndarray] = []
        edges: list[float] = []
        for i, heat in enumerate(maps):
            parts += [heat.astype(np.float32), blank]
            edges += (place(i)[0] + k * (1 + _GAP) + across).round(4).tolist()
        fig.add_heatmap(
            z=np.concatenate(parts[:-1], axis=1), x=edges, y=(y + down).round(4).tolist(),
            coloraxis="coloraxis", opacity=opacity, hoverinfo="skip", hoverongaps=False,
        )  # fmt: skip


def _edges(maps: np.ndarray, cells: Cells) -> list[np.ndarray]:
    """Where the cells of `coarse` maps (n, h, w) begin and end, downwards and across, in shares of the picture's side."""
    return [cells.edges(count)[[*_starts(count), count]] for count in maps.shape[1:]]


def _targets(fig: Figure, found: Attributions, places: list[tuple[float, float]]) -> None:
    """Invisible marks over the tiles: heat maps tell nobody of a click."""
    centres = [(x + half, y + 0.5, i) for i, (x, y) in enumerate(places) for half in (0.5, 1.5 + _GAP)]
    fig.add_scatter(
        x=[c[0] for c in centres], y=[c[1] for c in centres], mode="markers",
        marker={"symbol": "square", "size": 110, "opacity": 0, "color": WHITE}, showlegend=False,
        customdata=[[int(found.images[i]), named(found.classes[found.labels[i]])] for _, _, i in centres],
        hovertemplate="image %{customdata[0]}: %{customdata[1]}<extra></extra>",
    )  # fmt: skip


def _small(picture: np.ndarray) -> np.ndarray:
    """A picture of at most TILE pixels a side, by leaving pixels out."""
    step = -(-max(picture.shape[:2]) // TILE)
    return picture[::step, ::step]


def coarse(heat: np.ndarray) -> np.ndarray:
    """A map of at most FINEST cells a side: means of blocks."""
    for axis in (0, 1):
        starts = _starts(heat.shape[axis])
        sizes = np.diff([*starts, heat.shape[axis]])
        heat = np.add.reduceat(heat, starts, axis=axis) / np.expand_dims(sizes, 1 - axis)
    return heat


def _starts(count: int) -> np.ndarray:
    """The first cell of each of at most FINEST blocks of `count` cells."""
    blocks = min(count, FINEST)
    return np.arange(blocks) * count // blocks

"""Small pictures side by side, in units of one tile; and invisible marks over them, since maps take no clicks."""

from collections.abc import Sequence

import numpy as np

from explorer.app.figures.figure import Figure

GAP = 0.07


def row_of_tiles(maps: np.ndarray) -> tuple[np.ndarray, list[float], list[float]]:
    """Maps (c, h, w) side by side with an empty column between them: cells (h, c·(w + 1) - 1) and the edges of the
    columns and rows, in tiles (a tile is 1 wide and 1 high, a gap GAP wide)."""
    c, h, w = maps.shape
    wide = np.full((h, c * (w + 1) - 1), np.nan, np.float32)
    x: list[float] = []
    for i, tile in enumerate(maps):
        wide[:, i * (w + 1) : i * (w + 1) + w] = tile
        x += [round(i * (1 + GAP) + j / w, 4) for j in range(w + 1)]
    return wide, x, [round(j / h, 4) for j in range(h + 1)]


def block_of_tiles(maps: np.ndarray, across: int) -> tuple[np.ndarray, list[float], list[float]]:
    """The same in rows of `across` tiles, an empty row of cells between them."""
    c, h, w = maps.shape
    down = -(-c // across)
    x = row_of_tiles(maps[:1].repeat(across, axis=0))[1]
    y = [round(i * (1 + GAP) + j / h, 4) for i in range(down) for j in range(h + 1)]
    high = np.full((down * (h + 1) - 1, across * (w + 1) - 1), np.nan, np.float32)
    for i, tile in enumerate(maps):
        row, column = divmod(i, across)
        high[row * (h + 1) : row * (h + 1) + h, column * (w + 1) : column * (w + 1) + w] = tile
    return high, x, y


def centres(count: int, across: int) -> tuple[list[float], list[float]]:
    """Where the middles of `count` tiles lie, x and y."""
    places = [divmod(i, across) for i in range(count)]
    step = 1 + GAP
    return [round(c * step + 0.5, 4) for _, c in places], [round(r * step + 0.5, 4) for r, _ in places]


def clickable(
    fig: Figure, x: Sequence[float], y: Sequence[float], *, size: int, data: list[list[int]], words: list[str],
    row: int = 1, col: int = 1,
) -> None:  # fmt: skip
    """Invisible squares of `size` pixels that take the click and carry `data`; `words` appear under the pointer."""
    fig.add_scatter(
        x=list(x),
        y=list(y),
        mode="markers",
        marker={"symbol": "square", "size": size, "opacity": 0},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        customdata=data,
        hovertext=words,
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
        row=row,
        col=col,
    )


def picture_words(image: int | str) -> str:
    """What is looked at, e.g. `test image 5`."""
    return f"test image {image}" if isinstance(image, int) else "your own picture"

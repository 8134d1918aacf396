"""Does the network depend on what a map marks? Deletion and insertion curves; and is it where the object is?"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.cells import Cells
from explorer.looks.attribution.compute.baselines import blurred
from explorer.models.network import Network
from explorer.models.predicting import probabilities, probabilities_of
from explorer.progress import ProgressCallback, silent

CELLS, STEPS = 16, 20
TOGETHER = 32  # pictures that the network takes at once


@dataclass(frozen=True)
class Curves:
    """The probability of the class as cells go (`deletion`) or come (`insertion`) in each of o orders, (o, s + 1) each;
    `share` (s + 1,) from 0 to 1 is the share of the picture's cells so far."""

    share: np.ndarray
    deletion: np.ndarray
    insertion: np.ndarray


def curves(
    network: Network, x: Tensor, orders: np.ndarray, target: int, steps: int = STEPS, report: ProgressCallback = silent
) -> Curves:
    """Deletion and insertion of one image `x` (1, 3, h, w) along `orders` (o, cells) of the cells of `in_cells`.

    A deleted cell becomes mean grey; insertion begins with the blurred picture (Petsiuk, Das & Saenko 2018,
    arXiv 1806.07421, in 16 × 16 cells in place of pixels and `steps` steps).
    """
    high, wide = _grid_of(x)
    done = np.linspace(0, 1, steps + 1)
    gone = np.argsort(orders, axis=1)[:, None] < np.rint(done[1:-1] * high * wide)[:, None]  # (o, s - 1, cells)
    cells = torch.from_numpy(gone).reshape(-1, 1, high, wide)
    ways = {"deletion": (x, torch.zeros_like(x)), "insertion": (blurred(x), x)}
    found = {}
    for i, (name, (start, end)) in enumerate(ways.items()):
        first, last = probabilities(network, torch.cat([start, end]))[:, target]  # the same in every order
        between = _between(start, end, cells, report, i / 2, f"{name.capitalize()}, step by step")
        said = np.concatenate([part[:, target] for part in probabilities_of(network, between)])
        found[name] = np.pad(said.reshape(len(orders), -1), ((0, 0), (1, 1)))
        found[name][:, 0], found[name][:, -1] = first, last
    return Curves(done, **found)


def _between(
    start: Tensor, end: Tensor, cells: Tensor, report: ProgressCallback, begun: float, words: str
) -> Iterator[Tensor]:
    """The picture `start` with those of its `cells` (m, 1, rows, columns) that are set as in `end`, TOGETHER at a time."""
    for k, some in enumerate(cells.split(TOGETHER)):
        report(begun + k * TOGETHER / len(cells) / 2, words)
        yield torch.where(F.interpolate(some.float(), start.shape[2:]).bool(), end, start)


def _grid_of(x: Tensor) -> tuple[int, int]:
    high, wide = (min(CELLS, side) for side in x.shape[2:])
    return high, wide


def in_cells(heat: np.ndarray, cells: Cells, x: Tensor) -> np.ndarray:
    """A map (h', w') of the image `x` (1, 3, h, w) on the squares that come and go: 16 × 16, or every pixel of a smaller one."""
    fine = torch.from_numpy(on_picture(heat, cells, *x.shape[2:]))
    return F.adaptive_avg_pool2d(fine[None], _grid_of(x))[0].numpy()


def on_picture(heat: np.ndarray, cells: Cells, high: int, wide: int) -> np.ndarray:
    """A map (h', w') at the pixels of its picture, (high, wide) float32: linear between the centres of its cells, and beyond the
    outermost as at them."""
    rows, columns = (_weights(cells, *sides) for sides in zip(heat.shape, (high, wide), strict=True))
    return (rows @ heat @ columns.T).astype(np.float32)


def _weights(cells: Cells, count: int, pixels: int) -> np.ndarray:
    """How much each of `count` cells is worth at each pixel of a side, (pixels, count), rows adding up to 1."""
    places = (np.arange(pixels) + 0.5) / pixels
    centres = cells.centres(count)
    return np.stack([np.interp(places, centres, one) for one in np.eye(count)], axis=1)


def inside(heat: np.ndarray, cells: Cells, mask: np.ndarray) -> tuple[float, bool]:
    """How much of a map (h', w') lies on an object, `mask` (h, w) bool: the share of its positive evidence, NaN where there
    is none; and whether the centre of its strongest cell does (the pointing game of Zhang et al. 2016, arXiv 1608.00507,
    without the 15 pixels that they allow beside the object). For the share the map is interpolated to the pixels."""
    positive = on_picture(heat, cells, *mask.shape).clip(min=0)
    total = float(positive.sum(dtype=np.float64))
    share = float(positive[mask].sum(dtype=np.float64)) / total if total > 0 else float("nan")
    return share, bool(mask[strongest(heat, cells, *mask.shape)])


def strongest(heat: np.ndarray, cells: Cells, high: int, wide: int) -> tuple[int, int]:
    """The pixel (row, column) of a picture (high, wide) at the centre of a map's strongest cell, the first of equals."""
    at = np.unravel_index(int(heat.argmax()), heat.shape)
    row, column = (
        min(max(int((cells.first + cells.step * i) * side), 0), side - 1)
        for i, side in zip(at, (high, wide), strict=True)
    )
    return row, column

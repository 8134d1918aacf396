"""Does the network depend on what a map marks? Deletion and insertion curves; and is it where the object is?"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from explorer.engine.attribution.asking import probabilities
from explorer.engine.attribution.baselines import blurred
from explorer.engine.backbones import Network

CELLS, STEPS = 16, 20
TOGETHER = 32  # pictures that the network takes at once

Report = Callable[[float, str], None]


def _silent(done: float, words: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Curves:
    """The probability of the class as cells go (`deletion`) or come (`insertion`) in each of o orders, (o, s + 1) each;
    `share` (s + 1,) from 0 to 1 is the share of the picture's cells so far."""

    share: np.ndarray
    deletion: np.ndarray
    insertion: np.ndarray


def curves(
    network: Network, x: Tensor, orders: np.ndarray, target: int, steps: int = STEPS, report: Report = _silent
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
        parts = []
        for k, some in enumerate(cells.split(TOGETHER)):
            report((i + k * TOGETHER / len(cells)) / 2, f"{name.capitalize()}, step by step")
            inside = F.interpolate(some.float(), x.shape[2:]).bool()
            parts.append(probabilities(network, torch.where(inside, end, start))[:, target])
        found[name] = np.pad(np.concatenate(parts).reshape(len(orders), -1), ((0, 0), (1, 1)))
        found[name][:, 0], found[name][:, -1] = first, last
    return Curves(done, **found)


def _grid_of(x: Tensor) -> tuple[int, int]:
    high, wide = (min(CELLS, side) for side in x.shape[2:])
    return high, wide


def in_cells(heat: np.ndarray, x: Tensor) -> np.ndarray:
    """A map (h', w') of the image `x` (1, 3, h, w) on the cells that come and go: 16 × 16, or the pixels where they are fewer."""
    return on_grid(heat, *_grid_of(x))


def on_grid(heat: np.ndarray, high: int, wide: int) -> np.ndarray:
    """A map (h', w') on another grid, (high, wide): averaged where it is finer, interpolated where it is coarser."""
    maps = torch.from_numpy(np.ascontiguousarray(heat, np.float32))[None, None]
    if heat.shape[0] >= high and heat.shape[1] >= wide:
        return F.adaptive_avg_pool2d(maps, (high, wide))[0, 0].numpy()
    return F.interpolate(maps, (high, wide), mode="bilinear", align_corners=False)[0, 0].numpy()


def inside(heat: np.ndarray, mask: np.ndarray) -> tuple[float, bool]:
    """How much of a map (h', w') lies on an object, `mask` (h, w) bool: the share of its positive evidence, NaN where there
    is none; and whether its strongest point does (the pointing game of Zhang et al. 2016, arXiv 1608.00507, without the
    15 pixels that they allow beside the object). The map is interpolated to the picture's pixels first."""
    fine = on_grid(heat, *mask.shape)
    positive = fine.clip(min=0)
    total = float(positive.sum(dtype=np.float64))
    share = float(positive[mask].sum(dtype=np.float64)) / total if total > 0 else float("nan")
    return share, bool(mask.flat[int(fine.argmax())])

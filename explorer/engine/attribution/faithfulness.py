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

CELLS, STEPS, ORDERS = 16, 20, 5
TOGETHER = 32  # pictures that the network takes at once

Report = Callable[[float, str], None]


def _silent(done: float, words: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Curves:
    """The probability of the class as cells go (`deletion`) or come (`insertion`) in the order of the map, (s + 1,) each,
    and in random orders, (o, s + 1) each; `share` (s + 1,) from 0 to 1 is the share of the picture's cells so far."""

    share: np.ndarray
    deletion: np.ndarray
    insertion: np.ndarray
    random_deletion: np.ndarray
    random_insertion: np.ndarray


def curves(
    network: Network, x: Tensor, heat: np.ndarray, target: int, orders: int = ORDERS, report: Report = _silent
) -> Curves:
    """Deletion and insertion along a map `heat` (h', w') of one image `x` (1, 3, h, w), beside `orders` random orders.

    The picture is cut into 16 × 16 cells; the map's strongest first, 20 steps. A deleted cell becomes mean grey; insertion
    begins with the blurred picture (Petsiuk, Das & Saenko 2018, arXiv 1806.07421, in cells in place of pixels). Ties, as in a
    map coarser than the cells, go by an interpolated map, then from top to bottom. Random orders are seeded.
    """
    high, wide = (min(CELLS, side) for side in x.shape[2:])
    ranked = np.argsort(-on_grid(heat, high, wide).ravel(), kind="stable")
    drawn = np.random.default_rng(0)
    many = np.stack([ranked, *(drawn.permutation(high * wide) for _ in range(orders))])
    done = np.linspace(0, 1, STEPS + 1)
    gone = np.argsort(many, axis=1)[:, None] < np.rint(done * high * wide)[:, None]  # (1 + o, s + 1, cells)
    cells = torch.from_numpy(gone).reshape(-1, 1, high, wide)
    ways = {"deletion": (x, torch.zeros_like(x)), "insertion": (blurred(x), x)}
    found = {}
    for i, (name, (start, end)) in enumerate(ways.items()):
        steps = []
        for k, some in enumerate(cells.split(TOGETHER)):
            report((i + k * TOGETHER / len(cells)) / 2, f"{name.capitalize()}, step by step")
            inside = F.interpolate(some.float(), x.shape[2:]).bool()
            steps.append(probabilities(network, torch.where(inside, end, start))[:, target])
        found[name] = np.concatenate(steps).reshape(1 + orders, -1)
    deletion, insertion = found["deletion"], found["insertion"]
    return Curves(done, deletion[0], insertion[0], deletion[1:], insertion[1:])


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

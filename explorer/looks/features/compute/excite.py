"""The images that excite each channel most, and where in them."""

from collections.abc import Iterable
from dataclasses import dataclass
from operator import length_hint

import numpy as np
import torch
from scipy.stats import rankdata
from torch import Tensor

from explorer.models.lending import lend
from explorer.models.network import Network
from explorer.models.pooling import grid
from explorer.models.spare_card import sent
from explorer.progress import FractionCallback


@dataclass(frozen=True)
class Peaks:
    """A stage's answers to n images: the highest `value` (n, c) of each channel's map, its `place` (n, c) as row · w + column
    on the grid (`rows`, `columns`); `same` where A and B have the same weights up to here, to the last bit."""

    value: np.ndarray
    place: np.ndarray
    rows: int
    columns: int
    same: bool


def excite(
    a: Network, b: Network, batches: Iterable[Tensor], progress: FractionCallback | None = None
) -> dict[str, tuple[Peaks, Peaks]]:
    """Per stage, input first, how A and B answer to the same images; `batches` of inputs (n, 3, h, w).

    Stages from the input on whose weights are bitwise equal in A and B are computed once: their answers cannot differ.
    `progress` is called with the share done, in (0, 1]; what it raises stops the work.
    """
    shared = a.shared(b)
    found: dict[str, list[list[tuple[Tensor, Tensor]]]] = {name: [[], []] for name in a.row.stage_names}
    size: dict[str, tuple[int, int]] = {}
    total = length_hint(batches)
    with lend(a), lend(b), torch.inference_mode():
        for i, batch in enumerate(batches, 1):
            x = y = sent(a, batch)
            for name, parts in found.items():
                x, y = a.stages[name](x), None if name in shared else b.stages[name](y)
                y = x if y is None else y
                for part, out in zip(parts, (x, y), strict=True):
                    laid = grid(out).float()
                    size[name] = (laid.shape[2], laid.shape[3])
                    part.append(tuple(laid.flatten(2).max(dim=2)))  # type: ignore[arg-type]
            if progress and total:
                progress(i / total)
    return {
        name: (_peaks(parts[0], size[name], name in shared), _peaks(parts[1], size[name], name in shared))
        for name, parts in found.items()
    }


def _peaks(parts: list[tuple[Tensor, Tensor]], size: tuple[int, int], same: bool) -> Peaks:
    value, place = (torch.cat(kind).cpu().numpy() for kind in zip(*parts, strict=True))
    return Peaks(value, place.astype(np.int32), *size, same)


def spread(labels: np.ndarray, most: int) -> np.ndarray:
    """At most `most` image numbers, rising, as many of each class as there are: the first of every class, then the second, …"""
    turn = np.zeros(len(labels), np.int64)
    for k in np.unique(labels):
        turn[labels == k] = np.arange(int((labels == k).sum()))
    return np.sort(np.lexsort((labels, turn))[:most])


def ranks_elsewhere(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The rank, from 1, that each channel's images `rows` (c, t) have among its `values` (n, c); equal values share the best."""
    mine = np.take_along_axis(values, rows.T, axis=0)
    return np.stack([1 + (values > row).sum(axis=0) for row in mine], axis=1)


def rank_correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation of each column of `a`, `b` (n, c): (c,) in [-1, 1], NaN where a column is constant."""
    x, y = (rankdata(values, axis=0) for values in (a, b))
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    size = np.sqrt((x * x).sum(axis=0) * (y * y).sum(axis=0))
    return np.divide((x * y).sum(axis=0), size, out=np.full(size.shape, np.nan), where=size > 0).clip(-1, 1)

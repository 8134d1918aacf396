"""Near-copies in a set: found by features and a small picture, told by what is left when one is laid on the other.

No fixed threshold serves photographs and X-rays alike. So pictures of the set are copied on purpose, and a pair counts as copies
where the two lie about as near to each other as a picture and its own copies do, and nearer than different pictures come.
"""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from explorer.data.images import Images
from explorer.data.near_copies.registration import distances
from explorer.data.near_copies.small import SIDE, looked_at
from explorer.data.splits import pick
from explorer.progress import FractionCallback, silent

MADE_OF = 32  # pictures that copies are made of
NEAREST = 6  # candidates that are looked at more closely, a picture: by features, and by small pictures
SLACK = 1.25
"""How much farther than copies made on purpose a candidate may lie in features and small pictures."""
REACH = 0.95
"""The share of copies made on purpose that the threshold lets through, at least."""
WIDEN = 1.6
"""How much wider than that the threshold is where no different picture comes near: copies may be worse than those made."""
SURE, FAR = 0.75, 2.0
"""Where different pictures begin less than FAR times the threshold away, pairs are beyond doubt that lie as near as this share of
the copies made on purpose: of 1,500 garments of 28 pixels (Fashion-MNIST), which are hard to tell apart, two pairs do."""
SMALL, HASH = 16, 8
BLOCK = 1024


def _saved_again(picture: Image.Image, dice: np.random.Generator) -> Image.Image:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=int(dice.integers(50, 76)))
    return Image.open(buffer).convert("RGB")


def _halved(picture: Image.Image, dice: np.random.Generator) -> Image.Image:
    size = max(8, picture.width // 2), max(8, picture.height // 2)
    return picture.resize(size, Image.Resampling.BICUBIC)


def _cropped(picture: Image.Image, dice: np.random.Generator) -> Image.Image:
    width, height = (max(1, round(side * 0.94)) for side in picture.size)
    left, top = dice.integers(0, picture.width - width + 1), dice.integers(0, picture.height - height + 1)
    return picture.crop((int(left), int(top), int(left) + width, int(top) + height))


def _turned(picture: Image.Image, dice: np.random.Generator) -> Image.Image:
    return picture.rotate(float(dice.choice([-3.5, 3.5])), Image.Resampling.BICUBIC)


def _mirrored(picture: Image.Image, dice: np.random.Generator) -> Image.Image:
    return picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


WAYS: dict[str, Callable[[Image.Image, np.random.Generator], Image.Image]] = {
    "saved again": _saved_again,
    "halved": _halved,
    "cropped": _cropped,
    "turned": _turned,
    "mirrored": _mirrored,
}
"""How a picture is copied on purpose, each a little worse than what is to be found."""


def on_purpose(images: Images, most: int) -> Iterator[tuple[int, Image.Image]]:
    """(the place of a picture, a copy of it): of up to `most` pictures of a set, each in all WAYS."""
    dice = np.random.default_rng(0)
    for i in pick(images, min(most, len(images)), "copies")[:most].tolist():
        picture = looked_at(images, i)
        yield from ((i, way(picture, dice)) for way in WAYS.values())


@dataclass(frozen=True)
class MadeCopies:
    """Copies made on purpose: `of` (q,) which picture each is of, `small` (q, 32, 32, 3) uint8 and `features` (q, d); of no
    columns where pictures are told by their small ones alone."""

    of: np.ndarray
    small: np.ndarray
    features: np.ndarray


@dataclass(frozen=True)
class Pairs:
    """The near-copies: `pairs` (p, 2) places, rising within a pair; `distance` (p,) in grey levels, rising; `threshold`;
    `strangers`, where different pictures begin (inf where none came near); of `tried` copies made on purpose `recovered`
    count; next to no two different pictures lie nearer than `sure`."""

    pairs: np.ndarray
    distance: np.ndarray
    threshold: float
    strangers: float
    tried: int
    recovered: int
    sure: float = 0.0


def near_copies(
    small: np.ndarray,
    features: np.ndarray,
    made: MadeCopies,
    progress: FractionCallback = silent,
    sides: np.ndarray | None = None,
) -> Pairs:
    """The near-copies among n pictures, from `small` (n, 32, 32, 3) uint8 (see `small.squeezed`) and `features` (n, d); where
    `sides` (n,) are told, only those of pictures on two."""
    own = np.stack([made.of, np.arange(len(made.of))], axis=1)
    of_own = _Near(small, features, made.small, made.features)
    limits = tuple(SLACK * float(np.max(of_own.distances(own, how), initial=0.0)) for how in ("hash", "features"))
    closer = of_own.coarse(own)
    near = _Near(small, features, small, features)
    candidates = near.within(limits[0], limits[1], sides)
    coarse = near.coarse(candidates, lambda share: progress(0.8 * share))
    kept = coarse <= SLACK * closer.max(initial=0.0)
    apart = coarse.copy()
    apart[kept] = near.fine(candidates[kept], lambda share: progress(0.8 + 0.2 * share))
    threshold, strangers = cut(own_distance := of_own.fine(own), apart, candidates)
    close = np.flatnonzero(kept & (apart <= threshold))
    close = close[np.argsort(apart[close], kind="stable")]
    found = int((own_distance <= threshold).sum())
    sure = threshold if strangers >= FAR * threshold else float(np.quantile(own_distance, SURE))
    return Pairs(candidates[close], apart[close], threshold, strangers, len(own), found, sure)


def cut(own: np.ndarray, others: np.ndarray, pairs: np.ndarray) -> tuple[float, float]:
    """(the threshold, where different pictures begin), from distances of copies made on purpose, and of candidates `pairs`
    (m, 2), `others` (m,).

    The threshold lets REACH of the former through. It is WIDEN times that where next to no candidate lies just beyond, so that
    copies worse than those made are found and no different picture is. Different pictures begin at the 1 % quantile of what
    lies beyond it. What hangs together by pairs a SLACK farther than that is no different picture: two copies of one picture lie
    farther from each other than from it.
    """
    reach = float(np.quantile(own, REACH)) if len(own) else 0.0
    strange = others[np.logical_and(others > reach, np.logical_not(linked(pairs, others <= SLACK * reach)))]
    beyond = np.count_nonzero(strange <= 1.25 * WIDEN * reach)
    threshold = reach * WIDEN if beyond <= 0.05 * np.count_nonzero(others <= reach) else reach
    strange = strange[strange > threshold]
    return threshold, float(np.quantile(strange, 0.01)) if len(strange) else float("inf")


def linked(pairs: np.ndarray, close: np.ndarray) -> np.ndarray:
    """(m,) bool: whether the pictures of each of the pairs (m, 2) hang together by pairs that are `close` (m,) bool."""
    n = int(pairs.max(initial=-1)) + 1
    i, j = pairs[close].T
    graph = coo_array((np.ones(len(i)), (i, j)), shape=(n, n))
    part = connected_components(graph, directed=False)[1] if n else np.zeros(0, np.int64)
    return part[pairs[:, 0]] == part[pairs[:, 1]]


class _Near:
    """Distances between pictures of one row and of another (which may be the same)."""

    def __init__(self, one: np.ndarray, features: np.ndarray, two: np.ndarray, others: np.ndarray) -> None:
        middle = features.mean(axis=0)
        self.features = tuple(_unit(x - middle) for x in (features, others))
        self.small = one, two
        self._blocks: dict[int, tuple[np.ndarray, ...]] = {}
        here = _blocks(one, HASH)
        there = here if two is one else _blocks(two, HASH)
        self.hashes = here.reshape(len(one), -1), there.reshape(len(two), -1)
        self.mirrored = there[:, :, ::-1].reshape(len(two), -1)

    def distances(self, pairs: np.ndarray, how: str) -> np.ndarray:
        """(m,): in small pictures (`hash`, as they are or mirrored, whichever is nearer), or in `features`."""
        i, j = pairs.T
        if how == "features":
            return np.linalg.norm(self.features[0][i] - self.features[1][j], axis=1)
        apart = [np.linalg.norm(self.hashes[0][i] - other[j], axis=1) for other in (self.hashes[1], self.mirrored)]
        return np.minimum(*apart)

    def within(self, hash_limit: float, feature_limit: float, sides: np.ndarray | None = None) -> np.ndarray:
        """(m, 2) pairs i < j nearer than both limits, on two sides; of each picture the NEAREST by features and by small
        pictures."""
        n, found = len(self.small[0]), []
        for start in range(0, n, BLOCK):
            rows = slice(start, start + BLOCK)
            near = _squares(self.features[0][rows], self.features[1])
            small = np.minimum(*(_squares(self.hashes[0][rows], x) for x in (self.hashes[1], self.mirrored)))
            good = (near <= feature_limit**2) & (small <= hash_limit**2)
            good[np.arange(good.shape[0]), np.arange(start, start + good.shape[0])] = False
            if sides is not None:
                good &= sides[rows, None] != sides[None]
            neighbours = np.count_nonzero(good, axis=1)
            i, j = np.nonzero(good & (neighbours <= NEAREST)[:, None])
            found.append(np.stack([i + start, j], axis=1))
            many = np.flatnonzero(neighbours > NEAREST)
            for apart in (near, small) if len(many) else ():
                apart = np.where(good[many], apart[many], np.inf)
                first = np.argpartition(apart, min(NEAREST, n - 1), axis=1)[:, :NEAREST]
                found.append(np.stack([np.repeat(many + start, first.shape[1]), first.ravel()], axis=1))
        every = np.sort(np.concatenate(found), axis=1) if found else np.zeros((0, 2), np.int64)
        return np.unique(every, axis=0)

    def coarse(self, pairs: np.ndarray, progress: FractionCallback = silent) -> np.ndarray:
        """(m,) distances of pictures laid onto each other at 16 pixels, in grey levels."""
        return self._laid(pairs, SMALL, progress)

    def fine(self, pairs: np.ndarray, progress: FractionCallback = silent) -> np.ndarray:
        """The same at 32 pixels."""
        return self._laid(pairs, SIDE, progress)

    def _laid(self, pairs: np.ndarray, side: int, progress: FractionCallback) -> np.ndarray:
        i, j = pairs.T
        if side not in self._blocks:
            one, two = self.small
            here = one if side == SIDE else _blocks(one, side)
            self._blocks[side] = here, here if two is one else two if side == SIDE else _blocks(two, side)
        here, there = self._blocks[side]
        plain, mirror = (np.linalg.norm(self.hashes[0][i] - x[j], axis=1) for x in (self.hashes[1], self.mirrored))
        two, turned = there[j], mirror < plain
        two[turned] = two[turned][:, :, ::-1]
        return distances(here[i], two, progress)


def _unit(x: np.ndarray) -> np.ndarray:
    return (x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)).astype(np.float32)


def _blocks(small: np.ndarray, side: int) -> np.ndarray:
    """(n, s, s, 3) → (n, side, side, 3) float32 means of blocks."""
    step = small.shape[1] // side
    total = np.zeros((len(small), side, side, small.shape[3]), np.float32)
    for row in range(step):
        for column in range(step):
            total += small[:, row::step, column::step]
    return total / (step * step)


def _squares(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(n, m) squared distances."""
    found = a @ b.T
    found *= -2
    found += (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1)[None]
    return np.maximum(found, 0, out=found)

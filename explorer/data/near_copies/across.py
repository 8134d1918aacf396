"""Pictures that a run is chosen or tested by and that are near-copies of some that it learns from.

Files of equal bytes are left out when a folder is read; a picture that was saved again, resized or mirrored is not noticed there.
"""

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from PIL import Image
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from explorer import cache
from explorer.data.images import Data, Images, in_threads
from explorer.data.joined import SPLITS, joined
from explorer.data.near_copies.small import looked_at, squeezed
from explorer.home import write_aside

VERSION = 1  # part of every key: raise it when other pairs would be found
MOST = {"train": 4000, "val": 1000, "test": 2000}
"""Pictures that are held against each other, drawn by a seed where there are more."""
MADE_OF = 16  # pictures that copies are made of


@dataclass(frozen=True)
class Crossing:
    """Of `of` pictures of a split, `copied` are near-copies of training pictures, one of them `example`: (its id, that one's)."""

    copied: int
    of: int
    example: tuple[str, str] | None

    def json(self) -> dict[str, Any]:
        """As it is kept with a run."""
        return {"copied": self.copied, "of": self.of, "example": self.example}


class Watch:
    """Keeps a small version of each picture of a data set when a run decodes it, so that nothing is decoded for this alone."""

    def __init__(self, data: Data) -> None:
        self._data, self._small = data, {split: dict[int, np.ndarray]() for split in SPLITS}
        self._rows = {split: _drawn(len(getattr(data, split)), MOST[split]) for split in SPLITS}

    def watched(self) -> Data:
        """The same data set, whose pictures are noted when they are read."""
        return replace(self._data, **{split: self._noting(split) for split in SPLITS})

    def _noting(self, split: str) -> Images:
        images, kept, wanted = getattr(self._data, split), self._small[split], {*self._rows[split].tolist()}

        def note(read: Callable[..., Image.Image], i: int, *size: int) -> Image.Image:
            picture = read(i, *size)
            if i in wanted and i not in kept:
                kept[i] = squeezed(picture)
            return picture

        reduced = images.reduced and partial(note, images.reduced)
        return replace(images, read=partial(note, images.read), reduced=reduced)

    def crossings(self) -> dict[str, Crossing]:
        """`val` and `test` → how many of them are near-copies of training pictures: at least so many, as only pairs beyond doubt
        count. Raises ExplorerError where a picture can no longer be read."""
        pairs = self._pairs()
        return {split: self._crossing(split, pairs[pairs[:, 0] == SPLITS.index(split), 1:]) for split in SPLITS[1:]}

    def _crossing(self, split: str, pairs: np.ndarray) -> Crossing:
        mine, train = getattr(self._data, split).ids, self._data.train.ids
        example = (mine[pairs[0, 0]], train[pairs[0, 1]]) if len(pairs) else None
        return Crossing(len(np.unique(pairs[:, 0])), len(self._rows[split]), example)

    def _pairs(self) -> np.ndarray:
        """(p, 3): the split of a picture, its place there, and the place of the training picture that it is a copy of; the
        nearest pair first. Found once for the same pictures."""
        key = self._key()
        if key:
            with suppress(OSError, SafetensorError, KeyError):
                found = load_file(cache.path(key))["pairs"]
                cache.touch(key)
                return found
        found = self._searched()
        if key and cache.takes(found.nbytes):
            with suppress(OSError, SafetensorError):
                write_aside(cache.path(key), partial(save_file, {"pairs": found}))
        return found

    def _key(self) -> str:
        mark = self._data.fingerprint
        shared = [VERSION, mark, MOST, [getattr(self._data, split).ids for split in SPLITS]]
        own = f"{mark}-" if mark.startswith("own-") else ""  # so that a deleted set can be forgotten
        return own + hashlib.sha256(json.dumps(shared).encode()).hexdigest()[:32] if mark else ""

    def _searched(self) -> np.ndarray:
        from explorer.data.near_copies import pairs  # brings SciPy

        images, splits = joined(self._data)
        starts = dict(zip(SPLITS, np.searchsorted(splits, range(len(SPLITS))).tolist(), strict=True))
        rows = np.concatenate([starts[split] + self._rows[split] for split in SPLITS])
        known = {starts[split] + place: small for split in SPLITS for place, small in self._small[split].items()}

        def small(k: int) -> np.ndarray:
            i = int(rows[k])
            return known[i] if i in known else squeezed(looked_at(images, i))

        every, made = np.stack(in_threads(small, len(rows))), [*pairs.on_purpose(images.take(rows), MADE_OF)]
        copies = pairs.MadeCopies(
            np.array([i for i, _ in made]),
            np.stack([squeezed(copy) for _, copy in made]),
            np.zeros((len(made), 0), np.float32),
        )
        none, learned = np.zeros((len(rows), 0), np.float32), splits[rows] == SPLITS.index("train")
        found = pairs.near_copies(every, none, copies, sides=learned)
        sure = found.pairs[found.distance <= found.sure]
        train, other = rows[sure].T  # places rise in a pair, and training comes first
        offsets = np.array([starts[split] for split in SPLITS])[splits[other]]
        return np.ascontiguousarray(np.stack([splits[other], other - offsets, train], axis=1), np.int64)


def _drawn(n: int, most: int) -> np.ndarray:
    return np.arange(n) if n <= most else np.sort(np.random.default_rng(0).permutation(n)[:most])

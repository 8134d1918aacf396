"""Images and Data: the pictures of a split and of a whole data set, and how they become arrays of pixels."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from PIL import Image

from explorer import machine
from explorer.catalogue import Preprocessing
from explorer.data.samples import Scales
from explorer.progress import FractionCallback

REDUCE_TO = 2
"""A JPEG may be decoded at reduced size down to this many times the wanted one: then pixels differ by 1 of 255 at most,
on average, from those of full decoding (at 1 times, by 1.6)."""


@dataclass(frozen=True, eq=False)
class Images:
    """The pictures of one split.

    `ids` are unique within the data set; `labels` (n,) int64 are places in `Data.classes`. `read(i)` gives the i-th
    picture as RGB; `reduced(i, at_least)`, where there is one, the same with its short side anywhere from `at_least`
    pixels up, faster; `mask(i)`, where known, the object as an image of mode L, 255 on the object and 0 elsewhere.
    `groups`, where known, (n,) str: pictures of one group (patches of one photo, pictures of one patient) are not independent.
    `size(i)`, where it is known without decoding, is (width, height) of the i-th picture in pixels.
    """

    ids: tuple[str, ...]
    labels: np.ndarray
    read: Callable[[int], Image.Image]
    reduced: Callable[[int, int], Image.Image] | None = None
    mask: Callable[[int], Image.Image] | None = None
    groups: np.ndarray | None = None
    size: Callable[[int], tuple[int, int]] | None = None

    def __len__(self) -> int:
        """The number of pictures, n."""
        return len(self.ids)

    def take(self, rows: Sequence[int] | np.ndarray) -> "Images":
        """The pictures at these places, in this order."""
        places = [int(row) for row in rows]
        read, reduced, mask, size = self.read, self.reduced, self.mask, self.size
        return Images(
            ids=tuple(self.ids[place] for place in places),
            labels=self.labels[places],
            read=lambda i: read(places[i]),
            reduced=reduced and (lambda i, at_least: reduced(places[i], at_least)),
            mask=mask and (lambda i: mask(places[i])),
            groups=None if self.groups is None else self.groups[places],
            size=size and (lambda i: size(places[i])),
        )

    def pixels(self, preprocessing: Preprocessing, progress: FractionCallback | None = None) -> np.ndarray:
        """(n, crop, crop, 3) uint8: short side to `resize`, centre crop, decoded in threads; not yet normalised.

        `progress` is called with the share done, in (0, 1], on the caller's thread; what it raises stops the work.
        Raises ExplorerError, naming the file, for a picture that can no longer be read.
        """

        def one(i: int) -> np.ndarray:
            image = self.reduced(i, REDUCE_TO * preprocessing.resize) if self.reduced else self.read(i)
            return np.asarray(fit(image, preprocessing))

        out = np.empty((len(self), preprocessing.crop, preprocessing.crop, 3), np.uint8)
        return _fill(out, one, progress)

    def masks(self, preprocessing: Preprocessing) -> np.ndarray | None:
        """(n, crop, crop) bool, True on the object, cut exactly as `pixels` cuts; None where masks are not known."""
        mask = self.mask
        if mask is None:
            return None
        out = np.empty((len(self), preprocessing.crop, preprocessing.crop), np.bool_)
        return _fill(out, lambda i: np.asarray(fit(mask(i), preprocessing)) >= 128, None)


@dataclass(frozen=True, eq=False)
class Data:
    """A data set: its classes and its three splits.

    `skipped` holds (file, reason) of what was left out; `note` says what to know before believing a number;
    `fingerprint` names the pictures on offer: it changes when one of them does. `scales` says what is black and white in
    pictures of more than 8 bits (see `decoding.to_rgb`).
    """

    name: str
    classes: tuple[str, ...]
    train: Images
    val: Images
    test: Images
    skipped: tuple[tuple[str, str], ...] = ()
    note: str = ""
    fingerprint: str = ""
    scales: Scales = field(default_factory=dict)

    def with_notes(self, *notes: str) -> "Data":
        """The same with more to know, sentence after sentence."""
        return replace(self, note=" ".join(filter(None, (self.note, *notes))))


def fit(image: Image.Image, preprocessing: Preprocessing) -> Image.Image:
    """Short side to `resize` by its antialiased filter, then the centre `crop`: torchvision's arithmetic on PIL images."""
    width, height = image.size
    short, long = sorted((width, height))
    target = int(preprocessing.resize * long / short)
    size = (preprocessing.resize, target) if width <= height else (target, preprocessing.resize)
    if size != image.size:
        image = image.resize(size, Image.Resampling[preprocessing.filter.upper()])
    left, top = (round((side - preprocessing.crop) / 2) for side in size)
    return image.crop((left, top, left + preprocessing.crop, top + preprocessing.crop))


def in_threads(function: Callable[[int], Any], n: int, progress: FractionCallback | None = None) -> list[Any]:
    """function(0) … function(n - 1), in order, on as many threads as there are cores (Pillow decodes without the GIL)."""
    pool = ThreadPoolExecutor(max_workers=_cores())
    try:
        results = []
        for result in pool.map(function, range(n)):
            results.append(result)
            if progress and (len(results) % 16 == 0 or len(results) == n):
                progress(len(results) / n)
        return results
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _fill(out: np.ndarray, one: Callable[[int], np.ndarray], progress: FractionCallback | None) -> np.ndarray:
    def put(i: int) -> None:
        out[i] = one(i)

    in_threads(put, len(out), progress)
    return out


def _cores() -> int:
    """The processor cores that this process may use, at most 8."""
    return min(8, machine.cores())

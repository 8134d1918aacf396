"""Patches of the photographs in `data.photos`: one photo is one class and one group of images that are not
independent, and the splits come from separate bands of it."""

import hashlib
from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image

from explorer.data import photos
from explorer.data.images import Data, Images

SIZE = 48
STRIDES = {"train": 16, "val": SIZE, "test": SIZE}
MOST = {"train": None, "val": 8, "test": 18}
DULL = 3.0
"""Patches whose grey values deviate less than this (standard deviation, of 255) are empty sky or border: left out."""


def load(grey: bool = False) -> Data:
    """The patches; with `grey`, without colour. Test and validation patches never overlap, training patches do."""
    classes = tuple(photos.PHOTOS)
    name = "photo_patches_grey" if grey else "photo_patches"
    parts = {split: _split(split, grey) for split in STRIDES}
    return Data(name, classes, parts["train"], parts["val"], parts["test"], fingerprint=f"{name}-{_fingerprint()}")


@cache
def _split(split: str, grey: bool) -> Images:
    spots = [(kind, x, y) for kind in range(len(photos.PHOTOS)) for x, y in _positions(split)[kind]]
    names = tuple(photos.PHOTOS)

    def read(i: int) -> Image.Image:
        kind, x, y = spots[i]
        patch = Image.fromarray(_photo(names[kind])[y : y + SIZE, x : x + SIZE])
        return patch.convert("L").convert("RGB") if grey else patch

    return Images(
        ids=tuple(f"{names[kind]}@{x},{y}" for kind, x, y in spots),
        labels=np.array([kind for kind, _, _ in spots], np.int64),
        read=read,
        groups=np.array([names[kind] for kind, _, _ in spots]),
    )


@cache
def _positions(split: str) -> tuple[tuple[tuple[int, int], ...], ...]:
    """For each photo the upper left corners (x, y) of the patches of a split, in pixels of the whole photo."""
    return tuple(_corners(name, split) for name in photos.PHOTOS)


def _corners(name: str, split: str) -> tuple[tuple[int, int], ...]:
    photo = _photo(name)
    left, right = (round(photo.shape[1] * edge) for edge in photos.BANDS[split])
    step = STRIDES[split]
    grey = photo[:, left:right].mean(axis=2, dtype=np.float32)
    contrast = sliding_window_view(grey, (SIZE, SIZE))[::step, ::step].std(axis=(2, 3))
    corners = [(left + int(x) * step, int(y) * step) for y, x in np.argwhere(contrast >= DULL)]
    most = MOST[split]
    if most is None or len(corners) <= most:
        return tuple(corners)
    return tuple(corners[round(place)] for place in np.linspace(0, len(corners) - 1, most))


@cache
def _photo(name: str) -> np.ndarray:
    """The whole photo, (h, w, 3) uint8; all of them together are 13 MB."""
    return photos.photo(name)


@cache
def _fingerprint() -> str:
    digest = hashlib.sha256(repr((SIZE, STRIDES, MOST, DULL, photos.BANDS)).encode())
    for name in photos.PHOTOS:
        digest.update(_photo(name))
    return digest.hexdigest()[:16]

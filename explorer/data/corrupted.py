"""A data set whose every picture is corrupted in one way, in all splits: the same files through noise, blur or other colours."""

import hashlib
from dataclasses import replace

import numpy as np
from PIL import Image

from explorer.catalogue.shifts import Shift, read, words
from explorer.data.images import REDUCE_TO, Data, Images
from explorer.data.joined import SPLITS
from explorer.data.shifts import corrupt


def corrupted(data: Data, how: str, side: int) -> Data:
    """The data with each picture scaled to a short side of `side` pixels, then corrupted as `how` says (`blur-4`); labels, order,
    groups and masks stay.

    Noise is drawn from the picture's id, so that a picture is corrupted alike in whichever split or order it stands. Raises
    ExplorerError for a way that does not exist.
    """
    row, severity = read(how)
    parts = {split: _corrupted(getattr(data, split), row, severity, side) for split in SPLITS}
    fingerprint = f"{data.fingerprint}~{how}@{side}" if data.fingerprint else ""
    note = f"Every picture, for training and for testing, is {words(how)}: {row.meaning}"
    return replace(data, **parts, fingerprint=fingerprint).with_notes(note)


def _corrupted(images: Images, row: Shift, severity: int, side: int) -> Images:
    reduced, size = images.reduced, images.size

    def change(image: Image.Image, i: int) -> Image.Image:
        scaled = image.convert("RGB").resize(_scaled(image.size, side), Image.Resampling.BILINEAR)
        digest = hashlib.sha256(images.ids[i].encode()).digest()
        rng = np.random.default_rng(np.frombuffer(digest, np.uint32))
        return Image.fromarray(corrupt(np.asarray(scaled), row.name, severity, rng))

    return replace(
        images,
        read=lambda i: change(reduced(i, REDUCE_TO * side) if reduced else images.read(i), i),
        reduced=None,
        size=size and (lambda i: _scaled(size(i), side)),
    )


def _scaled(size: tuple[int, int], side: int) -> tuple[int, int]:
    """(width, height) with the short side `side`."""
    width, height = size
    long = int(side * max(size) / min(size))
    return (side, long) if width <= height else (long, side)

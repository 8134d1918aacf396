"""Scikit-learn's handwritten digits, enlarged: the set on which pre-training does not help."""

import hashlib
from functools import cache

import numpy as np
from PIL import Image

from explorer.data import splits
from explorer.data.images import Data, Images

SIDE = 32


def load(split_seed: int) -> Data:
    """The 1797 digits of 8 by 8 pixels, enlarged to SIDE pixels, split by the split seed."""
    pictures, labels = _digits()
    images = Images(
        ids=tuple(f"digit-{i:04d}" for i in range(len(labels))),
        labels=labels,
        read=lambda i: Image.fromarray(pictures[i]).resize((SIDE, SIDE), Image.Resampling.BICUBIC).convert("RGB"),
    )
    train, val, test = splits.divide(images, split_seed)
    fingerprint = "digits-" + hashlib.sha256(pictures.tobytes()).hexdigest()[:16]
    return Data("digits", tuple("0123456789"), train, val, test, fingerprint=fingerprint)


@cache
def _digits() -> tuple[np.ndarray, np.ndarray]:
    """(n, 8, 8) uint8 pictures, white on black, and (n,) int64 labels."""
    from sklearn.datasets import load_digits

    flat, labels = load_digits(return_X_y=True)
    return np.rint(np.reshape(flat, (-1, 8, 8)) * (255 / 16)).astype(np.uint8), np.asarray(labels, np.int64)

"""A picture in a small square, as pictures are held against each other; without SciPy, which training does not load."""

import numpy as np
from PIL import Image

from explorer.data.images import Images

SIDE = 32
LOOKED_AT = 192
"""Pixels of the short side at which a picture is read for this, and its sharpness is measured; a smaller one stays as it is."""


def looked_at(images: Images, i: int) -> Image.Image:
    """A picture as large as it needs to be for that."""
    return images.reduced(i, LOOKED_AT) if images.reduced else images.read(i)


def squeezed(picture: Image.Image) -> np.ndarray:
    """(32, 32, 3) uint8: the whole picture in a small square."""
    return np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR), np.uint8)

"""A picture in a small square, as pictures are held against each other; without SciPy, which training does not load."""

import numpy as np
from PIL import Image

SIDE = 32


def squeezed(picture: Image.Image) -> np.ndarray:
    """(32, 32, 3) uint8: the whole picture in a small square."""
    return np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR), np.uint8)

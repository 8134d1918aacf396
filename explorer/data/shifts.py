"""Test images spoilt on purpose, the same way every time: noise, blur, low contrast."""

import math
from collections.abc import Callable

import numpy as np
from scipy.ndimage import gaussian_filter1d

from explorer.catalogue.shifts import USUAL, shift


def shifted(pixels: np.ndarray, name: str, seed: int = 0, severity: int = USUAL) -> np.ndarray:
    """Copies of the images (n, h, w, 3) uint8, spoilt as the catalogue's row `name` says at a `severity` of 1 to 5; the
    originals stay as they are.

    Image i depends on its pixels, `seed` and i alone. After Hendrycks & Dietterich 2019, arXiv 1903.12261. Raises
    ExplorerError for an unknown name.
    """
    row = shift(name)
    out = np.empty_like(pixels)
    for i, image in enumerate(pixels):
        rng = np.random.default_rng([seed, i])
        out[i] = np.rint(_KINDS[name](image.astype(np.float32) / 255, row.strength(severity), rng).clip(0, 1) * 255)
    return out


def _noise(image: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    return image + amount * rng.standard_normal(image.shape, np.float32)


def _blur(image: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    """One axis after the other; beyond its edge the image is mirrored, the edge itself not repeated."""
    sigma = amount * max(image.shape[:2])
    reach = min(math.ceil(3 * sigma), min(image.shape[:2]) - 1)
    for axis in (0, 1):
        image = gaussian_filter1d(image, sigma, axis, mode="mirror", radius=reach)
    return image


def _contrast(image: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    mean = image.mean(axis=(0, 1), keepdims=True)
    return mean + amount * (image - mean)


_KINDS: dict[str, Callable[[np.ndarray, float, np.random.Generator], np.ndarray]] = {
    "noise": _noise,
    "blur": _blur,
    "contrast": _contrast,
}

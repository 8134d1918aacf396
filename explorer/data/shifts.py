"""Pictures corrupted on purpose, the same way every time: noise, blur, low contrast, inverted, recoloured."""

import math
from collections.abc import Callable

import numpy as np

from explorer.catalogue.shifts import USUAL, shift


def shifted(pixels: np.ndarray, name: str, seed: int = 0, severity: int = USUAL) -> np.ndarray:
    """Copies of the images (n, h, w, 3) uint8, corrupted as the catalogue's row `name` says at a `severity` of 1 to 5; the
    originals stay as they are.

    Image i depends on its pixels, `seed` and i alone. After Hendrycks & Dietterich 2019, arXiv 1903.12261. Raises
    ExplorerError for an unknown name.
    """
    out = np.empty_like(pixels)
    for i, image in enumerate(pixels):
        out[i] = corrupt(image, name, severity, np.random.default_rng([seed, i]))
    return out


def corrupt(image: np.ndarray, name: str, severity: int, rng: np.random.Generator) -> np.ndarray:
    """A corrupted copy of one image (h, w, 3) uint8; `rng` draws its noise."""
    found = _KINDS[shift(name).name](image.astype(np.float32) / 255, shift(name).strength(severity), rng)
    return np.rint(found.clip(0, 1) * 255).astype(np.uint8)


def _noise(image: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    return image + amount * rng.standard_normal(image.shape, np.float32)


def _blur(image: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    """One axis after the other; beyond its edge the image is mirrored, the edge itself not repeated."""
    from scipy.ndimage import gaussian_filter1d  # takes as long to import as all of Thaw's own modules

    sigma = amount * max(image.shape[:2])
    reach = min(math.ceil(3 * sigma), min(image.shape[:2]) - 1)
    for axis in (0, 1):
        image = gaussian_filter1d(image, sigma, axis, mode="mirror", radius=reach)
    return image


def _contrast(image: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    mean = image.mean(axis=(0, 1), keepdims=True)
    return mean + amount * (image - mean)


def _invert(image: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    return 1 - image


def _recolour(image: np.ndarray, amount: float, rng: np.random.Generator) -> np.ndarray:
    """Hue turned by `amount` degrees in HSV: by 120° red becomes green, by 180° a colour its opposite."""
    most, least = image.max(axis=2), image.min(axis=2)
    chroma = most - least
    safe = np.where(chroma > 0, chroma, 1)
    r, g, b = np.moveaxis(image, 2, 0)
    sixth = np.select([most == r, most == g], [(g - b) / safe, (b - r) / safe + 2], (r - g) / safe + 4) + amount / 60
    parts = []
    for first in (5, 3, 1):  # red, green, blue: how far each lies below the brightest, by where the hue is
        k = (first + sixth) % 6
        parts.append(most - chroma * np.minimum(k, 4 - k).clip(0, 1))
    return np.stack(parts, axis=2)


_KINDS: dict[str, Callable[[np.ndarray, float, np.random.Generator], np.ndarray]] = {
    "noise": _noise,
    "blur": _blur,
    "contrast": _contrast,
    "invert": _invert,
    "recolour": _recolour,
}

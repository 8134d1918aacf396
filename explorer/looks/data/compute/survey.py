"""Every picture of a set looked at once, small: a thumbnail, its size, how bright, how contrasted, how sharp it is."""

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy.ndimage import laplace

from explorer.catalogue import Preprocessing
from explorer.data.images import Images, in_threads
from explorer.data.near_copies.small import LOOKED_AT, looked_at, squeezed
from explorer.evidence import share_words
from explorer.progress import FractionCallback

SHOWN = 96  # pixels of the thumbnails that a page shows
FAR = 4.0
"""Robust standard deviations from the set's median beyond which a picture is out of the ordinary: of normally distributed
numbers 1 in 16,000 lies there."""
BLACK, FLAT = 16.0, 6.0
"""Mean and standard deviation, of 255, below which a picture is dark, or of one colour, whatever the others are."""


@dataclass(frozen=True)
class Survey:
    """Of n pictures: `small` (n, 32, 32, 3) uint8, each whole picture squeezed into a square; `sizes` (n, 2) widths and heights;
    `brightness`, `contrast` (n,) mean and standard deviation of grey values of 255; `sharpness` (n,) the standard deviation of
    the Laplacian over that of the picture."""

    small: np.ndarray
    sizes: np.ndarray
    brightness: np.ndarray
    contrast: np.ndarray
    sharpness: np.ndarray


def survey(images: Images, progress: FractionCallback) -> Survey:
    """Look at all of them."""

    def one(i: int) -> tuple[np.ndarray, tuple[int, int], float, float, float]:
        picture = looked_at(images, i)
        size = images.size(i) if images.size else picture.size
        return squeezed(picture), size, *grey_facts(picture)

    rows = in_threads(one, len(images), progress)
    small, sizes, *facts = zip(*rows, strict=True)
    return Survey(np.stack(small), np.array(sizes, np.int64), *(np.array(fact, np.float64) for fact in facts))


def grey_facts(picture: Image.Image) -> tuple[float, float, float]:
    """(brightness, contrast, sharpness); sharpness is taken at a short side of LOOKED_AT pixels at most."""
    shrink = min(1.0, LOOKED_AT / min(picture.size))
    size = max(1, round(picture.width * shrink)), max(1, round(picture.height * shrink))
    grey = np.asarray(picture.convert("L").resize(size, Image.Resampling.BILINEAR), np.float32)
    contrast = float(grey.std())
    return float(grey.mean()), contrast, float(laplace(grey).std() / max(contrast, 1.0))


def thumbnails(images: Images, rows: np.ndarray) -> np.ndarray:
    """(m, 96, 96, 3) uint8: the middle of these pictures, as large as a page shows it."""
    return (
        images.take(rows).pixels(Preprocessing(SHOWN, SHOWN)) if len(rows) else np.zeros((0, SHOWN, SHOWN, 3), np.uint8)
    )


def outside(values: np.ndarray, upwards: bool = False) -> np.ndarray:
    """(n,) how many robust standard deviations each value lies below the median (above it with `upwards`); 0 where all agree.

    Median and median absolute deviation, times 1.4826 (Hampel 1974, JASA 69:383).
    """
    middle = np.median(values)
    spread = 1.4826 * np.median(np.abs(values - middle))
    signed = values - middle if upwards else middle - values
    return signed / spread if spread > 0 else np.zeros(len(values))


def odd(found: Survey) -> dict[int, str]:
    """Picture → what is odd about its size: less than half as high or wide as is usual, or a shape twice as long or wide."""
    short = found.sizes.min(axis=1)
    shape = found.sizes.max(axis=1) / short  # lying or standing is all the same
    usual, form = np.median(short), np.median(shape)
    words = {}
    for i in range(len(short)):
        size = f"{found.sizes[i, 0]} × {found.sizes[i, 1]} pixels"
        if short[i] * 2 < usual:
            words[i] = f"{size}: small beside the others, whose short side is {usual:.0f}"
        elif shape[i] > 2 * form:
            words[i] = f"{size}: more than twice as long as is usual; most of it is cut away"
    return dict(sorted(words.items(), key=lambda row: short[row[0]]))


def dark(found: Survey) -> dict[int, str]:
    """Picture → that it is (nearly) black or of one colour, the worst first."""
    faults = np.flatnonzero((found.brightness < BLACK) | (found.contrast < FLAT))
    worst = sorted(faults.tolist(), key=lambda i: float(found.contrast[i]))
    return {i: f"mean brightness {found.brightness[i]:.0f} of 255, contrast {found.contrast[i]:.1f}" for i in worst}


def blurred(found: Survey) -> dict[int, str]:
    """Picture → how much less sharp than the others it is, the worst first; dark and one-coloured pictures do not count."""
    far = outside(np.log(np.maximum(found.sharpness, 1e-3)))
    usable = (found.brightness >= BLACK) & (found.contrast >= FLAT)
    worst = sorted(np.flatnonzero((far > FAR) & usable).tolist(), key=lambda i: -float(far[i]))
    usual = np.median(found.sharpness)
    return {i: f"sharpness {share_words(found.sharpness[i] / usual, 0)} of the usual" for i in worst}

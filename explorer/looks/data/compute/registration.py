"""Lay one small picture onto another by the affine map that fits best, and tell how far apart their colours then are."""

from collections.abc import Callable

import numpy as np
from scipy.ndimage import gaussian_filter

SIDE = 32
BAND = (1.0, 3.0)
"""The widths, in pixels, of the difference of Gaussians in which two pictures are fitted."""
BLUR = 1.0
STEPS = 6
MOST_STRAIN = 0.12
"""How far the map may leave the identity, a pixel: a turn by 3° or a crop by 5 % takes 0.05."""
AT_ONCE = 256


def distances(one: np.ndarray, two: np.ndarray, progress: Callable[[float], None] = lambda share: None) -> np.ndarray:
    """(m,) float32: the root mean square difference of colours, in grey levels (0 to 255), of pictures `two` (m, 32, 32, 3)
    uint8 laid onto `one`, pair by pair, both a little blurred; what lies near the rim counts less.

    The map is found by the inverse compositional algorithm (Baker & Matthews 2004, IJCV 56:221) on differences of Gaussians
    of unit length, so that brightness and contrast do not draw it.
    """
    parts = []
    for i in range(0, len(one), AT_ONCE):
        here, there = (p[i : i + AT_ONCE].astype(np.float32) for p in (one, two))
        parts.append(_distances(here, there))
        progress(min(1.0, (i + AT_ONCE) / len(one)))
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def _distances(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    weights = window(one.shape[1])
    grey = [p @ np.full(3, 1 / 3, np.float32) for p in (one, two)]
    warp = _fitted(_band(grey[0]), _band(grey[1]), weights)
    a, b = (gaussian_filter(p, (0, BLUR, BLUR, 0), truncate=3) for p in (one, two))
    # The fit may have been led astray where there is little to hold on to: as they lie, the two may be nearer.
    return np.minimum(_apart(a, _warped(b, warp), weights), _apart(a, b, weights))


def _apart(a: np.ndarray, b: np.ndarray, weights: np.ndarray) -> np.ndarray:
    share = np.repeat(weights.ravel() / (3 * weights.sum()), 3)
    return np.sqrt(((a - b) ** 2).reshape(len(a), -1) @ share)


def window(side: int) -> np.ndarray:
    """(side, side) float32 weights that fall to 0 at the rim, where a turned or cropped copy has lost something."""
    x = np.linspace(-1, 1, side, dtype=np.float32)
    return 0.5 * (1 + np.cos(np.pi * np.minimum(np.hypot(x[:, None], x[None]), 1)))


def _band(grey: np.ndarray) -> np.ndarray:
    near, far = ((0, width, width) for width in BAND)
    return gaussian_filter(grey, near, truncate=3) - gaussian_filter(grey, far, truncate=3)


def _unit(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted pictures (m, s, s) of mean 0 and length 1."""
    mean = (x * weights).sum(axis=(1, 2), keepdims=True) / weights.sum()
    x = (x - mean) * np.sqrt(weights)
    return x / np.maximum(np.sqrt((x * x).sum(axis=(1, 2), keepdims=True)), 1e-6)


def _grid(side: int) -> np.ndarray:
    """Coordinates (2, s, s) of rows and columns, from the middle."""
    return np.mgrid[:side, :side].astype(np.float32) - (side - 1) / 2


def _fitted(a: np.ndarray, b: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The affine maps (m, 2, 3), from places of `a` to places of `b`."""
    m, side = a.shape[:2]
    y, x = _grid(side)
    template = _unit(a, weights)
    rows, columns = np.gradient(template, axis=(1, 2))
    steepest = np.stack([rows * y, rows * x, rows, columns * y, columns * x, columns], axis=1).reshape(m, 6, -1)
    curvature = steepest @ steepest.transpose(0, 2, 1)
    ridge = 1e-4 * np.trace(curvature, axis1=1, axis2=2) / 6 + 1e-9  # a plain picture has no curvature at all
    curvature += ridge[:, None, None] * np.eye(6, dtype=np.float32)
    warp = np.tile(np.eye(2, 3, dtype=np.float32), (m, 1, 1))
    for _ in range(STEPS):
        error = (_unit(_warped(b[..., None], warp)[..., 0], weights) - template).reshape(m, -1, 1)
        step = np.linalg.solve(curvature, steepest @ error)[..., 0].reshape(m, 2, 3)
        warp = _within(_composed(warp, step), warp, side)
    return warp


def _composed(warp: np.ndarray, step: np.ndarray) -> np.ndarray:
    """The maps after the inverses of identity + step; unchanged where there is no inverse."""
    whole = np.tile(np.eye(3, dtype=np.float32), (len(warp), 1, 1))
    inner = whole.copy()
    whole[:, :2] = warp
    inner[:, :2] += step
    good = np.abs(np.linalg.det(inner)) > 0.1
    inner[~good] = np.eye(3)
    return (whole @ np.linalg.inv(inner))[:, :2].astype(np.float32)


def _within(warp: np.ndarray, before: np.ndarray, side: int) -> np.ndarray:
    """The new maps, or those before where the new ones strain a picture more than a copy is."""
    strain = np.abs(warp[:, :, :2] - np.eye(2, dtype=np.float32)).max(axis=(1, 2))
    fine = (strain <= MOST_STRAIN) & (np.abs(warp[:, :, 2]).max(axis=1) <= MOST_STRAIN * side / 2)
    return np.where(fine[:, None, None], warp, before)


def _warped(b: np.ndarray, warp: np.ndarray) -> np.ndarray:
    """b (m, s, s, c) where the maps lead to, bilinear; beyond the rim the nearest pixel."""
    m, side, _, c = b.shape
    y, x = _grid(side)
    places, shares = [], []
    for row in (0, 1):
        to = (
            warp[:, row, 0, None, None] * y
            + warp[:, row, 1, None, None] * x
            + (warp[:, row, 2, None, None] + (side - 1) / 2)
        )
        np.clip(to, 0, side - 1, out=to)
        low = np.minimum(to.astype(np.int32), side - 2)
        places.append(low)
        shares.append((to - low)[..., None])
    first = (np.arange(m, dtype=np.int32)[:, None, None] * side + places[0]) * side + places[1]
    flat, (down, right) = b.reshape(-1, c), shares
    near, below = (np.take(flat, first + step, axis=0) for step in (0, side))
    near += right * (np.take(flat, first + 1, axis=0) - near)
    below += right * (np.take(flat, first + side + 1, axis=0) - below)
    return near + down * (below - near)

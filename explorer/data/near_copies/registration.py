"""Lay one small picture onto another by the affine map that fits best, and tell how far apart their colours then are."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import numpy as np
import torch
from scipy.ndimage import gaussian_filter1d
from torch import Tensor
from torch.nn import functional

from explorer.data.images import in_threads
from explorer.progress import FractionCallback, silent

BAND = (1.0, 3.0)
"""The widths, in pixels, of the difference of Gaussians in which two pictures are fitted."""
BLUR = 1.0
STEPS = 6
MOST_STRAIN = 0.12
"""How far the map may leave the identity, a pixel: a turn by 3° or a crop by 5 % takes 0.05."""
AT_ONCE = 256
"""Pairs that are laid on each other in one go: enough for products of matrices to pay, few enough for a core's cache."""


def distances(one: np.ndarray, two: np.ndarray, progress: FractionCallback = silent) -> np.ndarray:
    """(m,) float32: the root mean square difference of colours, in grey levels (0 to 255), of pictures `two` (m, 32, 32, 3)
    uint8 laid onto `one`, pair by pair, both a little blurred; what lies near the rim counts less.

    The map is found by the inverse compositional algorithm (Baker & Matthews 2004, IJCV 56:221) on differences of Gaussians
    of unit length, so that brightness and contrast do not draw it.
    """
    starts = range(0, len(one), AT_ONCE)

    def block(k: int) -> np.ndarray:
        with torch.inference_mode(), _one_thread():
            here, there = (_planes(p[starts[k] : starts[k] + AT_ONCE]) for p in (one, two))
            return _distances(here, there).numpy()

    parts = in_threads(block, len(starts), progress)
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


@contextmanager
def _one_thread() -> Iterator[None]:
    """No threads of torch's own in this one of several: they would wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _planes(pictures: np.ndarray) -> Tensor:
    """(m, s, s, 3) → (m, 3, s, s) float32."""
    return torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2), np.float32))


def _distances(one: Tensor, two: Tensor) -> Tensor:
    weights = window(one.shape[-1])
    template, moved = (_band(p.mean(dim=1, keepdim=True)) for p in (one, two))
    warp = _fitted(template, moved, weights)
    a, b = (_blurred(p, BLUR) for p in (one, two))
    # The fit may have been led astray where there is little to hold on to: as they lie, the two may be nearer.
    return torch.minimum(_apart(a, _warped(b, warp), weights), _apart(a, b, weights))


def _apart(a: Tensor, b: Tensor, weights: Tensor) -> Tensor:
    share = (weights / (3 * weights.sum())).flatten().repeat(3)
    return ((a - b).square_().flatten(1) @ share).sqrt_()


@lru_cache(maxsize=8)
def window(side: int) -> Tensor:
    """(side, side) float32 weights that fall to 0 at the rim, where a turned or cropped copy has lost something."""
    x = torch.linspace(-1, 1, side)
    return 0.5 * (1 + torch.cos(torch.pi * torch.hypot(x[:, None], x[None]).clamp(max=1)))


@lru_cache(maxsize=16)
def _gaussian(side: int, width: float) -> Tensor:
    """(side, side): what blurs a column by a Gaussian of this width, in pixels, mirrored at the rim."""
    return torch.from_numpy(gaussian_filter1d(np.eye(side), width, axis=0, truncate=3).astype(np.float32))


def _blurred(x: Tensor, width: float) -> Tensor:
    """Pictures (…, s, s), blurred: first all rows, then all columns, each as one product of matrices."""
    by = _gaussian(x.shape[-1], width).T
    return ((x @ by).transpose(-1, -2).contiguous() @ by).transpose(-1, -2)


def _band(grey: Tensor) -> Tensor:
    near, far = BAND
    return _blurred(grey, near) - _blurred(grey, far)


def _unit(x: Tensor, weights: Tensor) -> Tensor:
    """Weighted pictures (m, s²) of mean 0 and length 1; `weights` (s²,)."""
    x = (x - (x @ weights / weights.sum())[:, None]) * weights.sqrt()
    return x / torch.linalg.vector_norm(x, dim=1, keepdim=True).clamp_(min=1e-6)


@lru_cache(maxsize=8)
def _grid(side: int) -> Tensor:
    """(s², 3): the rows, the columns, from the middle, and ones."""
    line = torch.arange(side, dtype=torch.float32) - (side - 1) / 2
    rows, columns = torch.meshgrid(line, line, indexing="ij")
    return torch.stack([rows, columns, torch.ones_like(rows)], dim=-1).flatten(0, 1)


def _fitted(a: Tensor, b: Tensor, weights: Tensor) -> Tensor:
    """The affine maps (m, 2, 3), from places of `a` to places of `b`, both (m, 1, s, s)."""
    m, side, flat = len(a), a.shape[-1], weights.flatten()
    grid = _grid(side)
    template = _unit(a.flatten(1), flat)
    slopes = torch.stack(torch.gradient(template.view(m, side, side), dim=(1, 2)), dim=1).flatten(2)  # (m, 2, s²)
    downhill = torch.linalg.inv(_curvature(slopes, grid))
    warp = torch.eye(2, 3).repeat(m, 1, 1)
    for _ in range(STEPS):
        error = _unit(_warped(b, warp).flatten(1), flat) - template
        uphill = (slopes * error[:, None]) @ grid  # (m, 2, 3): the gradient by each number of the map
        step = (downhill @ uphill.flatten(1)[..., None]).view(m, 2, 3)
        warp = _within(_composed(warp, step), warp, side)
    return warp


def _curvature(slopes: Tensor, grid: Tensor) -> Tensor:
    """(m, 6, 6), from the slopes (m, 2, s²) of pictures along rows and columns."""
    m, squares = len(slopes), (grid[:, :, None] * grid[:, None]).flatten(1)  # (s², 9)
    down, right = slopes.unbind(1)
    sums = (torch.stack([down * down, down * right, right * right], dim=1) @ squares).view(m, 3, 3, 3)
    found = sums[:, [[0, 1], [1, 2]]].transpose(2, 3).reshape(m, 6, 6)
    diagonal = found.diagonal(dim1=1, dim2=2)
    diagonal += 1e-4 * diagonal.mean(dim=1, keepdim=True) + 1e-9  # a plain picture has no curvature at all
    return found


def _composed(warp: Tensor, step: Tensor) -> Tensor:
    """The maps after the inverses of identity + step; unchanged where there is no inverse."""
    (a, b, c), (d, e, f) = step.permute(1, 2, 0)
    a, e = a + 1, e + 1
    area = a * e - b * d
    inverse = torch.stack([e, -b, b * f - c * e, -d, a, c * d - a * f], dim=1).view(-1, 2, 3) / area[:, None, None]
    made = warp[..., :2] @ inverse
    made[..., 2] += warp[..., 2]
    return torch.where((area.abs() > 0.1)[:, None, None], made, warp)


def _within(warp: Tensor, before: Tensor, side: int) -> Tensor:
    """The new maps, or those before where the new ones strain a picture more than a copy is."""
    strain = (warp[..., :2] - torch.eye(2)).abs().amax(dim=(1, 2))
    fine = (strain <= MOST_STRAIN) & (warp[..., 2].abs().amax(dim=1) <= MOST_STRAIN * side / 2)
    return torch.where(fine[:, None, None], warp, before)


@lru_cache(maxsize=8)
def _leads(side: int) -> Tensor:
    """(6, 2 s²): a map's numbers times this are its places as `grid_sample` wants them: columns, then rows, from -1 to 1."""
    grid = _grid(side).T * (2 / (side - 1))  # (3, s²)
    none = torch.zeros_like(grid)
    return torch.cat([torch.stack([none, grid], dim=-1), torch.stack([grid, none], dim=-1)]).flatten(1)


def _warped(b: Tensor, warp: Tensor) -> Tensor:
    """b (m, c, s, s) where the maps lead to, bilinear; beyond the rim the nearest pixel."""
    m, side = len(b), b.shape[-1]
    to = (warp.flatten(1) @ _leads(side)).view(m, side, side, 2)
    return functional.grid_sample(b, to, "bilinear", "border", align_corners=True)

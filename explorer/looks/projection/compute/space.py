"""Feature spaces made comparable: the same scale, the same axes, exact neighbours."""

from collections.abc import Sequence

import numpy as np
from scipy.linalg import orthogonal_procrustes

from explorer.errors import ExplorerError

LEAST = 4
MOST_AXES, PER_AXIS, LEAST_OTHERS = 50, 5, 20
"""A rotation is fitted on at least 20 images, in 50 dimensions at most and in no more than a fifth of its images."""


def check(spaces: dict[str, np.ndarray], labels: np.ndarray) -> None:
    """Raise ExplorerError, naming the space, where features (n, d) of the same n images cannot be mapped."""
    sizes = [len(features) for features in spaces.values()]
    if {*sizes, len(labels)} != {len(labels)}:
        raise ValueError(f"Features and labels of the same images: got {sizes} and {len(labels)}.")
    if len(labels) < LEAST:
        raise ExplorerError(f"A map needs at least {LEAST} images, got {len(labels)}. Choose more test images.")
    for what, features in spaces.items():
        if features.shape[1] < 2:
            raise ExplorerError(
                f"A map needs at least 2 features, got {features.shape[1]} ({what}). Choose another stage."
            )
    check_finite(spaces)
    if not any(np.ptp(features, axis=0).any() for features in spaces.values()):
        raise ExplorerError(
            f"All {len(labels)} images have the same features here, so there is nothing to map. Choose another run."
        )


def check_finite(spaces: dict[str, np.ndarray]) -> None:
    """Raise ExplorerError, naming the space, where features hold NaN or infinity."""
    for what, features in spaces.items():
        if not np.isfinite(features).all():
            raise ExplorerError(
                f"The features {what} hold values that are not finite (NaN or infinity), as after a training that "
                f"diverged. Choose another run, or train again with a smaller learning rate."
            )


def standardised(features: np.ndarray) -> np.ndarray:
    """Centred, with Frobenius norm sqrt(n): (n, min(n, d)), the same points up to a rotation, which changes no distance.

    Constant features become zeros.
    """
    x = _scaled(features)
    return principal(x, len(x)) if x.shape[1] > len(x) else x


def _scaled(features: np.ndarray) -> np.ndarray:
    """Centred, with Frobenius norm sqrt(n), on the axes that they have: (n, d); constant features become zeros."""
    x = features.astype(np.float64)
    x -= x.mean(axis=0)
    norm, n = np.linalg.norm(x), len(x)
    return x * (np.sqrt(n) / norm) if norm > 1e-9 * np.abs(features).max(initial=0.0) * np.sqrt(n) else np.zeros_like(x)


def principal(x: np.ndarray, components: int) -> np.ndarray:
    """The centred points `x` (n, d) in their first principal axes, (n, components); an axis' sign is fixed by its largest
    value, so that a map does not flip. By the smaller of the two Gram matrices."""
    n, d = x.shape
    if d <= n:
        found = x @ np.linalg.eigh(x.T @ x)[1][:, ::-1]
    else:
        values, vectors = np.linalg.eigh(x @ x.T)
        found = vectors[:, ::-1] * np.sqrt(values[::-1].clip(0))
    found = found[:, :components]
    largest = np.take_along_axis(found, np.abs(found).argmax(axis=0, keepdims=True), axis=0)
    return found * np.where(largest < 0, -1.0, 1.0)


def axes(others: int, *widths: int) -> int:
    """In how many dimensions a rotation is fitted on so many images, in networks of these widths; 0: none is fitted."""
    return min(MOST_AXES, others // PER_AXIS, *widths) if others >= LEAST_OTHERS else 0


def on_common_axes(shown: Sequence[np.ndarray], others: Sequence[np.ndarray] = ()) -> list[np.ndarray]:
    """The features `shown` (n, d_i) of the same n images in several networks on the axes of the first, (n, k) each.

    `others` (m, d_i) are the features of m *other* images in the same networks. On those alone the k first principal axes
    of each network are found, and the orthogonal R that brings it nearest to the first, argmin ‖x - y R‖ (orthogonal
    Procrustes, Schönemann 1966); the images shown follow, each network centred and scaled on its own. A rotation fitted
    on the images that are shown, in nearly as many dimensions as there are images, makes any two sets of features alike.

    Without others, or with too few for `axes`, nothing is rotated: all features as they are, narrower ones padded.
    """
    k = axes(len(others[0]), *(x.shape[1] for x in shown)) if others else 0
    if not k:
        width = max(x.shape[1] for x in shown)
        return [np.pad(_scaled(x), ((0, 0), (0, width - x.shape[1]))) for x in shown]
    bases = [_principal_axes(x, k) for x in others]
    fitted = [_scaled(x @ basis) for x, basis in zip(others, bases, strict=True)]
    placed = [_scaled(x @ basis) for x, basis in zip(shown, bases, strict=True)]
    return [
        placed[0],
        *(y @ orthogonal_procrustes(z, fitted[0])[0] for y, z in zip(placed[1:], fitted[1:], strict=True)),
    ]


def _principal_axes(features: np.ndarray, k: int) -> np.ndarray:
    """The first k principal axes of features (m, d), orthonormal columns (d, k), k ≤ m and k ≤ d."""
    x = features.astype(np.float64)
    x -= x.mean(axis=0)
    return np.linalg.svd(x, full_matrices=False)[2][:k].T


def unlike(x: np.ndarray, y: np.ndarray) -> float:
    """The squared distance that is left between two sets of places (n, k) of the same images, as a share of both sets'
    squared size, ‖x - y‖² / (‖x‖² + ‖y‖²): 0 for equal ones, 1 for two that have nothing to do with each other."""
    size = (x * x).sum() + (y * y).sum()
    return float(((x - y) ** 2).sum() / size) if size else 0.0


def neighbours(points: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Distances to and indices of the exact k nearest other points, (n, k) each, nearest first."""
    from sklearn.neighbors import NearestNeighbors

    return NearestNeighbors(n_neighbors=k).fit(points).kneighbors()

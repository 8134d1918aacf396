"""Feature spaces made comparable: the same scale, the same axes, exact neighbours."""

from collections.abc import Sequence

import numpy as np

from explorer.errors import ExplorerError

LEAST = 4


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
        if not np.isfinite(features).all():
            raise ExplorerError(
                f"The features {what} hold values that are not finite (NaN or infinity), as after a training that "
                f"diverged. Choose another run, or train again with a smaller learning rate."
            )
    if not any(np.ptp(features, axis=0).any() for features in spaces.values()):
        raise ExplorerError(
            f"All {len(labels)} images have the same features here, so there is nothing to map. Choose another run."
        )


def standardised(features: np.ndarray) -> np.ndarray:
    """Centred, with Frobenius norm sqrt(n): (n, min(n, d)), the same points up to a rotation, which changes no distance.

    Constant features become zeros.
    """
    x = features.astype(np.float64)
    x -= x.mean(axis=0)
    n, d = x.shape
    if d > n:
        x = principal(x, n)
    norm = np.linalg.norm(x)
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


def aligned(x: np.ndarray, others: Sequence[np.ndarray]) -> list[np.ndarray]:
    """`x` (n, r) and each of the others rotated onto it, all of the same width: argmin over orthogonal R of ‖x - y R‖
    (orthogonal Procrustes, Schönemann 1966)."""
    width = max(z.shape[1] for z in (x, *others))
    x, *others = (np.pad(z, ((0, 0), (0, width - z.shape[1]))) for z in (x, *others))
    return [x, *(y @ _rotation(y, x) for y in others)]


def _rotation(y: np.ndarray, x: np.ndarray) -> np.ndarray:
    u, _, vt = np.linalg.svd(y.T @ x)
    return u @ vt


def neighbours(points: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Distances to and indices of the exact k nearest other points, (n, k) each, nearest first."""
    from sklearn.neighbors import NearestNeighbors

    return NearestNeighbors(n_neighbors=k).fit(points).kneighbors()

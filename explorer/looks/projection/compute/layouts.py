"""Points laid out in the plane: PCA, UMAP on exact neighbours, AlignedUMAP."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from explorer.looks.projection.compute import descent
from explorer.looks.projection.compute.space import neighbours, principal

NEIGHBOURS, MIN_DIST, COMPONENTS, EPOCHS = 15, 0.1, 50, 200
LEAST_ALIGNED = 16  # AlignedUMAP starts from eigenvectors, which so small a graph does not have


def plane(points: np.ndarray, method: str, seed: int, k: int = NEIGHBOURS, min_dist: float = MIN_DIST) -> np.ndarray:
    """The centred points (m, d) in one fit, (m, 2) float32: PCA-2, or PCA-50 and UMAP on the exact k neighbours."""
    if method == "pca":
        return principal(points, 2).astype(np.float32)
    points = principal(points, COMPONENTS).astype(np.float32)
    k = min(k, len(points) - 1)
    distances, nearest = neighbours(points, k - 1)
    return umap(points, nearest, distances, seed, min_dist)


def umap(points: np.ndarray, nearest: np.ndarray, distances: np.ndarray, seed: int, min_dist: float) -> np.ndarray:
    """UMAP (McInnes et al. 2018, arXiv 1802.03426) of points (m, d) whose k - 1 nearest others (m, k - 1) are known:
    (m, 2) float32, started from the first two principal axes, 200 epochs, seeded."""
    own = np.arange(len(points))[:, None]
    known = np.hstack([own, nearest]), np.hstack([np.zeros_like(distances[:, :1]), distances])
    fit = _library().UMAP(
        n_neighbors=known[0].shape[1],
        min_dist=min_dist,
        n_epochs=EPOCHS,
        init="pca",
        random_state=seed,
        n_jobs=1,
        precomputed_knn=(*known, None),
    )
    with _compiled_once():
        return fit.fit_transform(points).astype(np.float32)


def aligned_planes(
    slices: Sequence[np.ndarray], seed: int, k: int = NEIGHBOURS, min_dist: float = MIN_DIST
) -> list[np.ndarray]:
    """One plane for each slice (n, d) of the same n images, tied image by image: AlignedUMAP, (n, 2) float32 each.

    Every slice keeps its own neighbours; a penalty of 0.01 a step holds each image near its place in the slice before
    (umap-learn's default, https://umap-learn.readthedocs.io/en/latest/aligned_umap_basic_usage.html).
    """
    n = len(slices[0])
    points = principal(np.vstack(slices), COMPONENTS).astype(np.float32).reshape(len(slices), n, -1)
    same = {i: i for i in range(n)}
    fit = _library().AlignedUMAP(
        n_neighbors=min(k, n - 1), min_dist=min_dist, n_epochs=EPOCHS, random_state=seed, transform_seed=seed
    )
    with _compiled_once():
        fit.fit(list(points), relations=[same] * (len(slices) - 1))
    return [np.asarray(found, np.float32) for found in fit.embeddings_]


def _library() -> Any:
    with _compiled_once(), descent.put_off():
        import umap

    return umap


@contextmanager
def _compiled_once() -> Iterator[None]:
    """What umap-learn compiles in this block is kept on disk (NUMBA_CACHE_DIR) and read by the next process, in 3 CPU-seconds.

    Its own decorators keep nothing: each process would compile for 10 s, and for 30 s more before its first AlignedUMAP, of
    which every fit would compile two functions again. Its warnings stay unsaid: that it cannot place new points later, that it
    is single-threaded, that TensorFlow is absent.
    """
    import numba

    plain = numba.njit
    numba.njit = partial(plain, cache=True)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        numba.njit = plain

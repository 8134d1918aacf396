"""One shared 2-D map of the same images before and after tuning, and how far to trust it."""

import warnings
from dataclasses import dataclass

import numpy as np

from explorer.catalogue.methods import PROJECTIONS
from explorer.errors import ExplorerError, unknown
from explorer.evidence import Score

NEIGHBOURS, COMPONENTS, EPOCHS = 15, 50, 200
LEAST = 4


@dataclass(frozen=True)
class SharedMap:
    """Where n images lie before (`a`) and after (`b`), each (n, 2) float32, on the same axes.

    The figures are those of `results.Projection`: `knn_a`, `knn_b` leave-one-out 10-nearest-neighbour accuracy in the
    full space; `trust_a`, `trust_b` trustworthiness of the map in [0, 1]; `mixing` in [0, 1]; `unmoved` says that the
    features are bitwise equal.
    """

    a: np.ndarray
    b: np.ndarray
    knn_a: Score
    knn_b: Score
    trust_a: float
    trust_b: float
    mixing: float
    unmoved: bool


def project(
    before: np.ndarray, after: np.ndarray, labels: np.ndarray, method: str = "umap", seed: int = 0
) -> SharedMap:
    """The features `before` (n, d1) and `after` (n, d2) of the same n ≥ 4 images on one map; `labels` (n,) only score it.

    Each is centred and divided by its Frobenius norm, and after is rotated onto before (orthogonal Procrustes, Schönemann
    1966), so that neither scale nor the choice of axes tells them apart: the invariances of linear CKA. Then one joint fit
    of all 2n points, PCA-50 and UMAP on exact neighbours (McInnes et al. 2018, arXiv 1802.03426), or PCA-2. Bitwise equal
    features are fitted once. The same seed gives the same map on one machine and version. Distances are Euclidean
    throughout, which the steps above leave as they were. Raises ExplorerError for fewer than 4 images or 2 features,
    values that are not finite, or an unknown method.
    """
    if method not in PROJECTIONS:
        raise unknown("projection", method, PROJECTIONS)
    _check(before, after, labels)
    unmoved = before.shape == after.shape and bool((before == after).all())
    x = _standardised(before)
    y = x if unmoved else _standardised(after)
    layout = _layout(x if unmoved else np.vstack(_aligned(x, y)), method, seed)
    a, b = layout[: len(x)], layout[-len(x) :]
    return SharedMap(
        a,
        b,
        _knn_accuracy(x, labels),
        _knn_accuracy(y, labels),
        _trust(x, a),
        _trust(y, b),
        0.5 if unmoved else _mixing(a, b),
        unmoved,
    )


def warm_up(method: str = "umap") -> None:
    """Pay for imports, and for UMAP's compilation (about 10 CPU-seconds in each process), with a fit of 64 points."""
    points = np.random.default_rng(0).normal(size=(32, 4))
    project(points, points**3, np.zeros(len(points)), method)


def _check(before: np.ndarray, after: np.ndarray, labels: np.ndarray) -> None:
    n = len(before)
    if not n == len(after) == len(labels):
        raise ValueError(f"Features and labels of the same images: got {n}, {len(after)} and {len(labels)}.")
    if n < LEAST:
        raise ExplorerError(f"A map needs at least {LEAST} images, got {n}. Choose more test images.")
    for what, features in (("before", before), ("after", after)):
        if features.shape[1] < 2:
            raise ExplorerError(
                f"A map needs at least 2 features, got {features.shape[1]} ({what}). Choose another stage."
            )
        if not np.isfinite(features).all():
            raise ExplorerError(
                f"The features {what} hold values that are not finite (NaN or infinity), as after a training that "
                f"diverged. Choose another run, or train again with a smaller learning rate."
            )
    if not (np.ptp(before, axis=0).any() or np.ptp(after, axis=0).any()):
        raise ExplorerError(
            f"All {n} images have the same features here, so there is nothing to map. Choose another run."
        )


def _standardised(features: np.ndarray) -> np.ndarray:
    """Centred, with Frobenius norm sqrt(n): (n, min(n, d)), the same points up to a rotation, which changes no distance.

    Constant features become zeros.
    """
    x = features.astype(np.float64)
    x -= x.mean(axis=0)
    n, d = x.shape
    if d > n:
        x = _principal(x, n)
    norm = np.linalg.norm(x)
    return x * (np.sqrt(n) / norm) if norm > 1e-9 * np.abs(features).max(initial=0.0) * np.sqrt(n) else np.zeros_like(x)


def _principal(x: np.ndarray, components: int) -> np.ndarray:
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


def _aligned(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`x` (n, r1) and `y` (n, r2) rotated onto it, both (n, max(r1, r2)): argmin over orthogonal R of ‖x - y R‖."""
    width = max(x.shape[1], y.shape[1])
    x, y = (np.pad(z, ((0, 0), (0, width - z.shape[1]))) for z in (x, y))
    u, _, vt = np.linalg.svd(y.T @ x)
    return x, y @ (u @ vt)


def _layout(points: np.ndarray, method: str, seed: int) -> np.ndarray:
    """The points (m, d) in the plane, (m, 2) float32."""
    if method == "pca":
        return _principal(points, 2).astype(np.float32)
    points = _principal(points, COMPONENTS).astype(np.float32)
    k = min(NEIGHBOURS, len(points) - 1)
    distances, nearest = _neighbours(points, k - 1)
    own = np.arange(len(points))[:, None]
    known = np.hstack([own, nearest]), np.hstack([np.zeros_like(distances[:, :1]), distances])
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # umap says that it cannot place new points later, and that TensorFlow is absent
        import umap

        fit = umap.UMAP(
            n_neighbors=k, n_epochs=EPOCHS, init="pca", random_state=seed, n_jobs=1, precomputed_knn=(*known, None)
        )
        return fit.fit_transform(points).astype(np.float32)


def _neighbours(points: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Distances to and indices of the exact k nearest other points, (n, k) each, nearest first."""
    from sklearn.neighbors import NearestNeighbors

    return NearestNeighbors(n_neighbors=k).fit(points).kneighbors()


def _knn_accuracy(x: np.ndarray, labels: np.ndarray, k: int = 10) -> Score:
    """How often the majority of an image's k nearest others (of all n - 1 where they are fewer) has its class.

    Of classes with as many votes, the one whose votes are nearer wins.
    """
    nearest = _neighbours(x, min(k, len(x) - 1))[1]
    classes, numbers = np.unique(labels, return_inverse=True)
    worth = 1 + 1e-3 * np.linspace(1, 0, nearest.shape[1])  # too little to outvote, enough to break a tie
    votes = np.stack([(worth * (numbers[nearest] == c)).sum(axis=1) for c in range(len(classes))], axis=1)
    return Score(len(x), int((votes.argmax(axis=1) == numbers).sum()))


def _trust(x: np.ndarray, layout: np.ndarray, k: int = 10) -> float:
    """Trustworthiness of the map at k neighbours in [0, 1]: 1 where the map invents no neighbour (Venna, Kaski 2001)."""
    from sklearn.manifold import trustworthiness

    return float(trustworthiness(x, layout, n_neighbors=min(k, (len(x) - 1) // 2)))


def _mixing(a: np.ndarray, b: np.ndarray, k: int = 10) -> float:
    """The share of each point's k nearest map neighbours that come from the other model, in [0, 1].

    A point's own twin does not count, so that 0.5 stands for "nothing moved" and near 0 for two islands.
    """
    n = len(a)
    k = min(k, 2 * (n - 1))
    nearest, own = _neighbours(np.vstack([a, b]), k + 1)[1], np.arange(2 * n)[:, None]
    twin_last = np.argsort(nearest % n == own % n, axis=1, kind="stable")
    nearest = np.take_along_axis(nearest, twin_last, axis=1)[:, :k]
    return float(np.mean((nearest < n) != (own < n)))

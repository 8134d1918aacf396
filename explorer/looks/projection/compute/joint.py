"""One shared map of the same images before and after tuning, and how far to trust it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from explorer.catalogue.methods import PROJECTIONS
from explorer.errors import unknown
from explorer.evidence import Score
from explorer.looks.projection.compute.layouts import LEAST_ALIGNED, MIN_DIST, NEIGHBOURS, aligned_planes, plane
from explorer.looks.projection.compute.separation import knn_accuracy
from explorer.looks.projection.compute.space import (
    axes,
    check,
    check_finite,
    neighbours,
    on_common_axes,
    standardised,
    unlike,
)
from explorer.looks.projection.question import Agreement
from explorer.progress import ProgressCallback, silent


@dataclass(frozen=True)
class SharedMap:
    """Where n images lie before (`a`) and after (`b`), each (n, 2) float32, on the same axes.

    The figures are those of `question.Projection`: `knn_a`, `knn_b` leave-one-out 10-nearest-neighbour accuracy in the
    full space; `trust_a`, `trust_b` trustworthiness of the map in [0, 1]; `unmoved` says that the features are bitwise
    equal; the rotation was fitted on `others` images in `axes` dimensions (0: there was none).
    """

    a: np.ndarray
    b: np.ndarray
    knn_a: Score
    knn_b: Score
    trust_a: float
    trust_b: float
    agreement: Agreement
    unmoved: bool
    others: int
    axes: int


def project(
    before: np.ndarray,
    after: np.ndarray,
    labels: np.ndarray,
    method: str = "umap",
    seed: int = 0,
    k: int = NEIGHBOURS,
    min_dist: float = MIN_DIST,
    report: ProgressCallback = silent,
    others: Sequence[np.ndarray] = (),
) -> SharedMap:
    """The features `before` (n, d1) and `after` (n, d2) of the same n ≥ 4 images on one map; `labels` (n,) only score it.

    Each is centred and divided by its Frobenius norm, and after is rotated onto before, so that neither scale nor the
    choice of axes tells them apart: the invariances of linear CKA. The rotation is fitted on `others`, the features (m, d1)
    and (m, d2) of images that are not on the map; without them nothing is rotated (`on_common_axes`). Then one joint fit of
    all 2n points, PCA-50 and UMAP on exact neighbours (McInnes et al. 2018, arXiv 1802.03426), or PCA-2; or, with
    `aligned`, two fits tied image by image. Bitwise equal features are fitted once. The same seed gives the same map on one
    machine and version. Distances are Euclidean throughout. Raises ExplorerError for fewer than 4 images or 2 features,
    values that are not finite, or an unknown method.
    """
    if method not in PROJECTIONS:
        raise unknown("projection", method, PROJECTIONS)
    spaces = {"before": before, "after": after}
    check(spaces, labels)
    check_finite({f"{what} (other images)": x for what, x in zip(spaces, others, strict=False)})
    unmoved = before.shape == after.shape and bool((before == after).all())
    if unmoved:
        x = y = standardised(before)
        a = b = plane(x, "pca" if method == "pca" else "umap", seed, k, min_dist)
        agreement, others = Agreement(mixing=0.5, twins=1.0, left=0.0), ()
    else:
        x, y = on_common_axes([before, after], others)
        a, b = _planes(x, y, method, seed, k, min_dist, report)
        agreement = Agreement(mixing=mixing(a, b), twins=twins(a, b), left=unlike(x, y))
        x, y = standardised(before), standardised(after)
    n = len(others[0]) if others else 0
    on = axes(n, before.shape[1], after.shape[1])
    scores = knn_accuracy(x, labels), knn_accuracy(y, labels)
    return SharedMap(a, b, *scores, trust(x, a), trust(y, b), agreement, unmoved, n if on else 0, on)


def _planes(
    x: np.ndarray,
    y: np.ndarray,
    method: str,
    seed: int,
    k: int,
    min_dist: float,
    report: ProgressCallback,
) -> tuple[np.ndarray, np.ndarray]:
    if method == "aligned" and len(x) >= LEAST_ALIGNED:
        report(0.1, "two maps, tied image by image; on a machine new to it, half a minute to compile")
        a, b = aligned_planes([x, y], seed, k, min_dist)
        return a, b
    both = plane(np.vstack([x, y]), "pca" if method == "pca" else "umap", seed, k, min_dist)
    return both[: len(x)], both[len(x) :]


def warm_up(method: str = "umap") -> None:
    """Pay for imports, and for UMAP's compilation (about 10 CPU-seconds once on a machine), with a fit of 64 points."""
    points = np.random.default_rng(0).normal(size=(32, 4))
    project(points, points**3, np.zeros(len(points)), method)


def trust(x: np.ndarray, layout: np.ndarray, k: int = 10) -> float:
    """Trustworthiness of the map at k neighbours in [0, 1]: 1 where the map invents no neighbour (Venna, Kaski 2001)."""
    from sklearn.manifold import trustworthiness

    return float(trustworthiness(x, layout, n_neighbors=min(k, (len(x) - 1) // 2)))


def mixing(a: np.ndarray, b: np.ndarray, k: int = 10) -> float:
    """The share of each point's k nearest map neighbours that come from the other model, in [0, 1].

    A point's own twin does not count, so that 0.5 stands for two clouds that cover each other, whoever is where in them,
    and near 0 for two islands.
    """
    n = len(a)
    k = min(k, 2 * (n - 1))
    nearest, own = neighbours(np.vstack([a, b]), k + 1)[1], np.arange(2 * n)[:, None]
    twin_last = np.argsort(nearest % n == own % n, axis=1, kind="stable")
    nearest = np.take_along_axis(nearest, twin_last, axis=1)[:, :k]
    return float(np.mean((nearest < n) != (own < n)))


def twins(a: np.ndarray, b: np.ndarray) -> float:
    """How often an image's place in the other model is nearer to its own place than another image's is, in [0, 1].

    Over all images, all other images and both directions; equally far counts half. 1 where no image moved past another,
    0.5 by chance: where the places of B have nothing to do with those of A.
    """
    far = np.linalg.norm(a[:, None].astype(np.float64) - b[None], axis=2)
    own, other = np.diag(far), ~np.eye(len(a), dtype=bool)
    nearer = [np.sign(rows - own[:, None])[other].mean() for rows in (far, far.T)]
    return float(0.5 + np.mean(nearer) / 2)

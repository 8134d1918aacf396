"""A run's epochs on one map: the pre-trained network first, then the network after each epoch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from explorer.catalogue.methods import PROJECTIONS
from explorer.errors import unknown
from explorer.evidence import Score
from explorer.looks.projection.compute.joint import trust
from explorer.looks.projection.compute.layouts import COMPONENTS, MIN_DIST, NEIGHBOURS, plane, umap
from explorer.looks.projection.compute.separation import knn_accuracy
from explorer.looks.projection.compute.space import axes, check, on_common_axes, principal, standardised
from explorer.progress import ProgressCallback, silent


@dataclass(frozen=True)
class EpochMaps:
    """`xy` (t, m, 2) float32: m images at t moments; `knn` in the full space of all n images and `trust` of the map, one
    each moment; the rotations were fitted on `others` images in `axes` dimensions (0: there were none)."""

    xy: np.ndarray
    knn: tuple[Score, ...]
    trust: tuple[float, ...]
    others: int
    axes: int


def map_epochs(
    moments: Sequence[np.ndarray],
    labels: np.ndarray,
    images: np.ndarray,
    method: str = "umap",
    seed: int = 0,
    k: int = NEIGHBOURS,
    min_dist: float = MIN_DIST,
    report: ProgressCallback = silent,
) -> EpochMaps:
    """The features (n, d) of the same n images at t ≥ 1 moments, those of `images` (m,) laid out in one fit.

    Every moment is centred, scaled and rotated onto the first as in `project`, the rotations fitted on those of the n images
    that are not laid out: nothing is rotated where they are too few. An image at a moment looks for its 1.5 k
    exact nearest among that moment, the one before and the first: among all t moments it would find little but copies of
    itself. With the first moment among them nothing drifts away by small steps. `labels` (n,) only score the map.
    """
    if method not in PROJECTIONS:
        raise unknown("projection", method, PROJECTIONS)
    check({f"at epoch {t}": features for t, features in enumerate(moments)}, labels)
    report(0.05, "rotating the epochs onto the pre-trained network")
    spaces = [standardised(features) for features in moments]
    scores = tuple(knn_accuracy(x, labels) for x in spaces)
    kept = [features[images] for features in moments]
    rest = np.setdiff1d(np.arange(len(labels)), images)
    others = [features[rest] for features in moments] if len(moments) > 1 else []
    on = axes(len(rest), *(features.shape[1] for features in moments)) if others else 0
    stack = np.vstack(on_common_axes(kept, others))
    report(0.3, f"one map of {len(stack)} points")
    if method == "pca" or len(moments) == 1:
        layout = plane(stack, "pca" if method == "pca" else "umap", seed, k, min_dist)
    else:
        points = principal(stack, COMPONENTS).astype(np.float32)
        layout = umap(points, *_near_in_time(points, len(moments), 3 * k // 2), seed, min_dist)
    report(0.9, "how far to trust it")
    xy = layout.reshape(len(moments), len(images), 2)
    trusts = tuple(trust(standardised(x), at) for x, at in zip(kept, xy, strict=True))
    return EpochMaps(xy, scores, trusts, len(rest) if on else 0, on)


def _near_in_time(points: np.ndarray, moments: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices of and distances to the k - 1 nearest other points (m·t, k - 1) at the same moment, the one before and the
    first (for the first: the second)."""
    from sklearn.neighbors import NearestNeighbors

    m = len(points) // moments
    k = min(k, 2 * m - 1)
    found = []
    for t in range(moments):
        among = np.concatenate(
            [np.arange(s * m, (s + 1) * m) for s in sorted({0, max(t - 1, 0), t, 1 if t == 0 else t})]
        )
        own = np.arange(t * m, (t + 1) * m)[:, None]
        far, near = NearestNeighbors(n_neighbors=k).fit(points[among]).kneighbors(points[own[:, 0]])
        near = among[near]
        self_first = np.argsort(near != own, axis=1, kind="stable")  # a twin at distance 0 may come before the point
        found.append([np.take_along_axis(rows, self_first, axis=1)[:, 1:] for rows in (near, far)])
    nearest, distances = (np.vstack(rows) for rows in zip(*found, strict=True))
    return nearest, distances

"""The shared map. Letters: n images, c channels, h w, d features, k classes."""

from dataclasses import dataclass

import numpy as np

from explorer.evidence import Score


@dataclass(frozen=True)
class Projection:
    """One shared map of the test images in A (before) and B (after): `a`, `b` (n, 2).

    `knn_a`, `knn_b`: leave-one-out 10-nearest-neighbour accuracy in the full space; `trust_a`, `trust_b`: trustworthiness
    of the map in [0, 1] (Venna, Kaski 2001); `mixing`: share of each point's map neighbours from the other model (0.5
    where nothing moved, near 0 for two islands); `unmoved`: the features are bitwise the same.
    """

    method: str
    stage: str
    a: np.ndarray
    b: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    ids: tuple[str, ...]
    knn_a: Score
    knn_b: Score
    trust_a: float
    trust_b: float
    mixing: float
    unmoved: bool

"""How far each stage moved. Letters: n images, c channels, h w, d features, k classes."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class StageChange:
    """How far one stage moved from A to B: debiased linear CKA, share of common nearest neighbours, relative weight
    change ‖B-A‖/‖A‖. `cka_random` is the control: CKA of A with a random network of the same shape."""

    stage: str
    cka: float
    knn_overlap: float
    weight_change: float
    cka_random: float = float("nan")


@dataclass(frozen=True)
class Comparison:
    """Two runs on the same test images; `quadrant` (n,) holds 0 both right, 1 fixed, 2 broken, 3 both wrong."""

    a: str
    b: str
    n: int
    both_right: int
    fixed: int
    broken: int
    both_wrong: int
    p_value: float
    verdict: str
    quadrant: np.ndarray
    stages: tuple[StageChange, ...]

"""Where one learning curve overtakes another, and how sure that is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 2000


@dataclass(frozen=True)
class Crossing:
    """The size `at` which B overtakes A for good: 0 where it is ahead from the smallest size on, infinite where it is not
    ahead at the largest. `low` to `high` is the 95 % interval, with the same two meanings; `within` is the share of resamples in
    which the curves cross between the smallest and the largest size."""

    at: float
    low: float
    high: float
    within: float

    @property
    def crosses(self) -> bool:
        """Whether the curves cross within the sizes that were measured."""
        return 0 < self.at < math.inf


def overtakes(sizes: Sequence[float], differences: Sequence[float]) -> float:
    """Where B - A becomes positive for good: the last change from not positive to positive, on straight lines over the logarithm
    of the size; 0 where all `differences` are positive, infinite where the last is not. `sizes` rise."""
    if differences[-1] <= 0:
        return math.inf
    behind = [i for i, value in enumerate(differences) if value <= 0]
    if not behind:
        return 0.0
    i = behind[-1]
    share = -differences[i] / (differences[i + 1] - differences[i])
    return sizes[i] * (sizes[i + 1] / sizes[i]) ** share


def crossing(sizes: Sequence[float], gains: np.ndarray, groups: np.ndarray | None = None, seed: int = 0) -> Crossing:
    """Where B overtakes A, from the gains (k, s, n) of B over A at k rising sizes with s seeds on n images.

    The interval is the percentile bootstrap's (Efron 1979) over seeds and images, each resampled by itself, as in Owen (2007,
    Annals of Applied Statistics 1:386); images that come in `groups` (n,) are resampled in whole groups.
    """
    k, s, n = gains.shape
    dice = np.random.default_rng(seed)
    names = np.arange(n) if groups is None else np.unique(groups, return_inverse=True)[1]
    drawn = dice.multinomial(len(np.unique(names)), np.full(names.max() + 1, 1 / (names.max() + 1)), RESAMPLES)
    of_images = drawn[:, names].astype(np.float64)
    of_images /= np.maximum(of_images.sum(axis=1, keepdims=True), 1)
    of_seeds = dice.multinomial(s, np.full(s, 1 / s), RESAMPLES) / s
    means = np.einsum("ksr,rs->rk", gains @ of_images.T, of_seeds)
    found = np.array([overtakes(sizes, row) for row in means.tolist()])
    low, high = np.quantile(found, [0.025, 0.975], method="nearest").tolist()
    within = float(((found > 0) & np.isfinite(found)).mean())
    return Crossing(overtakes(sizes, gains.mean(axis=(1, 2)).tolist()), low, high, within)

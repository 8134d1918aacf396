"""Confident learning: which labels are likely wrong, given probabilities that each picture had no part in.

Northcutt, Jiang & Chuang 2021, JAIR 70:1373, arXiv 1911.00068. Written here, not taken from cleanlab (whose rule it is): the rule
is a few lines of NumPy, it must run a hundred times for what chance would flag, and cleanlab brings pandas and two more
packages into the worker.
"""

from dataclasses import dataclass

import numpy as np

DRAWS = 100


def thresholds(labels: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """(k,): of each class the mean probability of it over the pictures (n,) that have its label; 1 for a class without any."""
    k = probability.shape[1]
    totals = np.bincount(labels, weights=probability[np.arange(len(labels)), labels], minlength=k)
    counts = np.bincount(labels, minlength=k)
    return np.where(counts > 0, totals / np.maximum(counts, 1), 1.0)


def confident_class(labels: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """(n,): the most probable of the classes whose probability (n, k) reaches their threshold; -1 where none does."""
    reached = probability >= thresholds(labels, probability)[None]
    return np.where(reached.any(axis=1), np.where(reached, probability, -1.0).argmax(axis=1), -1)


def flagged(labels: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """(n,) bool: the pictures off the diagonal of the confident joint, confidently of another class than their label says."""
    found = confident_class(labels, probability)
    return (found >= 0) & (found != labels)


def margin(labels: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """(n,) in [-1, 1]: how much more probable the best other class is than the label."""
    rows = np.arange(len(labels))
    given = probability[rows, labels]
    others = probability.copy()
    others[rows, labels] = -1
    return others.max(axis=1) - given


@dataclass(frozen=True)
class Chance:
    """What would be flagged if labels were drawn from the probabilities: `counts` (draws,) how many each time, `margins` the
    margins of all of them, rising, of all draws together."""

    counts: np.ndarray
    margins: np.ndarray

    def as_far(self, margins: np.ndarray) -> np.ndarray:
        """For each of these margins, how many labels a draw has that are flagged and stand out at least as far, on average."""
        return (len(self.margins) - np.searchsorted(self.margins, margins, side="left")) / len(self.counts)


def by_chance(probability: np.ndarray, seed: int = 0, draws: int = DRAWS) -> Chance:
    """Draw each picture's label from its probabilities (n, k), so that no label is wrong, and apply the rule."""
    dice = np.random.default_rng(seed)
    steps = probability.cumsum(axis=1)
    counts, margins = [], []
    for _ in range(draws):
        labels = (dice.random((len(steps), 1)) * steps[:, -1:] > steps).sum(axis=1).clip(max=steps.shape[1] - 1)
        found = flagged(labels, probability)
        counts.append(int(found.sum()))
        margins.append(margin(labels, probability)[found])
    return Chance(np.array(counts), np.sort(np.concatenate(margins)))

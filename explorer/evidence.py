"""How sure a number is: intervals for an accuracy, a paired test for two models on the same images."""

import math
from dataclasses import dataclass

import numpy as np

_Z95 = 1.959963984540054


def wilson(correct: int, n: int, z: float = _Z95) -> tuple[float, float]:
    """The Wilson score interval of a proportion, both ends in [0, 1] (Wilson 1927, JASA 22:209).

    centre ± half with centre = (p + z²/2n) / (1 + z²/n), half = z·sqrt(p(1-p)/n + z²/4n²) / (1 + z²/n).
    For n = 0: (0, 1).
    """
    if n == 0:
        return 0.0, 1.0
    p, scale = correct / n, 1 + z * z / n
    centre = (p + z * z / (2 * n)) / scale
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / scale
    return max(0.0, centre - half), min(1.0, centre + half)


def mcnemar(fixed: int, broken: int) -> float:
    """The exact two-sided p-value that B differs from A on the same images (McNemar 1947, exact binomial form).

    `fixed` counts images wrong in A and right in B, `broken` the reverse; images that agree carry no information.
    """
    n, k = fixed + broken, min(fixed, broken)
    tail = sum(math.comb(n, i) for i in range(k + 1)) / 2**n
    return min(1.0, 2 * tail)


@dataclass(frozen=True)
class Score:
    """An accuracy with its n and 95 % Wilson interval."""

    n: int
    correct: int

    @property
    def accuracy(self) -> float:
        """The share that is right, in [0, 1] (0 for n = 0)."""
        return self.correct / self.n if self.n else 0.0

    @property
    def low(self) -> float:
        """Lower end of the 95 % Wilson interval."""
        return wilson(self.correct, self.n)[0]

    @property
    def high(self) -> float:
        """Upper end of the 95 % Wilson interval."""
        return wilson(self.correct, self.n)[1]

    def json(self) -> dict[str, float]:
        """The five numbers of the command line's contract."""
        return {"n": self.n, "correct": self.correct, "accuracy": self.accuracy, "low": self.low, "high": self.high}

    def __str__(self) -> str:
        low, high = 100 * self.low, 100 * self.high
        return f"{100 * self.accuracy:.1f} % (95 % interval {low:.1f} to {high:.1f} %, n = {self.n})"


def verdict(fixed: int, broken: int, level: float = 0.05) -> str:
    """One sentence on B against A; says `no difference shown` unless p < level."""
    p = mcnemar(fixed, broken)
    if p >= level:
        return f"No difference shown (p = {p:.2g}, exact McNemar test)."
    better = "B is better" if fixed > broken else "A is better"
    return f"{better} on these images (p = {p:.2g}, exact McNemar test)."


@dataclass(frozen=True)
class Balanced:
    """The mean over classes of the share that is right in each, with a 95 % interval; `n` images of `classes` classes."""

    value: float
    low: float
    high: float
    n: int
    classes: int

    def json(self) -> dict[str, float]:
        """The numbers as the command line prints them."""
        return {"value": self.value, "low": self.low, "high": self.high, "n": self.n, "classes": self.classes}


def balanced(labels: np.ndarray, predicted: np.ndarray, draws: int = 4000) -> Balanced:
    """Balanced accuracy of labels and predictions, (n,) each: every class that occurs counts the same.

    The interval is drawn (seeded) from Jeffreys' posterior of each class's share, Beta(right + ½, wrong + ½)
    (Brown, Cai & DasGupta 2001, Statistical Science 16:101), since a mean of proportions has no Wilson interval.
    """
    present = np.unique(labels)
    if not len(present):
        return Balanced(0.0, 0.0, 1.0, 0, 0)
    counts = np.array([(labels == c).sum() for c in present])
    right = np.array([((labels == c) & (predicted == c)).sum() for c in present])
    drawn = np.random.default_rng(0).beta(right + 0.5, counts - right + 0.5, (draws, len(present))).mean(1)
    value = float((right / counts).mean())
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Balanced(value, min(float(low), value), max(float(high), value), len(labels), len(present))

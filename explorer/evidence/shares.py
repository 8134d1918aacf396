"""How sure an accuracy is: Wilson's interval, and balanced accuracy with its own."""

import math
from dataclasses import dataclass

import numpy as np

Z95 = 1.959963984540054


def share_words(share: float, digits: int = 1) -> str:
    """`94.1 %`."""
    return f"{share:.{digits}%}".replace("%", " %")


def wilson(correct: float, n: float, z: float = Z95) -> tuple[float, float]:
    """The Wilson score interval of a proportion, both ends in [0, 1] (Wilson 1927, JASA 22:209).

    centre ± half with centre = (p + z²/2n) / (1 + z²/n), half = z·sqrt(p(1-p)/n + z²/4n²) / (1 + z²/n).
    For n = 0: (0, 1). Neither need be whole: an effective n is not.
    """
    if n == 0:
        return 0.0, 1.0
    p, scale = correct / n, 1 + z * z / n
    centre = (p + z * z / (2 * n)) / scale
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / scale
    return max(0.0, centre - half), min(1.0, centre + half)


@dataclass(frozen=True)
class Score:
    """An accuracy with its n and 95 % Wilson interval. Raises ValueError for more that are right than there are."""

    n: int
    correct: int

    def __post_init__(self) -> None:
        if not 0 <= self.correct <= self.n:
            raise ValueError(f"{self.correct} of {self.n} cannot be right")

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


def balanced(labels: np.ndarray, predicted: np.ndarray) -> Balanced:
    """Balanced accuracy v of labels and predictions, (n,) each: every class that occurs counts the same.

    The interval is Wilson's at the effective number of images v(1-v) / V, with V = Σ_c q_c(1-q_c) / (n_c·f_c) / K² the
    variance of a mean of K shares: q_c = (right_c + v) / (n_c + 1) draws each class's share towards v by one image, since a
    class of six that is all right is not known to be without fault, and f_c = 1 - n_c / (n_c + 1)² makes up for what that and
    so few images take from the variance. Where all is right or all is wrong, V says nothing, and the effective number is that
    of classes that are alike, K² / Σ 1/n_c. Coverage in simulations: 0.92 to 0.97 from 100 images and 6 a class
    (tests/evidence/test_evidence.py); less, down to 0.85, where a class of 6 stands beside one of 60.
    """
    present, places = np.unique(labels, return_inverse=True)
    if not len(present):
        return Balanced(0.0, 0.0, 1.0, 0, 0)
    counts = np.bincount(places)
    right = np.bincount(places, weights=labels == predicted)
    value = float((right / counts).mean())
    drawn = (right + value) / (counts + 1)
    variance = float((drawn * (1 - drawn) / counts / (1 - counts / (counts + 1) ** 2)).mean()) / len(present)
    alike = len(present) / float((1 / counts).mean())
    effective = value * (1 - value) / variance if 0 < value < 1 else alike
    return Balanced(value, *wilson(value * effective, effective), len(labels), len(present))

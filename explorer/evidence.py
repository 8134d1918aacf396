"""How sure a number is: intervals for an accuracy, a paired test for two models on the same images."""

import math
from dataclasses import dataclass

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

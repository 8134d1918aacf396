"""Two models on the same images: the exact test, how far apart they are, and how many images it takes to tell them apart."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from explorer.evidence.groups import Grouped, accuracy_by_group, difference_by_group
from explorer.evidence.many import p_digits
from explorer.evidence.shares import Z95, Score

POWER = 0.8
"""The chance that a difference of the assumed size is shown."""


def mcnemar(fixed: int, broken: int) -> float:
    """The exact two-sided p-value that B differs from A on the same images (McNemar 1947, exact binomial form).

    `fixed` counts images wrong in A and right in B, `broken` the reverse; images that agree carry no information. Where
    there is no difference it falls below 0.05 in at most one test in twenty, often in fewer: few discordant images make few
    possible values of p (n = 150, of which 3 % are discordant: in 0.7 % of tests).
    """
    n, k = fixed + broken, min(fixed, broken)
    tail = sum(math.comb(n, i) for i in range(k + 1)) / 2**n
    return min(1.0, 2 * tail)


def difference(fixed: int, broken: int, n: int) -> tuple[float, float]:
    """The 95 % interval of B - A, the difference of two accuracies on the same n images; both ends in [-1, 1].

    d ± z·sqrt((p + q - d²) / (n + 2)) with p = (fixed + 1) / (n + 2), q = (broken + 1) / (n + 2), d = p - q: an adjusted Wald
    interval (Bonett & Price 2012, J. Educational and Behavioral Statistics 37:479; beside others in Fagerland, Lydersen & Laake
    2014, Statistics in Medicine 33:2850). Coverage in simulations: 0.94 to 1
    (tests/evidence/test_evidence_pairs.py). For n = 0: (-1, 1).
    """
    if n == 0:
        return -1.0, 1.0
    p, q = (fixed + 1) / (n + 2), (broken + 1) / (n + 2)
    middle, half = p - q, Z95 * math.sqrt((p + q - (p - q) ** 2) / (n + 2))
    return max(-1.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True)
class Paired:
    """B against A on the same images, counted: right in both, `fixed` by B (wrong in A), `broken` by B (right in A), wrong in
    both; and B - A with its interval and its test.

    Where images come in groups, `grouped` is B - A and `accuracy` B's share as far as they hold for other groups.
    """

    both_right: int
    fixed: int
    broken: int
    both_wrong: int
    grouped: Grouped | None = None
    accuracy: Grouped | None = None

    @property
    def n(self) -> int:
        """Images."""
        return self.both_right + self.fixed + self.broken + self.both_wrong

    @property
    def score(self) -> Score:
        """What B gets right."""
        return Score(self.n, self.both_right + self.fixed)

    @property
    def value(self) -> float:
        """B's accuracy less A's, in [-1, 1] (0 for n = 0)."""
        return (self.fixed - self.broken) / self.n if self.n else 0.0

    @property
    def low(self) -> float:
        """Lower end of its 95 % interval."""
        return difference(self.fixed, self.broken, self.n)[0]

    @property
    def high(self) -> float:
        """Upper end of its 95 % interval."""
        return difference(self.fixed, self.broken, self.n)[1]

    @property
    def p_value(self) -> float:
        """Of the exact McNemar test."""
        return mcnemar(self.fixed, self.broken)

    @property
    def verdict(self) -> str:
        """B against A in one sentence."""
        return verdict(self.fixed, self.broken)

    def __str__(self) -> str:
        return f"{points(self.value)} points (95 % interval {points(self.low)} to {points(self.high)}, n = {self.n})"


RIGHT_IN_BOTH, FIXED, BROKEN, WRONG_IN_BOTH = range(4)
"""The quadrants of images that two models were asked about."""


def quadrants(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Where each image falls, (n,) int, by whether A and B get it right, (n,) bool each."""
    return np.where(a, np.where(b, RIGHT_IN_BOTH, BROKEN), np.where(b, FIXED, WRONG_IN_BOTH))


def paired(a: np.ndarray, b: np.ndarray, groups: np.ndarray | None = None) -> Paired:
    """B against A, from which images each gets right, (n,) bool; they may come in `groups` (n,) str."""
    both_right, fixed, broken, both_wrong = np.bincount(quadrants(a, b), minlength=4).tolist()
    if groups is None:
        return Paired(both_right, fixed, broken, both_wrong)
    others = difference_by_group(a, b, groups), accuracy_by_group(b, groups)
    return Paired(both_right, fixed, broken, both_wrong, *others)


def points(share: float) -> str:
    """`+3.3`, `−0.7` (with a true minus sign) or `0.0`: a difference in percentage points."""
    words = f"{100 * share:+.1f}".replace("-", "−")
    return "0.0" if words in ("+0.0", "−0.0") else words


def grouped_verdict(found: Sequence[Paired], level: float = 0.05) -> str:
    """One sentence on B against A for other groups of images, over all seeds, from tests that exchange whole groups.

    A difference is shown only where each seed shows it and all point the same way (as in `races.verdict`).
    """
    tests = [(one.grouped.p_value or 0.0, one.value > 0) for one in found if one.grouped is not None]
    most = max((p for p, _ in tests), default=1.0)
    sign, end = ("=", "") if len(tests) == 1 else ("≤", " with each seed")
    if most < level and len({better for _, better in tests}) == 1:
        return f"{'B' if tests[0][1] else 'A'} is better{end} (p {sign} {p_digits(most)}, whole groups exchanged)."
    return f"No difference shown{' with all seeds' if end else ''} (p {sign} {p_digits(most)}, whole groups exchanged)."


def verdict(fixed: int, broken: int, level: float = 0.05) -> str:
    """One sentence on B against A; says `no difference shown` unless p < level."""
    p = mcnemar(fixed, broken)
    if p >= level:
        return f"No difference shown (p = {p_digits(p)}, exact McNemar test)."
    better = "B is better" if fixed > broken else "A is better"
    return f"{better} on these images (p = {p_digits(p)}, exact McNemar test)."


def images_needed(discordant: float, difference: float, power: float = POWER) -> int | None:
    """Test images with which McNemar's test at 5 % shows a `difference` (B's accuracy less A's) of this size with this power,
    where the share `discordant` of images is right in one model alone. None where there is no difference to be shown.

    n = (z₉₇.₅·√ψ + z_power·√(ψ - δ²))² / δ², the unconditional sample size (Connor 1987, Biometrics 43:207). It is of one pair of
    networks; simulated, the exact test reaches 0.75 to 0.85 where 0.8 was asked for (tests/evidence/test_evidence_power.py).
    """
    size = abs(difference)
    if size <= 0 or discordant <= 0:
        return None
    share = max(discordant, size)  # a difference cannot be larger than the share that differs
    reach = Z95 * math.sqrt(share) + NormalDist().inv_cdf(power) * math.sqrt(share - size * size)
    return math.ceil((reach / size) ** 2)

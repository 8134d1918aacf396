"""Intervals and tests against code that shares nothing with them: fractions, scipy and brute force."""

from fractions import Fraction

import numpy as np
import pytest
from scipy import optimize, stats

from explorer import evidence

RNG = np.random.default_rng(7)


@pytest.mark.parametrize(("correct", "n"), [(0, 1), (0, 40), (7, 40), (40, 40), (147, 153), (2, 306), (9_990, 10_000)])
def test_wilson_is_where_the_score_test_turns(correct: int, n: int) -> None:
    """Both ends solve |p̂ - p| = z·sqrt(p(1-p)/n); found by bisection, and the same as scipy's."""
    z = stats.norm.ppf(0.975)

    def excess(p: float) -> float:
        return (correct / n - p) ** 2 - z * z * p * (1 - p) / n

    share, near = correct / n, 1e-9  # 0 and 1 are roots by themselves where all is wrong or right
    low = 0.0 if correct == 0 else optimize.brentq(excess, 0.0, min(share, 1 - near), xtol=1e-14)
    high = 1.0 if correct == n else optimize.brentq(excess, max(share, near), 1.0, xtol=1e-14)
    assert evidence.wilson(correct, n) == pytest.approx((low, high), abs=1e-9)
    theirs = stats.binomtest(correct, n).proportion_ci(method="wilson")
    assert evidence.wilson(correct, n) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@pytest.mark.parametrize(("fixed", "broken"), [(0, 0), (1, 0), (5, 0), (9, 3), (30, 11), (114, 22), (60, 60), (0, 400)])
def test_mcnemar_is_scipys_exact_binomial_test(fixed: int, broken: int) -> None:
    theirs = stats.binomtest(fixed, fixed + broken).pvalue if fixed + broken else 1.0
    assert evidence.mcnemar(fixed, broken) == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize("counts", [(6,) * 30, (18,) * 17, (90, 10), (1, 1, 5), (200, 7, 31, 2)])
def test_balanced_accuracy_in_fractions(counts: tuple[int, ...]) -> None:
    """Value and variance in exact arithmetic, one class after the other, then the score test's ends by bisection."""
    labels = np.repeat(np.arange(len(counts)), counts)
    predicted = np.where(RNG.random(len(labels)) < 0.8, labels, len(counts))
    found = evidence.balanced(labels, predicted)
    shares = [Fraction(int(sum(predicted[labels == c] == c)), n) for c, n in enumerate(counts)]
    value = sum(shares, Fraction(0)) / len(counts)
    variance = Fraction(0)
    for share, n in zip(shares, counts, strict=True):
        drawn = (share * n + value) / (n + 1)
        expected = 1 - Fraction(
            n, (n + 1) ** 2
        )  # of drawn·(1 - drawn), as a share of p(1 - p), where all classes share p
        variance += drawn * (1 - drawn) / expected / n / len(counts) ** 2
    n = float(value * (1 - value) / variance)
    z = stats.norm.ppf(0.975)

    def excess(p: float) -> float:
        return (float(value) - p) ** 2 - z * z * p * (1 - p) / n

    low, high = (optimize.brentq(excess, *ends, xtol=1e-14) for ends in ((0, float(value)), (float(value), 1)))
    assert found.value == pytest.approx(float(value), abs=1e-12)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-9)

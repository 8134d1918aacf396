"""Intervals and tests against code that shares nothing with them: fractions, scipy and brute force."""

from fractions import Fraction

import numpy as np
import pytest
from scipy import optimize, stats

from explorer import evidence
from explorer.evidence.groups import beyond_t

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


@pytest.mark.parametrize(("fixed", "broken", "n"), [(20, 10, 306), (0, 0, 50), (7, 0, 60), (3, 90, 153), (1, 2, 10)])
def test_paired_interval_is_wald_on_a_table_with_two_more_images(fixed: int, broken: int, n: int) -> None:
    """One image more in each discordant cell, then the sample variance of the per-image differences, image by image."""
    gains = np.array([1.0] * (fixed + 1) + [-1.0] * (broken + 1) + [0.0] * (n - fixed - broken))
    half = stats.norm.ppf(0.975) * gains.std() / np.sqrt(len(gains))
    assert evidence.difference(fixed, broken, n) == pytest.approx((gains.mean() - half, gains.mean() + half), abs=1e-9)


def test_paired_interval_as_published() -> None:
    """The example of R's statpsych::ci.prop.ps, by the authors of the method: 12, 4, 26, 6 give 0.2548067 to 0.6251933."""
    assert evidence.difference(26, 4, 48) == pytest.approx((0.2548067, 0.6251933), abs=1e-7)


def draw(groups: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Made-up answers of A and B, and the group of each image, with groups of unequal size."""
    of = np.repeat(np.arange(groups), RNG.integers(1, 12, groups))
    easy = RNG.random(groups)[of]
    return RNG.random(len(of)) < easy, RNG.random(len(of)) < 0.3 + 0.6 * easy, of


@pytest.mark.parametrize("groups", [2, 3, 8, 12])
def test_sign_flip_by_all_exchanges(groups: int) -> None:
    """Every way of exchanging A and B in whole groups, one after the other."""
    a, b, of = draw(groups)
    gain = b.astype(int) - a.astype(int)
    seen = abs(int(gain.sum()))
    signs = [[1 if way >> j & 1 else -1 for j in range(groups)] for way in range(2**groups)]
    totals = [abs(sum(int(gain[of == j].sum()) * sign for j, sign in enumerate(way))) for way in signs]
    found = evidence.difference_by_group(a, b, of)
    assert found.p_value == pytest.approx(sum(total >= seen for total in totals) / 2**groups, abs=1e-12)


@pytest.mark.parametrize("groups", [3, 12, 40])
def test_grouped_intervals_by_residuals(groups: int) -> None:
    """The sandwich variance of a mean as regression software has it: residuals summed within groups."""
    a, b, of = draw(groups)
    n, t = len(a), stats.t.ppf(0.975, groups - 1)

    def sandwich(values: np.ndarray) -> float:
        residuals = values - values.mean()
        meat = sum(float(residuals[of == j].sum()) ** 2 for j in range(groups))
        return groups / (groups - 1) * meat / n**2

    share = float(b.mean())
    count = min(n, share * (1 - share) / sandwich(b.astype(float)))
    shrunk = count * (stats.norm.ppf(0.975) / t) ** 2
    z = stats.norm.ppf(0.975)
    ends = [
        optimize.brentq(lambda p: (share - p) ** 2 - z * z * p * (1 - p) / shrunk, *bracket, xtol=1e-14)
        for bracket in ((1e-9, share), (share, 1 - 1e-9))
    ]
    found = evidence.accuracy_by_group(b, of)
    assert (found.low, found.high, found.effective) == pytest.approx((*ends, count), abs=1e-7)
    gain = b.astype(float) - a.astype(float)
    more = np.array([*gain, 1.0, -1.0])
    half = t * np.sqrt(max(sandwich(gain), more.var() / len(more)))
    paired = evidence.difference_by_group(a, b, of)
    assert (paired.low, paired.high) == pytest.approx((gain.mean() - half, gain.mean() + half), abs=1e-9)
    values = gain + 0.01 * np.arange(n) % 0.3
    half, plain = t * np.sqrt(max(sandwich(values), values.var(ddof=1) / n)), values.var(ddof=1) / n
    mean = evidence.mean_by_group(values, of)
    assert (mean.low, mean.high) == pytest.approx((values.mean() - half, values.mean() + half), abs=1e-9)
    assert mean.effective == pytest.approx(min(n, n * plain / sandwich(values)), abs=1e-7)


@pytest.mark.parametrize("freedom", [1, 2, 3, 7, 16, 29, 305])
def test_t_quantile(freedom: int) -> None:
    assert evidence.t_quantile(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), abs=1e-9)


@pytest.mark.parametrize("freedom", [1, 2, 3, 30, 401, 1000])
@pytest.mark.parametrize("t", [0.0, 0.5, 3.0, 3.4, 9.2, 35.0])
def test_what_lies_beyond_t_is_right_also_where_it_is_tiny(t: float, freedom: int) -> None:
    assert beyond_t(t, freedom) == pytest.approx(2 * stats.t.sf(t, freedom), rel=1e-9)


@pytest.mark.parametrize("groups", [5, 30])
def test_intraclass_correlation_from_the_f_statistic(groups: int) -> None:
    """(F - 1) / (F - 1 + m) with F of scipy's one-way analysis of variance."""
    _, b, of = draw(groups)
    sizes = np.bincount(of)
    f = float(stats.f_oneway(*(b[of == j].astype(float) for j in range(groups) if sizes[j])).statistic)
    m = (len(b) - (sizes**2).sum() / len(b)) / (groups - 1)
    assert evidence.correlation(b, of) == pytest.approx((f - 1) / (f - 1 + m), abs=1e-9)

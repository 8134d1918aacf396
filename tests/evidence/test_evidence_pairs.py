"""The difference of two accuracies on the same images: its interval, its exact test, and what they say together."""

import math

import numpy as np
import pytest

from explorer import evidence
from explorer.evidence import Paired, difference, mcnemar


@pytest.mark.parametrize("n", [30, 153, 306, 500])
@pytest.mark.parametrize(
    ("fixed", "broken"), [(0.05, 0.05), (0.02, 0.02), (0.01, 0.03), (0.15, 0.15), (0.2, 0.05), (0.02, 0.0), (0.3, 0.1)]
)
def test_the_interval_holds_the_difference_19_times_in_20(n: int, fixed: float, broken: float) -> None:
    counts = np.random.default_rng(0).multinomial(n, [fixed, broken, 1 - fixed - broken], 4000)
    ends = {pair: difference(*pair, n) for pair in {(int(f), int(b)) for f, b, _ in counts}}
    held = [low <= fixed - broken <= high for low, high in (ends[int(f), int(b)] for f, b, _ in counts)]
    assert 0.935 <= float(np.mean(held)) <= (1.0 if n * (fixed + broken) < 15 else 0.98)


def test_the_exact_test_errs_in_at_most_one_of_twenty() -> None:
    """150 images of which 3 % are discordant: in 0.7 % of tests; never above 5 %."""
    shown = {}
    for share in (0.03, 0.1, 0.5):
        chances = [math.comb(150, k) * share**k * (1 - share) ** (150 - k) for k in range(151)]
        shown[share] = sum(
            chance * math.comb(k, f) / 2**k
            for k, chance in enumerate(chances)
            for f in range(k + 1)
            if mcnemar(f, k - f) < 0.05
        )
    assert shown[0.03] == pytest.approx(0.007, abs=5e-4)
    assert max(shown.values()) <= 0.05


def test_interval_and_test_mostly_agree_and_the_test_is_the_stricter() -> None:
    pairs = [(f, b) for f in range(60) for b in range(f + 1)]
    apart = [(f, b) for f, b in pairs if (mcnemar(f, b) < 0.05) != (difference(f, b, 306)[0] > 0)]
    assert len(apart) < 0.02 * len(pairs)
    assert all(0.05 <= mcnemar(f, b) < 0.07 for f, b in apart)


def test_a_difference_in_words_and_numbers() -> None:
    found = Paired(200, 20, 10, 76)
    assert found.value == pytest.approx(10 / 306) and found.p_value == mcnemar(20, 10)
    assert (found.low, found.high) == difference(20, 10, 306)
    assert str(found) == "+3.3 points (95 % interval −0.3 to +6.8, n = 306)"
    assert difference(10, 20, 306) == pytest.approx((-found.high, -found.low))
    assert difference(0, 0, 0) == (-1.0, 1.0) and Paired(0, 0, 0, 0).value == 0.0
    nothing = Paired(200, 0, 0, 106)
    assert nothing.low < 0 < nothing.high and str(nothing).startswith("0.0 points")
    assert evidence.difference(3, 0, 3)[1] <= 1.0

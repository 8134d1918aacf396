"""Many comparisons at once, where curves cross, and what nothing else beats: by hand."""

import math

import numpy as np
import pytest

from explorer.evidence import crossing, holm, overtakes, pareto, together
from explorer.evidence.many import p_digits


def test_holm_by_hand() -> None:
    """0.01 × 4 = 0.04; 0.02 × 3 = 0.06; 0.03 × 2 = 0.06; 0.9 × 1: never less than the one before, never more than 1."""
    assert holm([0.03, 0.9, 0.01, 0.02]) == pytest.approx((0.06, 0.9, 0.04, 0.06))
    assert holm([0.5, 0.4]) == pytest.approx((0.8, 0.8))  # 0.4 × 2, then 0.5 × 1 is less
    assert holm([]) == () and holm([0.7, 0.8, 0.9]) == (1.0, 1.0, 1.0)


def test_where_a_curve_overtakes_for_good() -> None:
    """On the logarithm: from 2 (-1 point) to 8 (+1 point) half-way is 4; to +3 points it is 2 · 4^¼."""
    assert overtakes([2, 8], [-0.01, 0.01]) == pytest.approx(4)
    assert overtakes([2, 8], [-0.01, 0.03]) == pytest.approx(2 * 4**0.25)
    assert overtakes([1, 2, 8, 32], [0.1, -0.2, -0.1, 0.1]) == pytest.approx(16), (
        "an early lead that was lost does not count"
    )
    assert overtakes([2, 8], [0.01, 0.02]) == 0 and overtakes([2, 8], [0.01, -0.02]) == math.inf
    assert overtakes([2, 8], [-0.01, 0.0]) == math.inf, "level is not ahead"


def test_a_crossing_without_luck_has_no_interval_and_one_of_luck_alone_an_open_one() -> None:
    sure = np.stack([np.full((3, 40), -0.5), np.full((3, 40), 0.5)])
    found = crossing([2, 8], sure)
    assert (found.at, found.low, found.high, found.within) == pytest.approx((4, 4, 4, 1)) and found.crosses
    dice = np.random.default_rng(0)
    noise = crossing([2, 8], dice.choice([-1.0, 0.0, 1.0], (2, 3, 40)))
    assert noise.low == 0 and noise.high == math.inf and 0 < noise.within < 1
    seeds = np.stack([np.tile([[-0.5], [0.7], [-0.5]], (1, 40)), np.full((3, 40), 0.5)])
    assert crossing([2, 8], seeds).low == 0, "one seed in three is ahead from the start: other seeds may be"
    alike = crossing([2, 8], np.repeat(dice.choice([-1.0, 1.0], (2, 1, 8)), 5, axis=2), np.repeat(np.arange(8), 5))
    assert alike.high == math.inf, "eight groups of five copies are eight images"


def test_pareto_by_hand() -> None:
    """By cost: 1 → 0.7 stays, 2 → 0.6 is beaten, 3 → 0.7 gains nothing for more, 4 → 0.9 stays, the dearer 0.9 does not."""
    assert pareto([3, 1, 4, 2, 5], [0.7, 0.7, 0.9, 0.6, 0.9]) == (1, 2)
    assert pareto([1, 1], [0.5, 0.6]) == (1,) and pareto([], []) == ()


def test_the_p_value_agrees_with_the_interval() -> None:
    dice = np.random.default_rng(1)
    for _ in range(40):
        rows = dice.choice([-1, 0, 0, 1, 1], (dice.integers(1, 5), 60))
        found = together(rows, np.arange(60) // 4)
        assert (found.p_value < 0.05) == found.shown
    assert together(np.zeros((3, 20))).p_value == 1 and together(np.ones((3, 50))).p_value < 1e-6
    assert 0 < together(np.ones((3, 100))).p_value < 1e-40, "what is tiny is no 0"


@pytest.mark.parametrize(
    ("p", "told"),
    [(0.0496, "0.0496"), (0.04996, "0.04996"), (0.0504, "0.05"), (0.05, "0.05"), (0.034, "0.034"), (4.26e-8, "4.3e-08"),
     (0.0, "2.2e-308")],
)  # fmt: skip
def test_a_p_value_is_told_on_its_own_side_of_the_level(p: float, told: str) -> None:
    assert p_digits(p) == told

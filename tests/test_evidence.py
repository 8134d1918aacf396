"""Intervals and paired tests against numbers one can check on paper."""

import numpy as np
import pytest

from explorer import evidence
from explorer.evidence import Score, mcnemar, verdict, wilson


@pytest.mark.parametrize(
    ("correct", "n", "low", "high"),
    [
        (147, 153, 0.917, 0.982),  # the ants and bees tutorial, frozen
        (144, 153, 0.892, 0.969),  # and tuned: the two intervals overlap
        (0, 10, 0.0, 0.278),
        (10, 10, 0.722, 1.0),
        (5, 10, 0.237, 0.763),
    ],
)
def test_wilson_against_known_values(correct: int, n: int, low: float, high: float) -> None:
    assert wilson(correct, n) == pytest.approx((low, high), abs=5e-4)


def test_wilson_without_images_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


def test_wilson_mirrors_right_and_wrong() -> None:
    low, high = wilson(30, 100)
    assert wilson(70, 100) == pytest.approx((1 - high, 1 - low))


def test_wilson_narrows_with_more_images() -> None:
    widths = [high - low for low, high in (wilson(n // 2, n) for n in (10, 100, 1000))]
    assert widths == sorted(widths, reverse=True)


@pytest.mark.parametrize(
    ("fixed", "broken", "p"),
    [
        (0, 0, 1.0),
        (3, 3, 1.0),
        (5, 0, 2 / 2**5),
        (10, 2, 2 * (1 + 12 + 66) / 2**12),
        (6, 3, 2 * (1 + 9 + 36 + 84) / 2**9),
        (1500, 0, 0.0),
    ],
)
def test_mcnemar_is_the_exact_binomial_tail(fixed: int, broken: int, p: float) -> None:
    assert mcnemar(fixed, broken) == pytest.approx(p)
    assert mcnemar(broken, fixed) == mcnemar(fixed, broken)


def test_score_carries_its_interval() -> None:
    score = Score(153, 147)
    assert score.accuracy == pytest.approx(0.9608, abs=1e-4)
    assert (score.low, score.high) == wilson(147, 153)
    assert set(score.json()) == {"n", "correct", "accuracy", "low", "high"}
    assert str(score) == "96.1 % (95 % interval 91.7 to 98.2 %, n = 153)"
    assert Score(0, 0).accuracy == 0.0


def test_verdict_says_when_no_difference_is_shown() -> None:
    assert verdict(5, 2).startswith("No difference shown")
    assert verdict(20, 2).startswith("B is better")
    assert verdict(2, 20).startswith("A is better")


def test_balanced_accuracy_counts_every_class_the_same() -> None:
    labels = np.array([0] * 90 + [1] * 10)
    always = evidence.balanced(labels, np.zeros(100, int))
    assert (always.value, always.n, always.classes) == (0.5, 100, 2)
    perfect = evidence.balanced(labels, labels)
    assert perfect.value == perfect.high == 1.0 and 0.85 < perfect.low < 1.0
    half = evidence.balanced(labels, np.where(np.arange(100) % 2, labels, 1 - labels))
    assert half.value == pytest.approx(0.5) and half.low < 0.5 < half.high


def test_balanced_accuracy_is_surer_with_more_images_and_ignores_absent_classes() -> None:
    few, many = (np.tile([0, 2], n) for n in (10, 1000))
    wide, narrow = (evidence.balanced(x, np.where(np.arange(len(x)) % 5, x, 1)) for x in (few, many))
    assert wide.classes == 2 and wide.value == pytest.approx(narrow.value)
    assert wide.high - wide.low > 5 * (narrow.high - narrow.low)
    assert evidence.balanced(few, few) == evidence.balanced(few, few)
    assert evidence.balanced(np.array([], int), np.array([], int)).n == 0

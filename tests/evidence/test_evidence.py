"""Intervals and paired tests against numbers one can check on paper."""

import numpy as np
import pytest

from explorer import evidence
from explorer.evidence import Score, mcnemar, share_words, verdict, wilson


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


def test_a_share_as_text_has_a_space_before_its_sign() -> None:
    assert (share_words(0.941), share_words(0.5, 0), share_words(1)) == ("94.1 %", "50 %", "100.0 %")


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


@pytest.mark.parametrize("right", [0.6, 0.8, 0.9, 0.95])
@pytest.mark.parametrize(("classes", "each"), [(102, 6), (17, 6), (17, 18), (8, 50), (2, 50), (10, 18), (30, 3)])
def test_balanced_interval_holds_the_truth_19_times_in_20(classes: int, each: int, right: float) -> None:
    """Jeffreys' posterior of each class, which stood here before, held it 46 % of the time (102 × 6 images)."""
    assert 0.92 <= coverage(np.full(classes, each), np.full(classes, right)) <= 0.98


@pytest.mark.parametrize(
    ("counts", "right", "least"),
    [
        ([18] * 10, [0.5, 0.99] * 5, 0.92),  # classes of which half are hard
        ([50] * 4, [1.0, 0.6] * 2, 0.92),  # two without fault
        ([180, 18], [0.85, 0.85], 0.9),
        ([500, 50], [0.95, 0.6], 0.92),
        ([60, 6], [0.85, 0.85], 0.83),  # six images are all right in 38 % of draws, and then look surer than they are
        ([1] * 100, [0.8] * 100, 0.92),
    ],
)
def test_balanced_interval_with_classes_that_differ(counts: list[int], right: list[float], least: float) -> None:
    assert least <= coverage(np.array(counts), np.array(right)) <= 0.985


def coverage(counts: np.ndarray, right: np.ndarray, draws: int = 800) -> float:
    """How often the interval holds the true balanced accuracy; classes of `counts` images, each right with its chance."""
    rng, labels = np.random.default_rng(0), np.repeat(np.arange(len(counts)), counts)
    drawn = rng.random((draws, len(labels))) < right[labels]
    found = [evidence.balanced(labels, np.where(row, labels, -1)) for row in drawn]
    return float(np.mean([b.low <= right.mean() <= b.high for b in found]))


def test_balanced_where_all_is_right_or_wrong_or_classes_are_alike() -> None:
    """With classes of one size, all right is as sure as the same accuracy without balance; a small class makes it less so."""
    labels = np.repeat(np.arange(5), 20)
    found = evidence.balanced(labels, labels)
    assert (found.low, found.high) == pytest.approx(wilson(100, 100))
    assert evidence.balanced(labels, labels - 9).high == pytest.approx(wilson(0, 100)[1])
    unequal = np.repeat([0, 1], [98, 2])
    assert evidence.balanced(unequal, unequal).low < wilson(10, 10)[0]
    always = evidence.balanced(labels, np.zeros(100, int))  # each class all right or all wrong: no variance to be seen
    assert always.low < 0.2 < always.high


def test_balanced_interval_is_never_cut_at_the_estimate() -> None:
    rng, labels = np.random.default_rng(0), np.repeat(np.arange(102), 6)
    for _ in range(20):
        found = evidence.balanced(labels, np.where(rng.random(612) < 0.95, labels, -1))
        assert found.low < found.value - 0.005 and found.high > found.value + 0.005

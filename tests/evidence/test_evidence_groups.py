"""Images that come in groups: what is known of other groups."""

import numpy as np
import pytest

from explorer import evidence
from explorer.evidence import accuracy_by_group, difference_by_group, mcnemar, mean_by_group, sign_flip, wilson

RNG = np.random.default_rng(0)


def photos(chances: np.ndarray, each: int) -> tuple[np.ndarray, np.ndarray]:
    """Which of `each` patches of every photo are right, and the photo of each."""
    groups = np.repeat(np.arange(len(chances)), each)
    return RNG.random(len(groups)) < chances[groups], groups


def alike(share: float, correlation: float, groups: int) -> np.ndarray:
    """A chance for each group, such that images of a group are correlated so much."""
    both = (1 / correlation - 1) if correlation else 1e9
    return RNG.beta(share * both, (1 - share) * both, groups)


@pytest.mark.parametrize("correlation", [0.0, 0.25, 0.45])
@pytest.mark.parametrize("share", [0.6, 0.84])
def test_coverage_for_other_photos(share: float, correlation: float) -> None:
    """17 photos of 18 patches: what counts patches holds the truth of other photos half of the time."""
    held, naive = [], []
    for _ in range(800):
        right, groups = photos(alike(share, correlation, 17), 18)
        found = accuracy_by_group(right, groups)
        held.append(found.low <= share <= found.high)
        low, high = wilson(int(right.sum()), len(right))
        naive.append(low <= share <= high)
    assert 0.91 <= np.mean(held) <= 0.985
    assert np.mean(naive) < 0.72 or not correlation


@pytest.mark.parametrize(("groups", "each"), [(17, 18), (30, 10), (60, 5)])
@pytest.mark.parametrize(("fixed", "broken"), [(0.1, 0.1), (0.2, 0.1)])
def test_coverage_of_a_difference_for_other_photos(groups: int, each: int, fixed: float, broken: float) -> None:
    held, shown = [], []
    for _ in range(500):
        chances = RNG.dirichlet(np.array([fixed, broken, 1 - fixed - broken]) * 4, groups)  # correlated by 0.2
        outcome = (RNG.random((groups, each))[..., None] > chances.cumsum(1)[:, None]).sum(-1).ravel()
        found = difference_by_group(outcome == 1, outcome == 0, np.repeat(np.arange(groups), each))
        held.append(found.low <= fixed - broken <= found.high)
        shown.append(found.p_value < 0.05)
    assert 0.91 <= np.mean(held) <= 0.985
    assert fixed != broken or np.mean(shown) <= 0.065


@pytest.mark.parametrize("correlation", [0.0, 0.25, 0.5])
@pytest.mark.parametrize("images", [24, 306])
def test_coverage_of_a_mean_for_other_photos(images: int, correlation: float) -> None:
    """17 photos, of which 24 images are one or two patches each, 306 are 18: unequal groups, and equal ones."""
    groups = np.linspace(0, 305, images).round().astype(int) // 18
    held, naive = [], []
    for _ in range(800):
        values = np.sqrt(correlation) * RNG.normal(size=17)[groups] + np.sqrt(1 - correlation) * RNG.normal(size=images)
        found = mean_by_group(values, groups)
        held.append(found.low <= 0 <= found.high)
        naive.append(abs(values.mean()) <= 1.98 * values.std(ddof=1) / np.sqrt(images))
    assert 0.925 <= np.mean(held) <= 0.985
    assert np.mean(naive) < 0.7 or images < 306 or not correlation


def test_groups_of_one_give_the_exact_mcnemar_test() -> None:
    for fixed, broken in ((9, 3), (20, 2), (1, 0), (0, 0), (40, 41)):
        assert sign_flip(np.array([1] * fixed + [-1] * broken + [0] * 9)) == pytest.approx(mcnemar(fixed, broken))


def test_five_groups_cannot_show_a_difference() -> None:
    assert sign_flip(np.array([9, 9, 9, 9, 9])) == pytest.approx(2 / 2**5)
    assert sign_flip(np.array([9] * 6)) == pytest.approx(2 / 2**6)


def test_whole_photos_count_like_single_images() -> None:
    """Patches that repeat their photo say no more than one patch of each; independent ones say all they are."""
    chances = np.array([1.0] * 12 + [0.0] * 5)
    right, groups = photos(chances, 18)
    found = accuracy_by_group(right, groups)
    assert found.effective == pytest.approx(17, rel=0.1) and evidence.correlation(right, groups) == pytest.approx(1)
    scattered = np.tile(np.arange(18) < 15, 17)
    assert accuracy_by_group(scattered, groups).effective == 306
    assert evidence.correlation(scattered, groups) < 0
    assert evidence.correlation(np.ones(306), groups) == 0.0


def test_all_right_is_no_more_than_the_groups_tell() -> None:
    everything = accuracy_by_group(np.ones(306, bool), np.repeat(np.arange(17), 18))
    assert (
        everything.effective == 17 and everything.high == pytest.approx(1) and 0.7 < everything.low < wilson(17, 17)[0]
    )


def test_no_groups_no_answer() -> None:
    right = np.array([True, False, True])
    for groups in (np.arange(3), np.zeros(3, int)):
        assert accuracy_by_group(right, groups) is None and difference_by_group(right, ~right, groups) is None
        assert mean_by_group(right, groups) is None
        assert evidence.correlation(right, groups) == 0.0


def test_a_difference_that_one_photo_makes_is_none_for_other_photos() -> None:
    """18 patches of one photo are fixed: p = 8e-6 by patches, 1 by photos."""
    groups, a = np.repeat(np.arange(17), 18), np.repeat(np.arange(17) > 0, 18)
    found = difference_by_group(a, np.ones(306, bool), groups)
    assert mcnemar(18, 0) < 1e-5 and found.p_value == 1.0
    assert found.low < 0 < found.high and found.effective < 30

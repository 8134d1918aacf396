"""Confident learning and its chance, temperature and registration, against code that shares nothing with them."""

import numpy as np
import pytest
from PIL import Image
from scipy import optimize
from sklearn import metrics

from explorer import evidence
from explorer.data.near_copies.registration import distances
from explorer.looks.calibration.compute.reliability import bin_of, error_of, reliability, temperature
from explorer.looks.data.compute import confident

RNG = np.random.default_rng(3)


def some(n: int, k: int, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """Labels (n,), and probabilities (n, k) that know them more or less well."""
    given = RNG.integers(0, k, n)
    logits = RNG.normal(0, noise, (n, k))
    logits[np.arange(n), given] += 2
    return given, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


@pytest.mark.parametrize(("n", "k", "noise"), [(40, 2, 1.5), (300, 5, 1.0), (12, 3, 3.0)])
def test_flagged_is_the_off_diagonal_of_the_confident_joint(n: int, k: int, noise: float) -> None:
    """Equation 1 and section 3.1 of arXiv 1911.00068, picture by picture and class by class."""
    given, p = some(n, k, noise)
    bar = [np.mean([p[i, j] for i in range(n) if given[i] == j] or [1.0]) for j in range(k)]
    expected = []
    for i in range(n):
        reaching = [j for j in range(k) if p[i, j] >= bar[j]]
        best = max(reaching, key=lambda j: p[i, j]) if reaching else -1
        expected.append(best >= 0 and best != given[i])
    assert confident.flagged(given, p).tolist() == expected
    assert any(expected) and not all(expected)


def test_chance_flags_what_labels_drawn_from_the_probabilities_give() -> None:
    """Two pictures of two classes: all four ways to label them, with their probabilities, on paper."""
    p = np.array([[0.9, 0.1], [0.3, 0.7]])
    expected = sum(p[0, a] * p[1, b] * confident.flagged(np.array([a, b]), p).sum() for a in range(2) for b in range(2))
    found = confident.by_chance(p, draws=20_000)
    assert found.counts.mean() == pytest.approx(expected, abs=0.02) and expected > 0.05
    assert found.as_far(np.array([-1.0]))[0] == pytest.approx(found.counts.mean())
    assert found.as_far(np.array([1.01]))[0] == 0


def test_labels_that_are_right_by_construction_stand_out_no_further_than_chance() -> None:
    _, p = some(2000, 3, 1.5)
    drawn = np.array([RNG.choice(3, p=row) for row in p])
    chance = confident.by_chance(p, draws=50)
    off = np.sort(confident.margin(drawn, p)[confident.flagged(drawn, p)])[::-1]
    assert abs(len(off) - chance.counts.mean()) < 5 * chance.counts.std()
    assert chance.as_far(off[[20, 60]]) == pytest.approx([21, 61], rel=0.5)


@pytest.mark.parametrize("true", [0.3, 1.0, 4.0])
def test_the_temperature_is_where_the_likelihood_is_highest(true: float) -> None:
    logits = RNG.normal(0, 2, (4000, 4))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    given = np.array([RNG.choice(4, p=row) for row in p])

    def slope(t: float) -> float:
        z = logits * true / t
        q = np.exp(z - z.max(axis=1, keepdims=True))
        q /= q.sum(axis=1, keepdims=True)
        return float(((q * z).sum(axis=1) - z[np.arange(len(z)), given]).mean())

    expected = optimize.brentq(slope, true / 3, true * 3)
    assert temperature((logits * true).astype(np.float32), given) == pytest.approx(expected, rel=1e-3)
    assert expected == pytest.approx(true, rel=0.15)


def picture(seed: int) -> Image.Image:
    """A smooth picture of 128 pixels."""
    noise = np.random.default_rng(seed).integers(0, 255, (9, 9, 3), np.uint8)
    return Image.fromarray(noise).resize((128, 128), Image.Resampling.BICUBIC)


def small(image: Image.Image) -> np.ndarray:
    return np.asarray(image.resize((32, 32), Image.Resampling.BILINEAR))[None]


def test_a_picture_laid_onto_itself_moved_is_near_and_onto_another_far() -> None:
    one, other = picture(0), picture(1)
    moved = one.transform(one.size, Image.Transform.AFFINE, (0.96, 0.04, 2, -0.04, 0.96, 3), Image.Resampling.BICUBIC)
    assert distances(small(one), small(one))[0] == 0
    straight = np.abs(small(one).astype(float) - small(moved)).mean()
    assert distances(small(one), small(moved))[0] < 4 < straight
    assert distances(small(one), small(other))[0] > 20
    flat = np.full((1, 32, 32, 3), 200, np.uint8)
    assert distances(flat, flat - 3)[0] == pytest.approx(3, abs=1e-3)


def test_the_calibration_error_bin_by_bin_and_its_band() -> None:
    """Against a loop; the band of 150 images of two classes is that of the literature: about 0.04 to 0.10 with 15 bins."""
    confidence = RNG.uniform(0.5, 1, 150)
    right = RNG.random(150) < confidence
    expected = 0.0
    for i in range(15):
        inside = (confidence > i / 15) & (confidence <= (i + 1) / 15)
        if inside.any():
            expected += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    assert error_of(confidence, right[None])[0] == pytest.approx(expected, abs=1e-12)
    assert bin_of(np.array([0.0, 1 / 15, 0.5, 1.0])).tolist() == [0, 0, 7, 14]
    given = RNG.integers(0, 2, 150)
    named = np.where(right, given, 1 - given)
    probability = np.zeros((150, 2))
    probability[np.arange(150), named], probability[np.arange(150), 1 - named] = confidence, 1 - confidence
    found = reliability(probability, given)
    assert found.error == pytest.approx(expected) and found.n == 150
    low, mean, high = found.perfect
    assert 0.03 < low < 0.05 < mean < 0.08 < high < 0.12 and low < found.error < high
    assert (found.low <= found.confidence).mean() > 0.9 and (found.high >= found.confidence).mean() > 0.9


def test_scores_of_a_class_are_those_of_scikit_learn() -> None:
    given, said = RNG.integers(0, 4, 200), RNG.integers(0, 3, 200)  # class 3 is never named
    precision, recall, _, support = metrics.precision_recall_fscore_support(
        given, said, labels=range(4), zero_division=0
    )
    found = evidence.by_class(given, said, 4)
    assert [row.recall.accuracy for row in found] == pytest.approx(recall)
    assert [row.precision.accuracy for row in found] == pytest.approx(precision)
    assert [row.recall.n for row in found] == support.tolist()
    assert evidence.majority(given) == support.max() / 200 and evidence.majority(np.array([], int)) == 0

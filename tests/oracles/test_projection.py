"""The numbers beside a map, computed once more the long way: by loops over images, from the definitions in the papers."""

import math
from collections import Counter

import numpy as np
import pytest

from explorer.looks.projection.compute import joint, separation
from explorer.looks.projection.compute.separation import measure
from explorer.looks.similarity.compute.neighbours import knn_right
from explorer.looks.similarity.compute.similarity import knn_right as of_similarity


def _cloud(n: int, d: int, classes: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features that separate their classes a little, so that votes are close."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, n)
    return 0.35 * rng.normal(size=(classes, d))[labels] + rng.normal(size=(n, d)), labels


def _far(p: np.ndarray, q: np.ndarray) -> float:
    return math.sqrt(math.fsum((float(a) - float(b)) ** 2 for a, b in zip(p, q, strict=True)))


def _by_distance(points: np.ndarray, i: int) -> list[int]:
    """All other points, nearest first, the earlier of two that are equally far first."""
    others = [j for j in range(len(points)) if j != i]
    return sorted(others, key=lambda j: (round(_far(points[i], points[j]), 9), j))


def _named(points: np.ndarray, labels: np.ndarray, i: int, k: int = 10) -> int:
    votes = [int(labels[j]) for j in _by_distance(points, i)[:k]]
    most = max(Counter(votes).values())
    return next(v for v in votes if votes.count(v) == most)


@pytest.mark.parametrize(("n", "d", "classes"), [(60, 8, 6), (40, 30, 17), (9, 4, 3)])
def test_knn_accuracy_is_the_same_wherever_it_is_shown_and_by_hand(n: int, d: int, classes: int) -> None:
    for seed in range(5):
        x, labels = _cloud(n, d, classes, seed)
        expected = [_named(x, labels, i) == labels[i] for i in range(n)]
        assert knn_right(x, labels).tolist() == expected
        assert of_similarity(x.astype(np.float32), labels).tolist() == expected
        assert measure(x, labels).knn.correct == separation.knn_accuracy(x, labels).correct == sum(expected)


def test_ties_of_distance_and_of_votes_are_resolved_as_said() -> None:
    rng = np.random.default_rng(3)
    x = np.repeat(rng.integers(0, 3, (12, 3)).astype(float), 2, axis=0)  # every place twice, many equally far
    labels = rng.integers(0, 4, 24)
    expected = [_named(x, labels, i) == labels[i] for i in range(24)]
    turned = 0.1 * x @ np.linalg.qr(rng.normal(size=(3, 3)))[0] + 7
    assert knn_right(x, labels).tolist() == knn_right(turned, labels).tolist() == expected


def test_silhouette_is_that_of_rousseeuw() -> None:
    x, labels = _cloud(40, 6, 4)
    widths = []
    for i in range(len(x)):
        mean = {
            c: np.mean([_far(x[i], x[j]) for j in range(len(x)) if j != i and labels[j] == c])
            for c in sorted(set(labels.tolist()))
        }
        a = mean.pop(int(labels[i]))
        b = min(mean.values())
        widths.append((b - a) / max(a, b))
    assert separation.silhouette(x, labels) == pytest.approx(np.mean(widths), rel=1e-9)


def test_trustworthiness_is_that_of_venna_and_kaski() -> None:
    """1 - 2 / (n k (2n - 3k - 1)) · the sum, over map neighbours that are none in the features, of (rank there - k)."""
    x, _ = _cloud(50, 6, 4)
    flat, n, k = x[:, :2] + 0.2, 50, 10
    penalty = 0
    for i in range(n):
        ranks = {j: place for place, j in enumerate(_by_distance(x, i), 1)}
        penalty += sum(max(0, ranks[j] - k) for j in _by_distance(flat, i)[:k])
    assert joint.trust(x, flat) == pytest.approx(1 - 2 / (n * k * (2 * n - 3 * k - 1)) * penalty, rel=1e-9)


def test_mixing_counts_strangers_among_ten_neighbours_on_the_map() -> None:
    rng = np.random.default_rng(1)
    a = rng.normal(size=(30, 2))
    b = a + 0.7 * rng.normal(size=(30, 2)) + [1.0, 0.0]
    both, strangers = np.vstack([a, b]), 0
    for i in range(60):
        others = [j for j in _by_distance(both, i) if j % 30 != i % 30]
        strangers += sum((j < 30) != (i < 30) for j in others[:10])
    assert joint.mixing(a, b) == pytest.approx(strangers / 600, rel=1e-9)

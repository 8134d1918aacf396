"""Linear probes: an oracle where classes part, chance where they do not."""

import numpy as np
import pytest

from explorer.errors import ExplorerError
from explorer.looks.similarity.compute.probes import chance, probe


def test_separable_features_are_read_without_a_mistake() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(120) % 3
    x = (rng.normal(size=(120, 8)) + 8 * np.eye(3, 8)[labels]).astype(np.float32)
    assert (probe(x[:60], labels[:60], x[60:]) == labels[60:]).all()


def test_noise_is_read_at_chance() -> None:
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(900, 16)), np.arange(900) % 3
    assert (probe(x[:300], labels[:300], x[300:]) == labels[300:]).mean() == pytest.approx(1 / 3, abs=0.06)


def test_scale_shift_and_dead_features_change_nothing() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(200) % 2
    x = rng.normal(size=(200, 4)) + labels[:, None]
    other = np.hstack([1000 * x + 7, np.full((200, 1), 0.1)])
    np.testing.assert_array_equal(probe(x[:99], labels[:99], x[99:]), probe(other[:99], labels[:99], other[99:]))


def test_one_class_is_nothing_to_tell_apart() -> None:
    with pytest.raises(ExplorerError, match="all of one class"):
        probe(np.ones((4, 2)), np.zeros(4, int), np.ones((1, 2)))


def test_chance_names_the_class_most_frequent_in_training() -> None:
    assert chance(np.array([0, 1, 1]), np.array([1, 0, 0, 0])) == 0.25

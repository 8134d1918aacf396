"""CKA, neighbour overlap and weight change: an oracle and an invariance for each."""

import numpy as np
import pytest
import torch

from explorer.errors import ExplorerError
from explorer.looks.similarity.compute.similarity import cka, cka_matrix, knn_overlap, knn_right, weight_change


def _noise(seed: int, n: int, d: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def _rotated(x: np.ndarray, scale: float = 3.0, shift: float = 5.0) -> np.ndarray:
    rotation = np.linalg.qr(_noise(9, x.shape[1], x.shape[1]).astype(np.float64))[0]
    return scale * (x @ rotation) + shift


def _biased_cka(x: np.ndarray, y: np.ndarray) -> float:
    """The usual linear CKA, to show what the debiased one mends."""
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    k, m = x @ x.T, y @ y.T
    return float((k * m).sum() / np.sqrt((k * k).sum() * (m * m).sum()))


def _unbiased_hsic(k: np.ndarray, m: np.ndarray) -> float:
    """Song et al. 2012, equation 5, letter by letter."""
    n, one = len(k), np.ones(len(k))
    k, m = k - np.diag(np.diag(k)), m - np.diag(np.diag(m))
    sums = (one @ k @ one) * (one @ m @ one) / ((n - 1) * (n - 2))
    return float((np.trace(k @ m) + sums - 2 / (n - 2) * (one @ k @ m @ one)) / (n * (n - 3)))


def test_cka_of_a_rotated_scaled_copy_is_one() -> None:
    x = _noise(0, 60, 32)
    assert cka(x, x) == pytest.approx(1.0, abs=1e-12)
    assert cka(x, _rotated(x)) == pytest.approx(1.0, abs=1e-6)


def test_cka_of_independent_noise_is_about_zero_where_the_biased_one_is_093() -> None:
    x, y = _noise(0, 153, 2048), _noise(1, 153, 2048)
    assert abs(cka(x, y)) < 0.03
    assert _biased_cka(x, y) == pytest.approx(0.93, abs=0.01)


def test_cka_is_the_formula_of_the_paper() -> None:
    x, y = _noise(0, 20, 8).astype(float), _noise(1, 20, 5).astype(float)
    y[:, :3] += x[:, :3]
    k, m = x @ x.T, y @ y.T
    expected = _unbiased_hsic(k, m) / np.sqrt(_unbiased_hsic(k, k) * _unbiased_hsic(m, m))
    assert cka(x, y) == pytest.approx(expected, abs=1e-9)
    assert cka(y, x) == pytest.approx(cka(x, y))


def test_cka_of_constant_features_is_nan_and_warns_of_nothing() -> None:
    x = _noise(0, 10, 4)
    assert np.isnan(cka(x, np.full((10, 3), 0.1, dtype=np.float32)))
    assert np.isnan(cka(np.zeros((10, 3)), np.zeros((10, 3))))


def test_cka_ignores_a_dead_channel() -> None:
    x = _noise(0, 30, 8)
    assert cka(x, np.hstack([x, np.ones((30, 2))])) == pytest.approx(1.0)


def test_cka_needs_four_images() -> None:
    assert cka(_noise(0, 4, 3), _noise(0, 4, 3)) == pytest.approx(1.0)
    with pytest.raises(ExplorerError, match="at least 4 images, got 3"):
        cka(_noise(0, 3, 3), _noise(0, 3, 3))


def test_knn_overlap_of_identical_and_rotated_features_is_one() -> None:
    x = _noise(0, 80, 16)
    assert knn_overlap(x, x) == 1.0
    assert knn_overlap(x, _rotated(x)) == pytest.approx(1.0, abs=0.01)


def test_knn_overlap_of_a_copy_in_half_precision_is_one() -> None:
    """Sample runs store their features so: a frozen stage of one of them and of a run made here must read 1."""
    x = _noise(0, 300, 16).astype(np.float32)
    half = x.astype(np.float16).astype(np.float32)
    assert knn_overlap(x, half) == knn_overlap(half, x) == 1.0
    assert knn_overlap(x * np.float32(1e5), half) > 0.99, "what half precision cannot hold is compared as it is"


def test_knn_overlap_of_independent_noise_is_chance() -> None:
    assert knn_overlap(_noise(0, 400, 16), _noise(1, 400, 16)) == pytest.approx(10 / 399, abs=0.01)


def test_knn_overlap_on_paper() -> None:
    x = np.array([[0.0], [1.0], [10.0], [11.0]])
    y = np.array([[0.0], [1.0], [1.1], [11.0]])
    # nearest in x: 1, 0, 3, 2; in y: 1, 2, 1, 2
    assert knn_overlap(x, y, k=1) == 0.5
    assert knn_overlap(x, y, k=10) == 1.0
    with pytest.raises(ExplorerError, match="at least 2 images"):
        knn_overlap(x[:1], y[:1])


def test_features_of_different_images_are_a_fault_of_the_caller() -> None:
    with pytest.raises(ValueError, match="same images"):
        cka(_noise(0, 10, 3), _noise(0, 9, 3))


def test_weight_change_on_paper() -> None:
    before = {"a": torch.tensor([3.0, 0.0]), "b": torch.tensor([[4.0]]), "count": torch.tensor(7)}
    after = {"a": torch.tensor([3.0, 3.0]), "b": torch.tensor([[8.0]]), "count": torch.tensor(9)}
    assert weight_change(before, before) == 0.0
    assert weight_change(before, after) == pytest.approx(1.0)  # sqrt(9 + 16) / sqrt(9 + 16)


def test_weight_change_leaves_batchnorm_statistics_to_the_audit() -> None:
    before = {"bn.weight": torch.ones(2), "bn.running_mean": torch.zeros(2), "bn.running_var": torch.ones(2)}
    after = {**before, "bn.running_mean": torch.ones(2), "bn.running_var": 2 * torch.ones(2)}
    assert weight_change(before, after) == 0.0


def test_weight_change_from_nothing() -> None:
    zero, one = {"a": torch.zeros(2)}, {"a": torch.ones(2)}
    assert weight_change(zero, zero) == 0.0
    assert weight_change({}, {}) == 0.0
    assert weight_change(zero, one) == float("inf")


def test_the_matrix_holds_what_cka_gives_pair_by_pair() -> None:
    xs = [_noise(i, 30, d) for i, d in enumerate((8, 5, 12))]
    ys = [xs[0] @ _noise(7, 8, 6), xs[1], _noise(9, 30, 12)]
    found = cka_matrix(xs, ys)
    np.testing.assert_array_equal(found, [[cka(x, y) for y in ys] for x in xs])
    assert found[1, 1] == pytest.approx(1)


def test_a_matrix_of_stages_with_themselves_is_symmetric_with_ones() -> None:
    xs = [_noise(i, 30, d) for i, d in enumerate((8, 5, 12))]
    found = cka_matrix(xs, xs)
    np.testing.assert_array_equal(found, found.T)
    np.testing.assert_allclose(np.diag(found), 1)


def test_neighbours_vote_on_paper() -> None:
    x = np.array([[0.0], [1.0], [2.5], [10.0], [11.0]])
    labels = np.array([0, 0, 1, 1, 1])
    # nearest: 1, 0, 1, 4, 3
    assert knn_right(x, labels, k=1).tolist() == [True, True, False, True, True]
    assert knn_right(x, labels, k=2).tolist() == [True, True, False, True, True]  # a tie goes to the nearest
    assert knn_right(x, labels, k=10)[:2].tolist() == [False, False]  # one vote against three


def test_neighbours_of_noise_name_the_class_by_chance() -> None:
    assert knn_right(_noise(0, 600, 16), np.arange(600) % 2).mean() == pytest.approx(0.5, abs=0.08)

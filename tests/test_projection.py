"""One shared map: the same seed gives the same map, what did not move stays put, real drift makes no islands."""

import subprocess
import sys

import numpy as np
import pytest

from explorer.catalogue.methods import PROJECTIONS
from explorer.engine import projection
from explorer.engine.projection import project, warm_up
from explorer.errors import ExplorerError


def _features(n: int = 120, d: int = 64, classes: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Before, after and labels: clustered features, then rotated, scaled, shifted and disturbed, as tuning does."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, n)
    before = rng.normal(size=(classes, d))[labels] + rng.normal(size=(n, d))
    rotation = np.linalg.qr(rng.normal(size=(d, d)))[0]
    after = 4 * (before @ rotation) + 1.5 * rng.normal(size=(n, d)) + 7
    return before.astype(np.float32), after.astype(np.float32), labels


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    warm_up()


@pytest.mark.parametrize("method", PROJECTIONS)
def test_same_seed_same_map(method: str) -> None:
    one, two = (project(*_features(), method, seed=3) for _ in range(2))
    assert np.array_equal(one.a, two.a)
    assert np.array_equal(one.b, two.b)
    assert one.a.shape == one.b.shape == (120, 2)


def test_another_seed_another_umap() -> None:
    before, after, labels = _features()
    assert not np.array_equal(project(before, after, labels).a, project(before, after, labels, seed=1).a)


@pytest.mark.parametrize("method", PROJECTIONS)
def test_unmoved_features_have_identical_positions(method: str) -> None:
    before, _, labels = _features()
    found = project(before, before.copy(), labels, method)
    assert found.unmoved
    assert np.array_equal(found.a, found.b)
    assert found.mixing == 0.5
    assert (found.knn_a, found.trust_a) == (found.knn_b, found.trust_b)


@pytest.mark.parametrize("method", PROJECTIONS)
def test_drift_makes_no_islands(method: str) -> None:
    found = project(*_features(), method)
    assert not found.unmoved
    assert 0.3 < found.mixing <= 0.6
    moved = np.linalg.norm(found.a - found.b, axis=1).mean()
    assert moved < found.a.std()


def test_without_the_alignment_drift_makes_islands() -> None:
    before, after, _ = _features()
    layout = projection._layout(np.vstack([before, after]).astype(float), "umap", 0)
    assert projection._mixing(layout[:120], layout[120:]) < 0.05


@pytest.mark.parametrize("method", PROJECTIONS)
def test_a_rotated_scaled_copy_lands_on_itself(method: str) -> None:
    before, _, labels = _features()
    rotation = np.linalg.qr(np.random.default_rng(5).normal(size=(64, 64)))[0]
    found = project(before, 3 * before @ rotation - 2, labels, method)
    spread = np.linalg.norm(found.a - found.a.mean(axis=0), axis=1).mean()
    assert np.linalg.norm(found.a - found.b, axis=1).mean() < 0.05 * spread
    assert found.mixing == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(("n", "d"), [(40, 200), (40, 8)])
def test_the_reduced_rotation_is_that_of_the_full_space(n: int, d: int) -> None:
    before, after, _ = _features(n, d)
    x, y = (z - z.mean(axis=0) for z in (before.astype(float), after.astype(float)))
    x, y = x * np.sqrt(n) / np.linalg.norm(x), y * np.sqrt(n) / np.linalg.norm(y)
    u, _, vt = np.linalg.svd(y.T @ x)
    full = np.linalg.norm(x - y @ u @ vt)
    a, b = projection._aligned(projection._standardised(before), projection._standardised(after))
    assert np.linalg.norm(a - b) == pytest.approx(full, rel=1e-9)


def test_features_of_different_width_share_a_map() -> None:
    before, after, labels = _features()
    assert project(before, after[:, :40], labels, "pca").mixing > 0.1


def test_knn_accuracy_is_that_of_the_full_space() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 30)
    apart = rng.normal(size=(60, 20)) + 10 * labels[:, None]
    found = project(apart, rng.normal(size=(60, 20)), labels, "pca")
    assert (found.knn_a.n, found.knn_a.correct) == (60, 60)
    assert 0.3 < found.knn_b.accuracy < 0.7
    assert found.trust_a > 0.7


def test_knn_votes_on_paper() -> None:
    points = np.array([[0.0], [1.0], [3.0], [100.0], [101.0]])
    labels = np.array(["a", "a", "b", "b", "b"])
    # two votes each: 0 → a, b → a (nearer); 1 → a; 3 → a, a; 100 → b, b; 101 → b, b
    assert projection._knn_accuracy(points, labels, k=2).correct == 4


def test_mixing_on_paper() -> None:
    a = np.random.default_rng(0).normal(size=(40, 2))
    assert projection._mixing(a, a) == 0.5
    assert projection._mixing(a, a + 100) == 0.0


@pytest.mark.parametrize("n", [4, 5, 7, 19])
@pytest.mark.parametrize("method", PROJECTIONS)
def test_few_images(n: int, method: str) -> None:
    before, after, labels = _features(n, 6, 2)
    for other in (before, after):
        found = project(before, other, labels, method)
        assert np.isfinite(found.a).all()
        assert np.isfinite(found.b).all()
        assert 0 <= found.mixing <= 1


def test_a_collapsed_network_is_drawn_at_one_place() -> None:
    before, after, labels = _features()
    found = project(before, np.ones_like(after), labels, "pca")
    assert np.ptp(found.b, axis=0).max() == 0


def test_what_cannot_be_mapped_is_said() -> None:
    before, after, labels = _features(20, 6)
    with pytest.raises(ExplorerError, match="at least 4 images, got 3"):
        project(before[:3], after[:3], labels[:3])
    with pytest.raises(ExplorerError, match="at least 2 features, got 1"):
        project(before[:, :1], after, labels)
    with pytest.raises(ExplorerError, match="features after hold values that are not finite"):
        project(before, after * np.nan, labels)
    with pytest.raises(ExplorerError, match="All 20 images have the same features"):
        project(np.ones((20, 3)), np.zeros((20, 3)), labels)
    with pytest.raises(ExplorerError, match="Unknown projection 'tsne'.*umap, pca"):
        project(before, after, labels, "tsne")
    with pytest.raises(ValueError, match="same images"):
        project(before, after[:-1], labels)


def test_importing_it_imports_neither_umap_nor_sklearn() -> None:
    code = (
        "import sys, explorer.engine.projection; print([m for m in ('umap', 'sklearn', 'torch') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""One shared map: the same seed gives the same map, what did not move stays put, real drift makes no islands."""

import subprocess
import sys
import types

import numba
import numpy as np
import pytest
from numba.core import event

from explorer.catalogue.methods import PROJECTIONS
from explorer.errors import ExplorerError
from explorer.looks.projection.compute import descent, joint, layouts, separation, space
from explorer.looks.projection.compute.epochs import map_epochs
from explorer.looks.projection.compute.joint import project, warm_up
from explorer.looks.projection.compute.separation import measure
from explorer.looks.projection.question import Agreement

pytestmark = pytest.mark.long(60)


def _features(n: int = 120, d: int = 64, classes: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Before, after and labels: clustered features, then rotated, scaled, shifted and disturbed, as tuning does."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, n)
    before = rng.normal(size=(classes, d))[labels] + rng.normal(size=(n, d))
    rotation = np.linalg.qr(rng.normal(size=(d, d)))[0]
    after = 4 * (before @ rotation) + 1.5 * rng.normal(size=(n, d)) + 7
    return before.astype(np.float32), after.astype(np.float32), labels


def _with_others(n: int = 120, others: int = 250) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, np.ndarray]]:
    """The same of n images that are shown, and before and after of others that are not."""
    spaces = _features(n + others)
    return tuple(x[:n] for x in spaces), (spaces[0][n:], spaces[1][n:])


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    warm_up()


@pytest.mark.parametrize("method", PROJECTIONS)
def test_same_seed_same_map(method: str) -> None:
    one, two = (project(*_features(), method, seed=3) for _ in range(2))
    assert np.array_equal(one.a, two.a)
    assert np.array_equal(one.b, two.b)
    assert one.a.shape == one.b.shape == (120, 2)


@pytest.mark.parametrize("method", ["umap", "aligned"])
def test_a_later_map_compiles_nothing_and_numba_is_given_back(method: str) -> None:
    """umap-learn by itself compiles two functions of AlignedUMAP again for every fit, and all of them in every process."""
    project(*_features(), method)
    with event.install_recorder("numba:compile") as compiled:
        project(*_features(), method)
    assert not compiled.buffer
    assert sys.modules["umap.umap_"].smooth_knn_dist._cache.cache_path, "kept for the next process"
    assert numba.njit(lambda: 1)._cache.cache_path is None, "what others compile is their affair"


def test_pynndescent_is_loaded_when_neighbours_are_asked_of_it_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its import compiles for half a minute on a machine new to it, and a map of exact neighbours calls nothing of it."""
    layouts._library()
    assert "pynndescent" not in sys.modules
    asked = sys.modules["umap.umap_"].NNDescent
    real = types.ModuleType("pynndescent")
    real.NNDescent = lambda *points, **named: (points, named)
    monkeypatch.setitem(sys.modules, "pynndescent", real)
    assert asked("points", n_neighbors=3) == (("points",), {"n_neighbors": 3})
    assert not isinstance(None, asked)
    with descent.put_off():
        assert sys.modules["pynndescent"] is real, "where it is loaded it is used"


def test_another_seed_another_umap() -> None:
    before, after, labels = _features()
    assert not np.array_equal(project(before, after, labels).a, project(before, after, labels, seed=1).a)


@pytest.mark.parametrize("method", PROJECTIONS)
def test_unmoved_features_have_identical_positions(method: str) -> None:
    before, _, labels = _features()
    found = project(before, before.copy(), labels, method)
    assert found.unmoved
    assert np.array_equal(found.a, found.b)
    assert found.agreement == Agreement(mixing=0.5, twins=1.0, left=0.0) and found.others == found.axes == 0
    assert (found.knn_a, found.trust_a) == (found.knn_b, found.trust_b)


@pytest.mark.parametrize("method", PROJECTIONS)
def test_drift_makes_no_islands(method: str) -> None:
    shown, others = _with_others()
    found = project(*shown, method, others=others)
    assert not found.unmoved and (found.others, found.axes) == (250, 50)
    assert 0.3 < found.agreement.mixing <= 0.6
    assert found.agreement.twins > (0.85 if method == "aligned" else 0.9)
    moved = np.linalg.norm(found.a - found.b, axis=1).mean()
    assert moved < found.a.std()


def test_without_the_alignment_drift_makes_islands() -> None:
    before, after, _ = _features()
    layout = layouts.plane(np.vstack([before, after]).astype(float), "umap", 0)
    assert joint.mixing(layout[:120], layout[120:]) < 0.05


@pytest.mark.parametrize("method", PROJECTIONS)
def test_a_rotated_scaled_copy_lands_on_itself(method: str) -> None:
    (before, _, labels), (others, _) = _with_others()
    rotation = np.linalg.qr(np.random.default_rng(5).normal(size=(64, 64)))[0]
    found = project(before, 3 * before @ rotation - 2, labels, method, others=(others, 3 * others @ rotation - 2))
    spread = np.linalg.norm(found.a - found.a.mean(axis=0), axis=1).mean()
    # AlignedUMAP draws its two planes by separate random steps: nothing moved, and yet all drift a little
    assert np.linalg.norm(found.a - found.b, axis=1).mean() < (0.12 if method == "aligned" else 0.05) * spread
    assert found.agreement.left < 1e-6 and found.agreement.twins > (0.85 if method == "aligned" else 0.985)
    assert found.agreement.mixing == pytest.approx(0.5, abs=0.12 if method == "aligned" else 0.05)


SIZES = [("pca", n, d) for n in (40, 150, 306) for d in (512, 1280)]


@pytest.mark.parametrize(("method", "n", "d"), [*SIZES, ("umap", 40, 1280), ("umap", 150, 512), ("umap", 306, 512)])
def test_unrelated_features_read_as_unrelated_and_a_pure_rotation_as_unmoved(n: int, d: int, method: str) -> None:
    """Fitted on the images shown, a rotation leaves 15 % of the squared distance of noise of 306 × 512, 1 % of 40 × 1280."""
    rng = np.random.default_rng(n + d)
    (x, y), (ox, oy) = rng.normal(size=(2, n, d)), rng.normal(size=(2, 250, d))
    labels = np.arange(n) % 4
    strangers = project(x, y, labels, method, others=(ox, oy)).agreement
    assert strangers.left == pytest.approx(1.0, abs=0.1)
    assert strangers.twins == pytest.approx(0.5, abs=0.12 if n == 40 else 0.06)
    rotation = 2 * np.linalg.qr(rng.normal(size=(d, d)))[0]
    turned = project(x, x @ rotation + 1, labels, method, others=(ox, ox @ rotation + 1)).agreement
    assert turned.left < 1e-6 and turned.twins > 0.98


@pytest.mark.parametrize("few", [20, 40, 100])
def test_few_other_images_make_no_strangers_alike(few: int) -> None:
    rng = np.random.default_rng(few)
    (x, y), others = rng.normal(size=(2, 150, 512)), rng.normal(size=(2, few, 512))
    found = project(x, y, np.arange(150) % 4, "pca", others=tuple(others))
    assert found.axes == few // 5 and found.agreement.left == pytest.approx(1.0, abs=0.15)


def test_what_is_shown_has_no_say_in_the_rotation() -> None:
    (before, after, _), others = _with_others()
    whole = space.on_common_axes([before, after], others)
    moved = after.copy()
    moved[0] = after[1]  # one image elsewhere changes the common centre and scale, and not the axes
    cosine = [a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a, b in (
        (whole[1][5] - whole[1][9], x[5] - x[9]) for x in [space.on_common_axes([before, moved], others)[1]]
    )]  # fmt: skip
    assert cosine[0] == pytest.approx(1.0, abs=1e-9)


def test_too_few_other_images_rotate_nothing() -> None:
    before, after, labels = _features(60, 8)
    few = (before[:19], after[:19])
    alone, found = (project(before, after, labels, "pca", others=o) for o in ((), few))
    assert (found.others, found.axes) == (alone.others, alone.axes) == (0, 0)
    assert np.array_equal(found.b, alone.b)
    x, y = (z - z.mean(axis=0) for z in (before.astype(float), after.astype(float)))
    x, y = x / np.linalg.norm(x), y / np.linalg.norm(y)
    assert alone.agreement.left == pytest.approx(((x - y) ** 2).sum() / 2)


def test_features_of_different_width_share_a_map() -> None:
    (before, after, labels), (x, y) = _with_others()
    assert project(before, after[:, :40], labels, "pca", others=(x, y[:, :40])).agreement.mixing > 0.1
    assert project(before, after[:, :40], labels, "pca").b.shape == (120, 2)


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
    assert separation.knn_accuracy(points, labels, k=2).correct == 4


def test_mixing_on_paper() -> None:
    a = np.random.default_rng(0).normal(size=(40, 2))
    assert joint.mixing(a, a) == 0.5
    assert joint.mixing(a, a + 100) == 0.0


def test_twins_on_paper() -> None:
    a = np.array([[0.0, 0], [1, 0], [2, 0]])
    assert joint.twins(a, a) == 1.0
    # 0 ↔ 2 change places. Places of B: 2, 1, 0. From a[0] = 0 its own (2) is behind both, from 1 its own (1) is before
    # both, from 2 its own (0) is behind both; B's side mirrors it: 2 of 6 pairs
    assert joint.twins(a, a[::-1]) == pytest.approx(1 / 3)
    assert joint.twins(a, np.zeros((3, 2))) == 0.5


@pytest.mark.parametrize("n", [4, 5, 7, 19])
@pytest.mark.parametrize("method", PROJECTIONS)
def test_few_images(n: int, method: str) -> None:
    before, after, labels = _features(n, 6, 2)
    for other in (before, after):
        found = project(before, other, labels, method)
        assert np.isfinite(found.a).all()
        assert np.isfinite(found.b).all()
        assert 0 <= found.agreement.mixing <= 1 and 0 <= found.agreement.twins <= 1


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
    with pytest.raises(ExplorerError, match=r"features after \(other images\) hold values that are not finite"):
        project(before, after, labels, others=(before, after * np.nan))
    with pytest.raises(ExplorerError, match="All 20 images have the same features"):
        project(np.ones((20, 3)), np.zeros((20, 3)), labels)
    with pytest.raises(ExplorerError, match="Unknown projection 'tsne'.*umap, aligned, pca"):
        project(before, after, labels, "tsne")
    with pytest.raises(ValueError, match="same images"):
        project(before, after[:-1], labels)


def test_settings_and_seed_change_the_picture_and_not_the_numbers() -> None:
    before, after, labels = _features()
    usual = project(before, after, labels)
    for other in ({"k": 5}, {"min_dist": 0.5}, {"seed": 7}):
        found = project(before, after, labels, **other)
        assert not np.array_equal(found.a, usual.a)
        assert (found.knn_a, found.knn_b) == (usual.knn_a, usual.knn_b)


def _clusters(apart: float = 10.0, n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Two heaps of n / 2, `apart` deviations from each other."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], n // 2)
    return rng.normal(size=(n, 20)) + apart * labels[:, None], labels


def test_separate_classes_are_measured_as_separate() -> None:
    features, labels = _clusters()
    found = measure(features, labels)
    assert found.knn.correct == found.knn.n == 60
    assert found.probe is not None and (found.probe.correct, found.folds) == (60, 5)
    assert found.silhouette > 0.8


def test_classes_without_structure_score_like_chance() -> None:
    rng = np.random.default_rng(1)
    found = measure(rng.normal(size=(300, 12)), rng.integers(0, 3, 300))
    assert found.probe is not None
    for score in (found.knn, found.probe):
        assert score.low < 1 / 3 < score.high
    assert abs(found.silhouette) < 0.05


def test_shuffled_labels_score_like_chance_where_the_true_ones_do_not() -> None:
    features, labels = _clusters(n=200)
    found = measure(features, labels)
    rates = [score.accuracy for score in found.shuffled]
    assert found.knn.accuracy == 1.0 and len(rates) == 20
    assert np.mean(rates) == pytest.approx(0.5, abs=0.05)
    for order, score in zip(found.shuffles, found.shuffled, strict=True):
        assert sorted(order) == list(range(200))
        assert separation.knn_accuracy(space.standardised(features), labels[order]) == score


def test_the_numbers_of_the_full_space_ignore_rotation_scale_and_shift() -> None:
    features, labels = _clusters(2.0)
    rotation = np.linalg.qr(np.random.default_rng(5).normal(size=(20, 20)))[0]
    one, two = measure(features, labels), measure(7 * features @ rotation + 3, labels)
    assert (one.knn, one.probe, one.shuffled) == (two.knn, two.probe, two.shuffled)
    assert one.silhouette == pytest.approx(two.silhouette)


def test_silhouette_on_paper() -> None:
    points, labels = np.array([[0.0], [2.0], [10.0], [12.0]]), np.array([0, 0, 1, 1])
    # 0: a = 2, b = 11 → 9/11; 2: a = 2, b = 9 → 7/9; the other two mirror them
    assert separation.silhouette(points, labels) == pytest.approx((9 / 11 + 7 / 9) / 2)
    assert np.isnan(separation.silhouette(points, np.zeros(4)))


def test_a_class_of_one_image_has_no_linear_probe() -> None:
    features, labels = _clusters(n=20)
    labels[0] = 2
    assert measure(features, labels).probe is None
    assert measure(features, np.zeros(20, int)).probe is None
    labels[:3] = 2
    assert measure(features, labels).folds == 3


def _moments(count: int = 4, n: int = 60) -> tuple[list[np.ndarray], np.ndarray]:
    """Classes that part step by step, in axes that turn and grow."""
    rng = np.random.default_rng(2)
    labels, noise = rng.integers(0, 3, n), rng.normal(size=(n, 16))
    centres = rng.normal(size=(3, 16))
    rotation = np.linalg.qr(rng.normal(size=(16, 16)))[0]
    return [(1 + t) * (noise + t * centres[labels]) @ np.linalg.matrix_power(rotation, t) for t in range(count)], labels


@pytest.mark.parametrize("method", ["umap", "pca"])
def test_same_seed_same_epochs(method: str) -> None:
    moments, labels = _moments()
    one, two = (map_epochs(moments, labels, np.arange(60), method, seed=3) for _ in range(2))
    assert np.array_equal(one.xy, two.xy) and one.xy.shape == (4, 60, 2)


def test_the_numbers_of_each_epoch_are_those_of_its_own_features() -> None:
    moments, labels = _moments()
    found = map_epochs(moments, labels, np.arange(60), "pca")
    for features, score in zip(moments, found.knn, strict=True):
        assert score == separation.knn_accuracy(space.standardised(features), labels)
    assert found.knn[-1].correct > found.knn[0].correct
    some = map_epochs(moments, labels, np.arange(0, 60, 3), "pca")
    assert some.knn == found.knn and some.xy.shape == (4, 20, 2)


def test_first_and_last_epoch_lie_as_their_features_do() -> None:
    """In two dimensions a map by PCA is the features themselves, turned: all distances must agree."""
    rng = np.random.default_rng(3)
    moments = [rng.normal(size=(30, 2)) * [3, 1] + t * rng.normal(size=(30, 2)) for t in range(3)]
    found = map_epochs(moments, np.arange(30) % 2, np.arange(30), "pca")
    for features, xy in zip(moments, found.xy, strict=True):
        x = space.standardised(features)
        far = [np.linalg.norm(z[:, None] - z[None], axis=2) for z in (x, xy)]
        np.testing.assert_allclose(*far, atol=1e-4)


def test_the_map_of_epochs_keeps_each_epochs_neighbours() -> None:
    moments, labels = _moments(5)
    found = map_epochs(moments, labels, np.arange(60), "umap")
    assert min(found.trust[1:]) > 0.9
    assert found.trust[0] > 0.6 > joint.trust(moments[0], np.random.default_rng(0).normal(size=(60, 2)))  # noise alone
    assert joint.trust(space.standardised(moments[0]), found.xy[-1]) < found.trust[-1]


def test_what_only_turns_and_grows_does_not_drift_over_the_epochs() -> None:
    """Each epoch is tied to the first: small steps must not add up to a way that nothing went.

    UMAP's random steps leave an eighth of the spread on noise, which the page says.
    """
    moments, labels = _moments(1, 120)
    rotation = np.linalg.qr(np.random.default_rng(5).normal(size=(16, 16)))[0]
    still = [(1 + t) * moments[0] @ np.linalg.matrix_power(rotation, t) + t for t in range(8)]
    for method, most in (("pca", 1e-3), ("umap", 0.2)):
        found = map_epochs(still, labels, np.arange(0, 120, 2), method)
        xy = found.xy
        assert (found.others, found.axes) == (60, 12)
        spread = np.linalg.norm(xy[0] - xy[0].mean(axis=0), axis=1).mean()
        assert np.linalg.norm(xy[-1] - xy[0], axis=1).mean() < most * spread


def test_epochs_that_have_nothing_to_do_with_each_other_are_not_laid_on_each_other() -> None:
    moments = list(np.random.default_rng(0).normal(size=(3, 306, 512)))
    found = map_epochs(moments, np.arange(306) % 4, np.arange(0, 306, 2), "pca")
    assert (found.others, found.axes) == (153, 30)
    assert [joint.twins(found.xy[0], xy) for xy in found.xy[1:]] == pytest.approx([0.5, 0.5], abs=0.1)


def test_one_epoch_and_few_images_are_mapped_too() -> None:
    moments, labels = _moments(3, 5)
    for method in ("umap", "pca"):
        assert np.isfinite(map_epochs(moments, labels, np.arange(5), method).xy).all()
        assert map_epochs(moments[:1], labels, np.arange(5), method).xy.shape == (1, 5, 2)
    with pytest.raises(ExplorerError, match="at epoch 1 hold values that are not finite"):
        map_epochs([moments[0], moments[1] * np.nan], labels, np.arange(5))
    with pytest.raises(ExplorerError, match="Unknown projection 'tsne'"):
        map_epochs(moments, labels, np.arange(5), "tsne")


def test_importing_it_imports_neither_umap_nor_sklearn() -> None:
    wanted = "[m for m in ('umap', 'sklearn', 'torch') if m in sys.modules]"
    code = f"import sys, explorer.looks.projection.compute.joint; print({wanted})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

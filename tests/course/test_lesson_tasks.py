"""What the lesson asks of the real engine: filters, a walk, a new head, a run beside its start, a point of the small curve."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from explorer import runs
from explorer.catalogue import BACKBONES, DATASETS, Backbone
from explorer.catalogue.backbones import backbone
from explorer.course.compute import handlers as asked
from explorer.course.compute.handlers import base_filters, beside_start, curve_point, new_head, walk
from explorer.course.compute.snippets.scenes import opening
from explorer.course.lesson_runs import CURVE_SIZES, CURVE_STEPS
from explorer.course.question.live import CurvePoint, Stillness, Walk
from explorer.course.view.structure import pytorch_lines
from explorer.errors import ExplorerError
from explorer.models import backbones
from explorer.recipe import make
from explorer.training.compute.handlers import train
from explorer.training.compute.preparing import prepare
from explorer.training.compute.session import Session

pytestmark = pytest.mark.long(55)

ROW = backbone("resnet10")
TESTED = 306
STEPS = CURVE_STEPS // 2
HERE = ("resnet10", "BUILT_IN")


# First filters


def test_the_first_filters_are_those_of_the_network_and_random_ones_differ() -> None:
    found = base_filters(*HERE)
    assert found.layer == "conv1" and found.total == 64
    assert found.a.shape == found.b.shape == (64, 3, 7, 7) and list(found.kept) == list(range(64))
    built = backbones.build("resnet10", 2, "BUILT_IN")
    np.testing.assert_array_equal(found.a, built.model.conv1.weight.detach().numpy())
    assert np.abs(found.a - found.b).max() > 0.01 and np.isfinite(found.b).all()


def test_random_beside_random_is_the_same() -> None:
    found = base_filters("resnet10", "random")
    np.testing.assert_array_equal(found.a, found.b)
    np.testing.assert_array_equal(found.b, base_filters(*HERE).b)


# A walk


@pytest.fixture(scope="module")
def walked() -> Walk:
    return walk(*HERE, 40)


def test_a_walk_passes_every_stage_with_the_shapes_that_strides_and_channels_give(walked: Walk) -> None:
    side = ROW.preprocessing("BUILT_IN").crop
    assert walked.picture.shape == (side, side, 3) and walked.picture.dtype == np.uint8
    assert tuple(stage.stage for stage in walked.stages) == ROW.stage_names
    shapes = [(stage.channels, stage.rows, stage.columns) for stage in walked.stages]
    strides = (4, 4, 8, 16, 32)
    assert shapes == [(c, side // s, side // s) for c, s in zip((64, 64, 128, 256, 512), strides, strict=True)]


def test_the_parameters_of_a_walk_add_up_to_the_backbones(walked: Walk) -> None:
    assert sum(stage.parameters for stage in walked.stages) == ROW.parameters
    assert walked.stages[0].parameters == 64 * 3 * 7 * 7 + 2 * 64, "the stem: one convolution and its BatchNorm"


def test_what_a_middle_cell_sees_is_what_one_works_out_by_hand(walked: Walk) -> None:
    """Stem: 7 by 7 at stride 2, then pooling 3 by 3: cell m sees 4m - 5 to 4m + 5. layer1: two convolutions 3 by 3 at stride
    4, 8 more on each side. layer2: one at stride 2 and one of 3 by 3 after it, 3 cells of layer1 on each side of 8m."""
    side = ROW.preprocessing("BUILT_IN").crop
    m = side // 4 // 2
    assert walked.stages[0].sight == (4 * m - 5, 4 * m + 6)
    assert walked.stages[1].sight == (4 * m - 13, 4 * m + 14)
    m = side // 8 // 2
    assert walked.stages[2].sight == (8 * m - 12 - 13, 8 * m + 12 + 14)
    assert walked.stages[4].sight == (0, side), "the last stage sees it all"


def test_the_maps_of_a_walk_are_the_strongest_channels(walked: Walk) -> None:
    for stage in walked.stages:
        assert stage.maps.shape == (asked.SHOWN, stage.rows, stage.columns) == (len(stage.shown), *stage.maps.shape[1:])
        means = np.abs(stage.maps).mean((1, 2))
        assert (np.diff(means) <= 1e-6).all() and means[0] > 0
        assert len(set(stage.shown)) == asked.SHOWN and 0 <= stage.shown.min() <= stage.shown.max() < stage.channels


def test_other_weights_and_another_picture_give_another_walk(walked: Walk) -> None:
    other, random = walk(*HERE, 41), walk("resnet10", "random", 40)
    assert not np.array_equal(other.picture, walked.picture)
    np.testing.assert_array_equal(random.picture, walked.picture)
    assert random.label == walked.label
    assert not np.array_equal(random.stages[-1].maps, walked.stages[-1].maps)
    assert [s.sight for s in random.stages] == [s.sight for s in walked.stages], "sight is no matter of weights"


def test_large_maps_are_shrunk_for_display_and_their_shape_stays_true() -> None:
    stage = walk("squeezenet1_1", "random", 0).stages[0]
    assert stage.rows > asked.CELLS and stage.maps.shape[1:] == (asked.CELLS, asked.CELLS)


@pytest.mark.parametrize("image", [-1, TESTED, 10**9])
def test_a_picture_that_is_not_there_is_said(image: int) -> None:
    with pytest.raises(ExplorerError, match=rf"no test image {image}: there are {TESTED}, numbered from 0"):
        walk(*HERE, image)
    with pytest.raises(ExplorerError, match=f"there are {TESTED}"):
        new_head(*HERE, 3, 0, image)


def test_an_unknown_backbone_is_said() -> None:
    for ask in (lambda: walk("resnet9", "random", 0), lambda: base_filters("resnet9", "random")):
        with pytest.raises(ExplorerError, match="resnet9"):
            ask()


# A new head


@pytest.mark.parametrize("classes", [2, 17])
def test_a_new_head_has_a_weight_for_each_feature_and_class_and_an_offset(classes: int) -> None:
    found = new_head(*HERE, classes, 0, 5)
    assert found.features == ROW.features == 512
    assert found.parameters == 512 * classes + classes and found.old == 512 * 1000 + 1000
    assert found.probability.shape == (classes,) and found.probability.sum() == pytest.approx(1, abs=1e-6)
    assert (found.probability > 0).all() and found.top.shape == (TESTED,)
    assert found.top[5] == found.probability.max() and (found.top >= 1 / classes).all() and (found.top <= 1).all()
    assert (found.score is not None) == (classes == DATASETS["photo_patches"].classes)


@pytest.mark.parametrize(
    "backbone, old", [("vgg16", 123_642_856), ("mobilenet_v3_small", 576 * 1024 + 1024 + 1024 * 1000 + 1000)]
)
def test_the_head_that_came_off_is_counted_with_all_its_layers(
    backbone: str, old: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    width = BACKBONES[backbone].features
    monkeypatch.setattr(asked, "_pooled", lambda *_: torch.zeros(TESTED, width))
    assert new_head(backbone, "random", 2, 0, 5).old == old


def test_a_head_that_has_not_learned_is_near_guessing() -> None:
    scores = [new_head(*HERE, 17, seed, 0).score for seed in range(4)]
    assert all(score is not None and score.n == TESTED for score in scores)
    assert np.mean([score.accuracy for score in scores if score]) < 0.25, "a trained one is far above"


def test_a_seed_draws_a_head_and_nothing_else() -> None:
    first, again, other = (new_head(*HERE, 17, seed, 3) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.probability, again.probability)
    np.testing.assert_array_equal(first.top, again.top)
    assert first.score == again.score
    assert not np.array_equal(first.probability, other.probability)
    np.testing.assert_array_equal(first.picture, other.picture)
    assert (first.parameters, first.label) == (other.parameters, other.label)


# The lines of freezing


def lines_on(backbone: str, learns: tuple[str, ...], mode: str) -> dict[str, Any]:
    """The lesson's lines of PyTorch, carried out after the lines that open a backbone with random weights."""
    row, names = BACKBONES[backbone], {}
    exec(opening(row, "random").partition("strip = ")[0], names)
    exec(pytorch_lines(row, learns, mode), names)
    return names


@pytest.fixture
def dense_layers_undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """VGG's dense layers, 120 million weights that the lines take off at once, hold what the memory held."""
    for name in ("normal_", "uniform_", "kaiming_uniform_"):
        drawn = getattr(nn.init, name)
        monkeypatch.setattr(
            nn.init, name, lambda x, *a, drawn=drawn, **k: x if x.numel() > 10_000_000 else drawn(x, *a, **k)
        )


def stage_at(row: Backbone, tensor: str) -> str:
    """The stage of a tensor of torchvision's model, or `head`."""
    return next((s.name for s in row.stages for p in s.parts if f"{tensor}.".startswith(f"{p}.")), "head")


@pytest.mark.parametrize("mode", ["frozen_everywhere", "frozen", "moving"])
@pytest.mark.parametrize("which", [(), (0,), (-1,), (0, 2), (0, 1, 2, 3, 4)])
@pytest.mark.parametrize("backbone", ["resnet10", "vgg16", "vgg11_bn", "mobilenet_v2"])
def test_the_lines_of_freezing_do_what_the_ticks_say(
    backbone: str, which: tuple[int, ...], mode: str, dense_layers_undrawn: None
) -> None:
    row = BACKBONES[backbone]
    learns = tuple(name for i, name in enumerate(row.stage_names) if i in {k % 5 for k in which})
    torch.manual_seed(0)
    names = lines_on(backbone, learns, mode)
    model, x, y = names["model"], torch.randn(2, 3, 32, 32), torch.tensor([0, 3])
    old = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
    functional.cross_entropy(model(x), y).backward()
    names["optimizer"].step()
    weights = {name for name, _ in model.named_parameters()}
    moved = {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, old[name])}
    assert {name for name, p in model.named_parameters() if p.requires_grad} == {
        name for name in weights if stage_at(row, name) in (*learns, "head")
    }
    assert {stage_at(row, name) for name in moved & weights} == {*learns, "head"}
    statistics = {stage_at(row, name) for name in moved - weights}
    batch = row.stage_names if row.normalisation == "batch" else ()
    may_move = {"moving": set(batch), "frozen": set(batch) & set(learns), "frozen_everywhere": set()}
    assert statistics == may_move[mode]


@pytest.mark.parametrize("row", BACKBONES.values(), ids=list(BACKBONES))
def test_the_lines_of_freezing_reach_every_tensor_of_a_stage_on_any_backbone(row: Backbone) -> None:
    with torch.device("meta"):
        for stage in row.stage_names:
            model = lines_on(row.name, (stage,), "frozen")["model"]
            learn = {stage_at(row, name) for name, p in model.named_parameters() if p.requires_grad}
            still = {stage_at(row, name) for name, p in model.named_parameters() if not p.requires_grad}
            assert learn == {stage, "head"} and still == {*row.stage_names} - {stage}
            modes = {stage_at(row, name) for name, m in model.named_modules() if m.training and not list(m.children())}
            assert modes <= {stage, "head"} and "head" in modes


# A run beside its start


@pytest.fixture(scope="module")
def made(patterns: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Stillness]]:
    """A probe, a run that tuned its last stage and a probe with moving BatchNorm, each beside its start."""
    choices: dict[str, Any] = {"dataset": "folder", "data_dir": str(patterns), "per_class": None, "input_size": 32}
    choices |= {"backbone": "resnet10", "weights": "BUILT_IN", "epochs": 2, "batch_size": 8, "device": "cpu"}
    plans = {"probe": {}, "tuned": {"strategy": "last_stage"}, "moving": {"batchnorm": "moving"}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("THAW_HOME", str(tmp_path_factory.mktemp("thaw")))
        found = {}
        for word, plan in plans.items():
            run = runs.create(make(**choices | plan))
            train(run)
            found[word] = beside_start(run)
        yield found


def test_a_probe_is_exactly_where_it_was(made: dict[str, Stillness]) -> None:
    found = made["probe"]
    assert found.stages == ROW.stage_names and found.largest == (0.0,) * len(found.stages)
    assert found.map.unmoved and found.map.stage == "layer4" and found.map.method == "pca"
    np.testing.assert_array_equal(found.map.a, found.map.b)


def test_a_tuned_stage_moved_and_those_before_it_did_not(made: dict[str, Stillness]) -> None:
    found = made["tuned"]
    assert found.largest[:-1] == (0.0,) * 4 and found.largest[-1] > 0
    assert not found.map.unmoved and not np.array_equal(found.map.a, found.map.b)


def test_under_moving_statistics_frozen_weights_do_not_keep_features(made: dict[str, Stillness]) -> None:
    found = made["moving"]
    assert all(change > 0 for change in found.largest) and not found.map.unmoved


def test_the_map_shows_each_test_image_of_the_run_once(made: dict[str, Stillness]) -> None:
    shown = made["tuned"].map
    assert len(shown.a) == len(shown.b) == len(shown.labels) == len(shown.ids) == len(set(shown.ids)) > 5
    assert shown.classes == ("chequered", "lying", "standing")
    assert shown.ids == made["probe"].map.ids, "the same pictures for every run"


def test_a_run_that_is_not_finished_cannot_be_set_beside_its_start() -> None:
    with pytest.raises(ExplorerError, match="is queued"):
        beside_start(runs.create(make()))


# The small curve


@pytest.fixture(scope="module")
def points() -> dict[str, tuple[CurvePoint, Session]]:
    """A point of each arm, with what was really trained for it, in half the lesson's steps."""
    found = {}
    for arm in asked.ARMS:
        with pytest.MonkeyPatch.context() as patch:
            seen: list[Session] = []
            real = prepare
            patch.setattr(asked, "CURVE_STEPS", STEPS)
            patch.setattr(asked, "prepare", lambda *a, seen=seen, real=real: seen.append(real(*a)) or seen[-1])
            found[arm] = (curve_point("digits", 5, arm, 1), seen[0])
    return found


def test_a_point_says_what_was_trained(points: dict[str, tuple[CurvePoint, Session]]) -> None:
    for arm, (point, session) in points.items():
        assert (point.dataset, point.per_class, point.arm, point.seed) == ("digits", 5, arm, 1)
        assert point.images == len(session.data.train) == 5 * 10
        assert list(np.bincount(session.data.train.labels)) == [5] * 10
        assert point.steps == session.steps and abs(point.steps - STEPS) <= STEPS // 4
        assert point.pixels == 32 and point.seconds > 0
        assert point.score.n == len(session.data.test) > 300
        assert not session.history, "a point shows no map, whose epochs took a quarter of its time"


def test_both_arms_see_the_same_images_in_as_many_steps(
    points: dict[str, tuple[CurvePoint, Session]],
) -> None:
    (probe, seen), (scratch, also_seen) = points["probe"], points["scratch"]
    assert seen.data.train.ids == also_seen.data.train.ids and seen.data.test.ids == also_seen.data.test.ids
    assert (probe.steps, probe.epochs, probe.images) == (scratch.steps, scratch.epochs, scratch.images)


def test_one_arm_is_frozen_and_the_other_learns_all(
    points: dict[str, tuple[CurvePoint, Session]],
) -> None:
    recipes = {arm: session.recipe for arm, (_, session) in points.items()}
    assert recipes["probe"].learns == () and recipes["probe"].weights == "BUILT_IN"
    assert recipes["scratch"].learns == ROW.stage_names and recipes["scratch"].weights == "random"
    assert recipes["probe"].seed == recipes["scratch"].seed == 1


def test_a_point_is_more_than_guessing(points: dict[str, tuple[CurvePoint, Session]]) -> None:
    assert all(point.score.low > 0.2 for point, _ in points.values())


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        (("photos", 5, "probe", 0), "photos"),
        (("shapes", 5, "probe", 0), "shapes"),
        (("digits", 5, "linear_probe", 0), "linear_probe"),
    ],
)
def test_a_point_off_the_curve_is_said_with_what_there_is(choice: tuple[str, int, str, int], words: str) -> None:
    with pytest.raises(ExplorerError, match=words) as caught:
        curve_point(*choice)
    assert "digits" in str(caught.value) or "scratch" in str(caught.value), "what is known is named"


def test_more_images_take_as_many_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """The epochs are planned from the images, so that about `CURVE_STEPS` steps come out of every size."""
    planned: list[Any] = []

    class Planned(Exception):
        pass

    def stop(recipe: Any, report: Any) -> None:
        planned.append(recipe)
        raise Planned

    monkeypatch.setattr(asked, "prepare", stop)
    for dataset, classes in (("photo_patches", 17), ("digits", 10)):
        for per_class in (1, *CURVE_SIZES):
            with pytest.raises(Planned):
                curve_point(dataset, per_class, "probe", 0)
            recipe = planned[-1]
            a_round = math.ceil(per_class * classes / recipe.batch_size)
            assert recipe.epochs * a_round == pytest.approx(CURVE_STEPS, rel=0.1)
            assert recipe.per_class == per_class

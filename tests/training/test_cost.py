"""What a page works out of a recipe agrees with what a network says of itself."""

import dataclasses
from functools import cache

import pytest
import torch

from explorer import machine
from explorer.catalogue import BACKBONES, STRATEGIES
from explorer.catalogue.datasets import DATASETS
from explorer.data import datasets
from explorer.recipe import make
from explorer.training import cost
from explorer.training.compute import freezing, measuring
from explorer.training.question import Anatomy, Speed, StageAnatomy

pytestmark = pytest.mark.long(20)

TWO = Anatomy(
    "x",
    (
        StageAnatomy(stage="stem", parameters=100, affine=10, normalisation_layers=1, kept=1000, output=(4, 8, 8)),
        StageAnatomy(stage="layer1", parameters=200, affine=20, normalisation_layers=2, kept=500, output=(8, 4, 4)),
    ),
)


@pytest.mark.parametrize("backbone", ["resnet10", "vgg16", "vit_b_16", "mobilenet_v2", "densenet121", "convnext_tiny"])
def test_the_page_describes_a_recipe_as_the_network_does(backbone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    row = BACKBONES[backbone]
    monkeypatch.setattr(freezing, "build", cache(freezing.build))  # of one network every recipe makes what it wants
    size = max(row.least, 64) if row.any_size else row.input_size
    found = measuring.anatomy(backbone, size)
    assert sum(part.parameters for part in found.stages) == row.parameters
    choices: list[dict[str, object]] = [
        {"strategy": name} for name, plan in STRATEGIES.items() if row.normalisation != "none" or not plan.affine
    ]
    choices.append({"strategy": "custom", "stages": row.stage_names[1:3]})
    if row.normalisation == "batch":
        choices += [{"strategy": "last_stage", "batchnorm": mode} for mode in ("frozen", "moving", "affine")]
    for choice in choices:
        weights = "random" if backbone != "resnet10" else "default"
        wanted = make(backbone=backbone, weights=weights, input_size=size, **choice)
        assert cost.describe(wanted, found) == freezing.describe(wanted), choice


def test_what_the_way_back_keeps_is_what_autograd_keeps() -> None:
    """By hand, of the stem for one image of 32 pixels: what the convolution read (3 × 32 × 32) and gave to BatchNorm (64 × 16 ×
    16), BatchNorm's mean and deviation of a batch (64 each, halved: it was two images), the ReLU's output, and MaxPool's places
    in it."""
    stem = measuring.anatomy("resnet10", 32).stages[0]
    floats = 3 * 32 * 32 + 64 * 16 * 16 + (64 + 64) / 2 + 64 * 16 * 16
    assert stem.kept == pytest.approx(4 * floats + 8 * 64 * 8 * 8, rel=0.02)


def of_speed(backbone: str) -> Speed:
    """A second a stage to look, three to learn; of each stage's 1000 parameters 10 scale and shift."""
    made: dict[str, tuple[float, ...]] = {"look": (1.0,) * 5, "learn": (3.0,) * 5}
    names, counts = BACKBONES[backbone].stage_names, {"parameters": (1000,) * 5, "affine": (10,) * 5}
    return Speed(device="cpu", precision="float32", stages=names, **made, **counts)


def test_memory_counts_weights_gradients_means_and_the_batch() -> None:
    head = 512 * 17 + 17
    frozen = make(strategy="linear_probe", batch_size=4)
    assert cost.memory(frozen, TWO) == 4 * (300 + head) + 12 * head
    tuned = make(strategy="custom", stages=("layer1",), batch_size=4)
    assert cost.memory(tuned, TWO) == 4 * (300 + head) + 12 * (200 + head) + 4 * 500
    affine = make(strategy="bn_only", batch_size=4)
    assert cost.memory(affine, TWO) == 4 * (300 + head) + 12 * (30 + head) + 4 * 1500


def test_memory_counts_the_copy_that_is_scored_beside_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is trained, 4 bytes each, and AdamW's two means: in `lp_ft` once the backbone joins."""
    monkeypatch.setattr(machine, "passes", lambda: 2)
    head, speed, images = 512 * 17 + 17, of_speed("resnet10"), cost.Images(10, 4, 6)
    copies = {"full": 5000, "last_stage": 1000, "bn_only": 50, "lp_ft": 5000}
    for strategy, trained in copies.items():
        recipe = make(strategy=strategy, epochs=6)
        assert cost.memory(recipe, TWO, speed, images) - cost.memory(recipe, TWO) == 12 * (trained + head), strategy
    for recipe in (make(), make(strategy="full", epochs=1)):
        assert cost.memory(recipe, TWO, speed, images) == cost.memory(recipe, TWO), "nothing is copied"


def test_seconds_add_up_by_hand() -> None:
    speed = of_speed("resnet10")
    images = cost.Images(10, 4, 6)
    probe = make(strategy="linear_probe", epochs=2, batch_size=10)
    assert cost.seconds(probe, speed, images) == pytest.approx(1 + 5 * 20 + 2 * cost.HEAD_STEP)
    last = make(strategy="last_stage", epochs=2, batch_size=10)
    learning, scoring = (
        2 * (10 * 3 + (4 + 10) * 1),
        2 * 6 * 1,
    )  # an epoch's images forward and back; scores; test features
    once = 4 * 20 + (10 + 6) + (10 + 12)
    assert cost.seconds(last, speed, images) == pytest.approx(1 + once + learning + scoring + 2 * cost.HEAD_STEP)
    assert cost.seconds(make(strategy="full", epochs=2), speed, images) > cost.seconds(last, speed, images)


def test_no_scores_but_the_last_are_waited_for_where_they_are_computed_beside_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(machine, "passes", lambda: 2)
    speed, images = of_speed("resnet10"), cost.Images(10, 4, 6)
    last = make(strategy="last_stage", epochs=3, batch_size=10)
    once = 4 * 20 + (10 + 6) + (10 + 12)
    beside = 1 + once + 3 * 10 * 3 + (4 + 10 + 6) * 1 + 3 * cost.HEAD_STEP  # the last epoch's scores and test features
    assert cost.seconds(last, speed, images) == pytest.approx(beside)
    for one in (dataclasses.replace(speed, device="cuda"), dataclasses.replace(speed, parameters=(2**25,) * 5)):
        assert cost.seconds(last, one, images) == pytest.approx(beside + 2 * (4 + 10 + 6))
    assert cost.seconds(last, speed, cost.Images(10, 15, 6)) == pytest.approx(
        1 + 4 * 31 + (10 + 6) + (10 + 12) + 3 * (10 * 3 + 25 + 6) + 3 * cost.HEAD_STEP
    ), "31 passes take longer than ten steps"
    on_the_card = make(strategy="last_stage", epochs=3, batch_size=10, device="cpu")
    assert cost.seconds(on_the_card, dataclasses.replace(speed, device="cuda"), images) == pytest.approx(beside)


def test_images_are_counted_by_a_run_before_they_are_guessed() -> None:
    assert cost.images_of(make(dataset="flowers102", per_class=None)) == cost.Images(5487, 901, 1802), "shares of 8189"
    assert cost.images_of(make(dataset="folder", data_dir="/x")) is None
    assert cost.images_of(make(per_class=5)) == cost.Images(85, 131, 306)


@pytest.mark.parametrize("name", [name for name, row in DATASETS.items() if row.shipped])
def test_of_a_set_that_ships_the_catalogue_knows_the_images(name: str) -> None:
    for wanted in (make(dataset=name, per_class=25), make(dataset=name, per_class=None, split_seed=1)):
        data = datasets.load(wanted)
        assert cost.images_of(wanted) == cost.Images(len(data.train), len(data.val), len(data.test))


def test_a_measured_speed_is_of_every_stage_and_a_way_back_takes_longer() -> None:
    torch.set_num_threads(1)
    found = measuring.speed("resnet10", 32)
    assert found.stages == BACKBONES["resnet10"].stage_names and found.device == "cpu"
    parts = measuring.anatomy("resnet10", 32).stages
    assert (found.parameters, found.affine) == tuple(
        zip(*((part.parameters, part.affine) for part in parts), strict=True)
    )
    assert len(found.look) == len(found.learn) == 5 and all(s > 0 for s in found.look)
    assert sum(found.learn) > sum(found.look)

"""One recipe through every door: what is filled in, what is refused and in which words, and that it survives storage."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from explorer import recipe
from explorer.catalogue import BACKBONES, STRATEGIES
from explorer.errors import ExplorerError
from explorer.recipe import Recipe, make


@pytest.mark.parametrize("name", STRATEGIES)
@pytest.mark.parametrize("backbone", BACKBONES)
def test_what_learns_and_what_is_cached_partition_the_stages(backbone: str, name: str) -> None:
    if name == "bn_only" and BACKBONES[backbone].normalisation == "none":
        with pytest.raises(ExplorerError, match="no normalisation layers"):
            make(backbone=backbone, strategy=name)
        return
    found = make(backbone=backbone, strategy=name)
    names = found.row.stage_names
    expected = names[STRATEGIES[name].learns]
    assert found.learns == expected
    assert found.tuned == (bool(expected) or name == "bn_only")
    assert found.trainable == (names if name == "bn_only" else expected)
    if name == "bn_only":
        assert found.frozen_front == (), "what stands before the first normalisation layer is less than a stage"
        return
    front = names.index(expected[0]) if expected else len(names)
    assert found.frozen_front == names[:front]


def test_a_stored_recipe_depends_on_no_later_default() -> None:
    found = make(strategy="full")
    assert found.weights == "BUILT_IN"
    assert found.stages == ("stem", "layer1", "layer2", "layer3", "layer4")
    assert (found.head_rate, found.backbone_rate) == (1e-3, 6e-4)


def test_a_backbone_s_own_rate_comes_before_the_strategy_s_and_after_what_was_said() -> None:
    rates = {
        name: make(backbone="mobilenet_v2", strategy=name).backbone_rate for name in ("full", "last_stage", "lp_ft")
    }
    assert rates == {"full": 2e-4, "last_stage": 3e-4, "lp_ft": 1e-4}
    assert make(backbone="mobilenet_v2", strategy="full", backbone_rate=6e-4).backbone_rate == 6e-4
    assert make(backbone="resnet18", strategy="full").backbone_rate == 6e-4


def test_from_scratch_means_random_weights_whatever_was_asked() -> None:
    found = make(strategy="from_scratch", weights="BUILT_IN")
    assert found.weights == "random"
    assert "random weights" not in found.title  # the strategy's title says it
    assert "random weights" in make(weights="random").title


def test_custom_stages_are_taken_in_the_network_s_order() -> None:
    found = make(strategy="custom", stages=("layer4", "layer2"))
    assert found.learns == ("layer2", "layer4")
    assert found.frozen_front == ("stem", "layer1")
    assert make(strategy="last_stage", stages=("stem",)).learns == ("layer4",)


def phases(**choices: Any) -> list[tuple[tuple[str, ...], int]]:
    return [(phase.learns, phase.epochs) for phase in make(**choices).phases]


def test_gradual_unfreezes_one_stage_after_another_from_the_head_down() -> None:
    found = phases(strategy="gradual", epochs=12, unfreeze_every=2)
    names = ("stem", "layer1", "layer2", "layer3", "layer4")
    assert found == [(names[len(names) - i :], 2) for i in range(6)]
    assert phases(strategy="gradual", epochs=12) == found, "evenly spread where nothing was said"
    assert phases(strategy="gradual", epochs=20, unfreeze_every=1)[-1] == (names, 15)
    short = make(strategy="gradual", epochs=5, unfreeze_every=2)
    assert [p.epochs for p in short.phases] == [2, 2, 1]
    assert short.learns == ("layer3", "layer4") and short.frozen_front == ("stem", "layer1", "layer2")
    assert make(**short.model_dump()) == short


def test_lp_ft_trains_the_head_first_and_then_everything() -> None:
    every = make(strategy="full").learns
    assert phases(strategy="lp_ft", epochs=9) == [((), 4), (every, 5)]
    assert phases(strategy="lp_ft", epochs=9, unfreeze_every=8) == [((), 8), (every, 1)]


@pytest.mark.parametrize("name", ["linear_probe", "last_stage", "full", "bn_only"])
def test_other_strategies_have_one_phase(name: str) -> None:
    found = make(strategy=name, unfreeze_every=3)
    assert phases(strategy=name) == [(found.learns, 10)] and found.unfreeze_every is None


def test_views_follow_the_augmentation() -> None:
    assert (make().views, make(augmentation="crop").views, make(augmentation="flip", views=8).views) == (1, 4, 8)


@pytest.mark.parametrize(("backbone", "rate"), [("resnet10", 9e-3), ("resnet18", 3e-3)])
def test_scale_and_shift_have_the_rate_of_their_own_strategy_where_a_probe_learns_them(
    backbone: str, rate: float
) -> None:
    found = make(backbone=backbone, batchnorm="affine")
    assert found.tuned and found.learns == ()
    assert found.backbone_rate == make(backbone=backbone, strategy="bn_only").backbone_rate == rate
    assert (
        make(backbone=backbone, strategy="full", batchnorm="affine").backbone_rate == STRATEGIES["full"].backbone_rate
    )


def test_a_recipe_survives_json_and_keeps_its_fingerprint(tmp_path: Path) -> None:
    found = make(strategy="custom", stages=("stem",), per_class=None, seed=3, head_rate=0.02)
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps(found.model_dump()))
    again = recipe.read(path)
    assert again == found and hash(again) == hash(found)
    assert again.fingerprint == found.fingerprint
    assert len(found.fingerprint) == 12


@pytest.mark.parametrize(
    "field",
    [f for f in Recipe.model_fields if f not in ("data_dir", "stages", "reads", "dataset", "unfreeze_every", "views")],
)
def test_every_choice_is_part_of_the_fingerprint(field: str) -> None:
    other: dict[str, Any] = {
        "rate_decay": 0.5,
        "augmentation": "flip",
        "class_weights": True,
        "backbone": "resnet18",
        "weights": "random",
        "strategy": "full",
        "batchnorm": "moving",
        "device": "cpu",
        "head_rate": 0.5,
        "backbone_rate": 0.5,
        "input_size": 64,
        "labels": "table",
        "edits": "0123456789ab",
        "spoilt": "blur-4",
    }
    assert make(**{field: other.get(field, 7)}).fingerprint != make().fingerprint


def test_a_recipe_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        make().epochs = 3


BAD: list[tuple[dict[str, Any], list[str]]] = [
    ({"backbone": "resnet19"}, ["'resnet19'", "resnet18"]),
    ({"backbone": ["resnet18"]}, ["resnet18", "Allowed"]),
    ({"weights": "IMAGENET"}, ["'IMAGENET'", "BUILT_IN"]),
    ({"dataset": "ants"}, ["'ants'", "hymenoptera"]),
    ({"strategy": "thaw"}, ["'thaw'", "linear_probe"]),
    ({"strategy": "custom", "stages": ("layer9",)}, ["'layer9'", "layer4"]),
    ({"batchnorm": "off"}, ["'off'", "frozen", "moving"]),
    ({"device": "tpu"}, ["'tpu'", "auto", "cuda"]),
    ({"epochs": 0}, ["epochs is 0. Allowed: at least 1."]),
    ({"epochs": 501}, ["epochs is 501. Allowed: at most 500."]),
    ({"epochs": "many"}, ["epochs", "'many'"]),
    ({"epochs": 2.5}, ["epochs", "2.5"]),
    ({"batch_size": 1}, ["batch_size", "at least 2"]),
    ({"head_rate": -1}, ["head_rate", "-1"]),
    ({"head_rate": 0}, ["head_rate", "0"]),
    ({"head_rate": 101.0}, ["head_rate", "at most 100"]),
    ({"head_rate": float("nan")}, ["head_rate"]),
    ({"backbone_rate": float("inf")}, ["backbone_rate"]),
    ({"strategy": "full", "backbone_rate": 0}, ["backbone_rate", "0"]),
    ({"rate_decay": 0}, ["rate_decay", "0"]),
    ({"rate_decay": 2}, ["rate_decay", "at most 1"]),
    ({"strategy": "lp_ft", "epochs": 1}, ["LP-FT", "1", "fewer than 1", "more epochs"]),
    ({"strategy": "gradual", "unfreeze_every": 10}, ["Gradual", "10", "fewer than 10"]),
    ({"strategy": "gradual", "unfreeze_every": "often"}, ["'often'"]),
    ({"strategy": "gradual", "unfreeze_every": 0}, ["unfreeze_every", "at least 1"]),
    ({"strategy": "gradual", "epochs": "many"}, ["epochs", "'many'"]),
    ({"augmentation": "blur"}, ["'blur'", "flip", "colour"]),
    ({"views": 3}, ["3 views", "'none'", "2 to 8"]),
    ({"views": 1, "augmentation": "crop"}, ["1 view does not fit", "'crop'", "2 to 8"]),
    ({"views": 9, "augmentation": "crop"}, ["views", "at most 8"]),
    ({"per_class": 0}, ["per_class", "at least 1"]),
    ({"input_size": 16}, ["input_size", "at least 32"]),
    ({"seed": -1}, ["seed", "at least 0"]),
    ({"dataset": "folder"}, ["--data-dir"]),
    ({"dataset": "shapes", "data_dir": "pictures"}, ["pictures", "shapes", "'folder'"]),
    ({"optimizer": "sgd"}, ["'optimizer'", "head_rate"]),
]


@pytest.mark.parametrize(("choices", "words"), BAD, ids=[str(c) for c, _ in BAD])
def test_bad_input_is_answered_with_the_value_and_what_is_allowed(choices: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(ExplorerError) as error:
        make(**choices)
    assert all(word in str(error.value) for word in words), str(error.value)


def test_several_mistakes_are_told_at_once() -> None:
    with pytest.raises(ExplorerError, match=r"(?s)epochs.*batch_size"):
        make(epochs=0, batch_size=0)


def test_a_probe_s_rates_survive_being_read_again() -> None:
    found = make()
    assert found.backbone_rate == 0.0
    assert make(**found.model_dump()) == found


def test_the_default_comparison_differs_in_one_thing_at_a_time() -> None:
    random, probe, tuned = recipe.default_comparison()
    assert (random.weights, probe.weights, tuned.weights) == ("random", "BUILT_IN", "BUILT_IN")
    assert (random.learns, probe.learns, tuned.learns) == ((), (), ("layer4",))
    assert len({(r.backbone, r.dataset, r.seed, r.split_seed, r.epochs) for r in (random, probe, tuned)}) == 1


def test_a_field_that_came_later_leaves_recipes_from_before_as_they_were() -> None:
    before = make()
    assert not {"labels", "edits"} & before.model_dump().keys() and make(**before.model_dump()) == before
    later = make(edits="0123456789ab")
    assert later.model_dump()["edits"] == "0123456789ab" and later.fingerprint != before.fingerprint
    stored = json.dumps(before.model_dump(), sort_keys=True)
    assert before.fingerprint == hashlib.sha256(stored.encode()).hexdigest()[:12]

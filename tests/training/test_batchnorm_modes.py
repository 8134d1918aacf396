"""BatchNorm while stages learn: which statistics each mode normalises by, what moves, and which mode is chosen unasked."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from explorer import recipe
from explorer.catalogue import (
    BACKBONES,
    BATCHNORM_MODES,
    BATCHNORM_TITLES,
    LAYERNORM_MODES,
    LAYERNORM_TITLES,
    STRATEGIES,
)
from explorer.errors import ExplorerError
from explorer.models import backbones, devices
from explorer.recipe import Recipe
from explorer.training.compute import freezing
from explorer.training.compute.judging import audit
from explorer.training.compute.loop import train
from explorer.training.compute.preparing import prepare
from explorer.training.compute.scoring import outcome
from explorer.training.compute.session import Session

TUNING = [
    name
    for name, plan in STRATEGIES.items()
    if plan.pretrained and not plan.affine and name not in ("linear_probe", "best_stage", "custom")
]


@pytest.fixture
def make(tiny: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Recipe]:
    """A tiny recipe on the weights that ship, in float32."""
    monkeypatch.setattr(devices, "_multiplies_bfloat16", lambda: False)
    return lambda **choices: recipe.make(**tiny | {"backbone": "resnet10", "weights": "default"} | choices)


def learned(wanted: Recipe) -> tuple[Session, set[str]]:
    """The session after its run, before the best epoch is taken, and the names of what moved."""
    session = prepare(wanted)
    list(train(session))
    return session, set(freezing.changed(session.before, freezing.snapshot(session.network)))


def statistics(session: Session) -> set[str]:
    return {name for name in session.before if name.endswith(("running_mean", "running_var", "num_batches_tracked"))}


@pytest.mark.parametrize("strategy", TUNING)
def test_kept_statistics_do_not_move_while_scale_and_shift_learn(strategy: str, make: Callable[..., Recipe]) -> None:
    epochs = 6 if strategy == "gradual" else 2  # one for each of its phases
    session, moved = learned(make(strategy=strategy, epochs=epochs, per_class=4))
    assert session.recipe.batchnorm == "frozen_everywhere" and not moved & statistics(session)
    stage = session.recipe.learns[-1]
    layers = {n for n, m in session.network.model.named_modules() if isinstance(m, nn.BatchNorm2d)}
    scales = {f"{n}.{what}" for n in layers for what in ("weight", "bias")} & set(session.network.names(stage))
    assert scales and scales <= moved
    assert outcome(session).audit.clean


@pytest.mark.parametrize("strategy", ["last_stage", "full"])
def test_the_mode_frozen_moves_the_statistics_of_learning_stages_alone(
    strategy: str, make: Callable[..., Recipe]
) -> None:
    session, moved = learned(make(strategy=strategy, batchnorm="frozen", epochs=2))
    inside = {name for stage in session.recipe.learns for name in session.network.names(stage)}
    assert moved & statistics(session) == inside & statistics(session) != set()
    assert outcome(session).audit.clean


def test_statistics_that_move_where_they_are_to_be_kept_turn_the_audit_red(make: Callable[..., Recipe]) -> None:
    session, _ = learned(make(strategy="last_stage"))
    name = next(n for n in session.network.names("layer4") if n.endswith("running_var"))
    session.network.model.state_dict()[name][0] += 1e-3
    rows = {row.stage: row for row in audit(session).stages}
    assert not rows["layer4"].clean and rows["layer3"].clean


@pytest.mark.parametrize("backbone", ["resnet10", "mobilenet_v3_small"])
def test_before_a_weight_has_moved_only_kept_statistics_give_the_logits_of_scoring(
    backbone: str, make: Callable[..., Recipe]
) -> None:
    """Switching a stage to train mode alone changes what it computes; with the statistics kept it does not."""
    torch.manual_seed(0)
    x = torch.randn(8, 3, 64, 64)
    for mode, same in (("frozen_everywhere", True), ("frozen", False)):
        wanted = make(strategy="last_stage", batchnorm=mode).model_copy(update={"backbone": backbone})
        wanted = wanted.model_copy(update={"stages": wanted.row.stage_names[-1:]})
        network = freezing.unfreeze(backbones.build(backbone, 3, "random"), wanted)
        for layer in network.modules():  # a dropout would differ by itself
            if isinstance(layer, nn.Dropout):
                layer.eval()
        learning = network(x)
        assert torch.equal(learning, network.eval()(x)) == same


def test_every_mode_has_a_title_and_a_meaning() -> None:
    assert list(BATCHNORM_TITLES) == list(BATCHNORM_MODES) and list(LAYERNORM_TITLES) == list(LAYERNORM_MODES)
    assert {plan.batchnorm for plan in STRATEGIES.values()} <= set(BATCHNORM_MODES)


@pytest.mark.parametrize(
    ("choices", "mode", "keeps"),
    [
        ({"strategy": "linear_probe"}, "frozen", False),
        ({"strategy": "linear_probe", "batchnorm": "frozen_everywhere"}, "frozen", False),
        ({"strategy": "full"}, "frozen_everywhere", True),
        ({"strategy": "full", "batchnorm": "frozen"}, "frozen", False),
        ({"strategy": "full", "weights": "random"}, "frozen", False),
        ({"strategy": "from_scratch"}, "frozen", False),
        ({"strategy": "bn_only"}, "affine", True),
        ({"strategy": "full", "backbone": "vit_b_16"}, "frozen", False),
        ({"strategy": "full", "backbone": "vgg16"}, "frozen", False),
        ({"strategy": "full", "batchnorm": "moving"}, "moving", False),
        ({"strategy": "custom", "stages": ("layer2",)}, "frozen_everywhere", True),
        ({"strategy": "custom"}, "frozen", False),
    ],
    ids=str,
)  # fmt: skip
def test_the_mode_that_is_chosen_unasked(choices: dict[str, Any], mode: str, keeps: bool) -> None:
    found = recipe.make(**choices)
    assert (found.batchnorm, found.keeps_statistics) == (mode, keeps)
    assert recipe.make(**found.model_dump()) == found


def test_a_stored_recipe_of_before_keeps_the_mode_it_was_run_in() -> None:
    stored = recipe.make(strategy="full").model_dump() | {"batchnorm": "frozen"}
    assert recipe.make(**stored).batchnorm == "frozen"


def test_statistics_of_random_weights_are_not_worth_keeping() -> None:
    with pytest.raises(ExplorerError, match="mean 0 and variance 1.*pre-trained"):
        recipe.make(strategy="from_scratch", batchnorm="frozen_everywhere")


def test_most_backbones_with_batchnorm_keep_their_statistics_by_default() -> None:
    for row in BACKBONES.values():
        found = recipe.make(backbone=row.name, strategy="full", weights=row.weights[0].name)
        assert found.keeps_statistics == (row.normalisation == "batch")

"""Every way in which something frozen can move, or a run can do something else than declared, turns the audit red."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision.ops import StochasticDepth

from explorer import recipe
from explorer.catalogue import BACKBONES
from explorer.data.feature_cache.cached import CachedFeatures
from explorer.models.network import Network
from explorer.recipe import Recipe
from explorer.runs.records import Audit
from explorer.training.compute import freezing, modes
from explorer.training.compute.checkpoint import dump, restore
from explorer.training.compute.loop import train
from explorer.training.compute.preparing import prepare
from explorer.training.compute.scoring import outcome
from explorer.training.compute.session import Session

pytestmark = pytest.mark.long(35)

Make = Callable[..., Recipe]


@pytest.fixture
def make(tiny: dict[str, Any], narrow: str) -> Make:
    """A tiny recipe with other choices, on the narrow backbone where they name no backbone or weights."""

    def made(**choices: Any) -> Recipe:
        own = {} if "weights" in choices else {"backbone": narrow}
        return recipe.make(**tiny | own | choices)

    return made


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four images at once through the frozen front, so that a split is several batches."""
    monkeypatch.setattr(CachedFeatures, "BATCH", 4)


def learned(session: Session) -> Audit:
    """The audit after all epochs."""
    list(train(session))
    return outcome(session, "run").audit


def red(audit: Audit) -> list[str]:
    return [row.stage for row in audit.stages if not row.clean]


def wakes(monkeypatch: pytest.MonkeyPatch, which: Callable[[Network], list[nn.Module]]) -> None:
    """Some modules are in train mode again whenever the modes have been set for learning."""
    honest = freezing.Modes.set

    def forgetful(modes: freezing.Modes, network: Network, *arguments: Any) -> None:
        honest(modes, network, *arguments)
        for module in which(network):
            module.train()

    monkeypatch.setattr(freezing.Modes, "set", forgetful)


def second_learns(backbone: str = "narrow10") -> dict[str, Any]:
    """Choices by which the second stage alone learns, with frozen ones behind it that run in each step."""
    return {"backbone": backbone, "strategy": "custom", "stages": (BACKBONES[backbone].stage_names[1],)}


# The mode of a frozen stage


def test_batchnorm_of_a_frozen_stage_in_train_mode_without_momentum_is_red(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = prepare(make(**second_learns()))
    layer = session.network.model.layer2[0].bn1
    layer.momentum = 0.0  # its statistics stay, and yet it normalises by the batch
    wakes(monkeypatch, lambda network: [layer])
    audit = learned(session)
    row = next(row for row in audit.stages if row.stage == "layer2")
    assert red(audit) == ["layer2"] and row.batchnorm_drift == row.max_change == 0.0
    assert row.mode == "train" and row.misplaced == "BatchNorm2d" and "mode" in row.faults


def test_dropout_in_a_frozen_stage_without_batchnorm_is_red(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    session = prepare(make(**second_learns("squeezenet1_1")))
    fire = session.network.model.features[6]
    fire.add_module("dropout", nn.Dropout(0.5))
    fire.register_forward_hook(lambda module, x, y: fire.dropout(y))
    wakes(monkeypatch, lambda network: [fire.dropout])
    audit = learned(session)
    assert len(red(audit)) == 1 and all(row.max_change == 0.0 for row in audit.stages if row.declared == "frozen")
    assert next(row for row in audit.stages if not row.clean).misplaced == "Dropout"


def test_stochastic_depth_in_frozen_stages_as_they_are_is_red(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    session = prepare(make(**second_learns("convnext_tiny"), per_class=2, epochs=1))
    kind = type(session.network.model.features[7][0].stochastic_depth)
    wakes(monkeypatch, lambda network: [m for m in network.model.features[7].modules() if isinstance(m, kind)])
    audit = learned(session)
    assert red(audit) == ["stage4"]
    row = next(row for row in audit.stages if row.stage == "stage4")
    assert row.mode == "train" and row.misplaced == "StochasticDepth"


class Drops(nn.Module):
    """A layer of somebody's own that does something else while it learns, though of no kind that torch has."""

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.dropout(x, 0.5, self.training)


class Block(nn.Module):
    """A block that asks for its mode, and holds such a layer."""

    def __init__(self) -> None:
        super().__init__()
        self.inner, self.plain = Drops(), nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(x) if self.training else x


def test_what_acts_by_mode_is_told_by_what_it_does_and_the_innermost_is_named() -> None:
    class Inherits(Drops):
        pass

    acting = [nn.BatchNorm2d(2), nn.Dropout(0), nn.AlphaDropout(), StochasticDepth(0.1, "row"), Inherits(), Block()]
    assert all(modes.acts_by_mode(module) for module in acting)
    assert not any(modes.acts_by_mode(m) for m in (nn.Conv2d(1, 1, 1), nn.LayerNorm(2), nn.Sequential(), nn.GELU()))
    block = Block()
    assert modes.innermost(dict(block.named_modules(prefix="block"))) == [block.inner]
    assert modes.innermost({"plain": block.plain}) == []


def test_a_layer_of_no_kind_that_torch_has_is_named_by_the_audit(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    session = prepare(make(**second_learns()))
    layer = session.network.model.layer2[0]
    layer.add_module("own", Block())
    wakes(monkeypatch, lambda network: [*layer.own.modules()])
    audit = learned(session)
    row = next(row for row in audit.stages if row.stage == "layer2")
    assert red(audit) == ["layer2"] and row.misplaced == "Drops"


def test_the_mode_shown_is_that_of_the_learning_pass_and_not_a_later_one(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = prepare(make(**second_learns()))
    with monkeypatch.context() as patch:
        patch.setattr(freezing.Modes, "set", lambda modes, network, *arguments: network.eval())
        list(train(session))
    audit = outcome(session).audit
    assert [row.mode for row in audit.stages] == ["eval"] * 6
    assert red(audit) == ["layer1", "head"], "they were to learn in train mode"
    assert audit.fault == "mode"


# What moved


def test_a_frozen_layer_altered_in_the_epoch_that_is_kept_and_put_back_later_is_red(make: Make) -> None:
    session = prepare(make(strategy="last_stage", epochs=3))
    weight = session.network.model.layer2[0].conv1.weight
    old = weight.detach().clone()
    for epoch in train(session):
        if epoch.epoch == 1:
            weight.data[0, 0, 0, 0] += 1e-3
            session.best = None  # so that the second epoch is the best yet
        if epoch.epoch == 2 and session.best:
            weight.data.copy_(old)
            session.best = (2, (0, 2.0, 0.0), session.best[2])
    assert torch.equal(weight, old)
    found = outcome(session)
    assert found.chosen_epoch == 2 and red(found.audit) == ["layer2"]
    row = next(row for row in found.audit.stages if row.stage == "layer2")
    assert row.max_change == pytest.approx(1e-3, rel=1e-3) and found.audit.fault == "moved"


def test_a_counter_of_batches_that_went_on_in_a_frozen_stage_is_red(make: Make) -> None:
    session = prepare(make(strategy="last_stage"))
    epochs = train(session)
    next(epochs)
    session.network.model.layer1[0].bn2.num_batches_tracked += 1
    list(epochs)
    audit = outcome(session).audit
    row = next(row for row in audit.stages if row.stage == "layer1")
    assert red(audit) == ["layer1"] and row.counted == 1 and row.batchnorm_drift == 0.0
    assert audit.fault == "moved"


def test_a_frozen_weight_that_asks_for_gradients_is_red(make: Make) -> None:
    session = prepare(make(**second_learns()))
    session.network.model.layer3[0].conv1.weight.requires_grad_(True)  # in no optimizer: it cannot move
    audit = learned(session)
    assert red(audit) == ["layer3"] and audit.fault == "gradient"
    row = next(row for row in audit.stages if row.stage == "layer3")
    assert row.requires_grad == 32 * 16 * 9 and row.max_change == 0.0


def test_a_learning_weight_that_asks_for_no_gradient_is_red(make: Make) -> None:
    session = prepare(make(**second_learns()))
    session.network.model.layer1[0].conv1.weight.requires_grad_(False)
    audit = learned(session)
    assert red(audit) == ["layer1"] and audit.fault == "gradient"


# What was stored


def shuffled(x: Tensor) -> Tensor:
    return x.roll(1, 0)


@pytest.mark.parametrize("strategy", ["linear_probe", "last_stage", "full"])
@pytest.mark.parametrize("split", ["train", "test"])
def test_stored_features_in_another_order_are_red(strategy: str, split: str, make: Make, small_batches: None) -> None:
    session = prepare(make(strategy=strategy))
    front = session.front[split]
    session.front[split] = replace(front, views=tuple(map(shuffled, front.views)))
    audit = learned(session)
    assert audit.recomputed > 0 and not audit.clean and red(audit) == [] and audit.fault == "features"


@pytest.mark.parametrize("split", ["train", "test"])
def test_labels_in_another_order_are_red(split: str, make: Make) -> None:
    session = prepare(make())
    session.front[split] = replace(session.front[split], labels=shuffled(session.front[split].labels))
    assert learned(session).fault == "features"


def test_an_augmented_view_in_another_order_is_red(make: Make, small_batches: None) -> None:
    session = prepare(make(strategy="last_stage", augmentation="flip", views=3))
    plain, *others = session.front["train"].views
    session.front["train"] = replace(session.front["train"], views=(plain, *map(shuffled, others)))
    assert learned(session).recomputed > 0


def test_features_behind_the_first_batch_are_red(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch is drawn, so that each run looks elsewhere: of 25 that look at one of four batches, some find the third."""
    monkeypatch.setattr(CachedFeatures, "BATCH", 2)
    session = prepare(make(strategy="last_stage"))
    front, images = session.front["test"], session.data.test
    assert len(images) == 8

    def drawn(front: CachedFeatures) -> list[bool]:
        return [front.recompute(session.network, images, session.recipe, seed) > 0 for seed in range(25)]

    assert not any(drawn(front))
    for batch in range(4):
        stored = front.stored.clone()
        stored[2 * batch + 1] += 1.0  # one image of the batch
        assert 2 <= sum(drawn(replace(front, views=(stored,)))) <= 14


def test_each_run_draws_another_batch(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    seeds: list[int] = []
    recompute = CachedFeatures.recompute
    monkeypatch.setattr(
        CachedFeatures, "recompute", lambda *given, **more: seeds.append(given[-1]) or recompute(*given, **more)
    )
    for seed in (0, 1):
        learned(prepare(make(seed=seed, strategy="lp_ft")))
    assert len(seeds) == 8 and len(set(seeds)) == 8, "of two splits, at the end of two phases of two runs"


def test_the_features_that_are_shown_as_before_are_computed_anew_too(make: Make, small_batches: None) -> None:
    session = prepare(make(strategy="last_stage"))
    front = session.front["test"]
    session.front["test"] = replace(front, pooled=front.pooled | {"layer1": front.pooled["layer1"] + 1.0})
    assert learned(session).recomputed > 0


# Honest runs


WIDE = {"backbone": "resnet10"}  # of so many channels that a batch of another size is computed in another order
HONEST: list[dict[str, Any]] = [
    WIDE | {"strategy": "linear_probe"},
    WIDE | {"strategy": "last_stage", "augmentation": "crop", "views": 3},
    {"strategy": "full"},
    {"strategy": "first_stage"},
    {"strategy": "bn_only"},
    WIDE | {"strategy": "gradual", "epochs": 6},
    WIDE | {"strategy": "lp_ft"},
]


@pytest.mark.parametrize("choices", HONEST, ids=lambda c: c["strategy"])
def test_an_honest_run_is_clean_in_whichever_batches_it_was_stored(
    choices: dict[str, Any], make: Make, small_batches: None
) -> None:
    session = prepare(make(**choices))
    stored = any(front.upto for front in session.front.values())
    assert stored == ("backbone" in choices), "features are stored of a frozen front alone"
    audit = learned(session)
    assert audit.clean and audit.recomputed == 0.0 and audit.fault == ""


def test_a_stage_that_was_to_learn_and_stayed_is_another_fault_than_a_leak(make: Make) -> None:
    session = prepare(make(**second_learns()))
    for group in session.optimizer.param_groups:
        group["rate"] *= group["name"] == "head"
        group["weight_decay"] = 0.0
    audit = learned(session)
    assert not audit.clean and red(audit) == ["layer1"] and audit.fault == "still"


def test_the_bug_is_told_as_what_moved(make: Make) -> None:
    assert learned(prepare(make(batchnorm="moving"))).fault == "moved"


def test_a_learning_stage_that_keeps_its_statistics_is_seen_to_do_so(make: Make) -> None:
    session = prepare(make(strategy="last_stage", weights="default"))
    assert session.recipe.batchnorm == "frozen_everywhere"
    audit = learned(session)
    row = next(row for row in audit.stages if row.stage == "layer4")
    assert audit.clean and (row.mode, row.batchnorm_mode, row.counted, row.batchnorm_drift) == ("train", "eval", 0, 0.0)


def test_a_learning_stage_that_does_not_keep_its_statistics_is_red(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    session = prepare(make(strategy="last_stage", weights="default"))
    layer = session.network.model.layer4[0].bn1
    layer.momentum = 0.0  # nothing drifts, and yet it normalises by the batch
    wakes(monkeypatch, lambda network: [layer])
    audit = learned(session)
    row = next(row for row in audit.stages if row.stage == "layer4")
    assert red(audit) == ["layer4"] and audit.fault == "moved", "its counter went on"
    assert row.batchnorm_mode == "mixed" and row.misplaced == "BatchNorm2d" and row.faults == "moved, mode"


def test_what_was_seen_before_a_cut_counts_after_it(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = make(**second_learns(), epochs=2)
    session, again = prepare(wanted), prepare(wanted)
    with monkeypatch.context() as patch:
        layer = session.network.model.layer2[0].bn1
        layer.momentum = 0.0
        wakes(patch, lambda network: [layer])
        next(train(session))
    restore(again, dump(session))
    assert red(learned(again)) == ["layer2"]

"""What is frozen stays as it was to the last bit, what learns moves, and the audit sees the difference."""

import math
from collections.abc import Callable, Collection
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer import recipe
from explorer.catalogue import BACKBONES, STRATEGIES
from explorer.errors import ExplorerError
from explorer.models import backbones
from explorer.models.network import Network
from explorer.recipe import Recipe
from explorer.runs.records import Audit
from explorer.training.compute import auditing, freezing, modes
from explorer.training.compute.auditing import Witness

pytestmark = pytest.mark.long(20)

NETS = ("narrow10", "squeezenet1_1", "mobilenet_v3_small")  # the first is the fixture `narrow`
NORMED = ("narrow10", "mobilenet_v3_small")
BATCHNORM = nn.modules.batchnorm._BatchNorm


def wanted(name: str, backbone: str = "resnet10", **choices: Any) -> Recipe:
    """A recipe of each strategy; the custom one lets the second stage learn."""
    stages = (BACKBONES[backbone].stage_names[1],) if name == "custom" else ()
    size = 32 if BACKBONES[backbone].any_size else None
    return recipe.make(backbone=backbone, weights="random", strategy=name, stages=stages, input_size=size, **choices)


def learn(network: Network, choices: Recipe, steps: int = 2) -> tuple[torch.optim.Optimizer, Witness]:
    """Two steps on noise, with AdamW's decay, which moves any weight it is given, before a witness."""
    optimizer, witness = torch.optim.AdamW(freezing.groups(network, choices), weight_decay=0.1), Witness()
    freezing.set_modes(network, choices)
    witness.watch(network)
    for _ in range(steps):
        loss = functional.cross_entropy(network(torch.randn(6, 3, 32, 32)), torch.arange(6) % 3)
        witness.note()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    return optimizer, witness


@cache
def built(name: str) -> Network:
    return backbones.build(name, 3, "random")


def prepared(choices: Recipe) -> tuple[Network, dict[str, Tensor]]:
    network = freezing.unfreeze(built(choices.backbone).copy(), choices)
    return network, freezing.snapshot(network)


EVERY = [(net, name) for net in NETS for name in STRATEGIES if net in NORMED or name != "bn_only"]


def should_learn(network: Network, choices: Recipe) -> set[str]:
    """Which parameters learn, worked out from their names and their owners' kinds."""
    part, found = part_of_each(network), set()
    for name, _ in network.model.named_parameters():
        owner = network.model.get_submodule(name.rpartition(".")[0])
        affine = choices.strategy == "bn_only" and isinstance(owner, BATCHNORM)
        if part[name] in ("head", *choices.learns) or affine:
            found.add(name)
    return found


@pytest.mark.parametrize(("backbone", "strategy"), EVERY)
def test_exactly_what_learns_moves_and_the_audit_of_an_honest_run_is_clean(
    backbone: str, strategy: str, narrow: str
) -> None:
    choices = wanted(strategy, backbone)
    network, before = prepared(choices)
    done = learn(network, choices)
    moved = freezing.changed(before, freezing.snapshot(network)).keys()
    part, buffers = part_of_each(network), dict(network.model.named_buffers())
    learned = {n for n in before if n not in buffers}
    assert moved & learned == should_learn(network, choices), "weights"
    of_learning_stages = {n for n in buffers if part[n] in choices.learns}
    assert moved - learned == of_learning_stages, "BatchNorm's statistics"
    network.eval()  # scoring comes between learning and the audit
    audit = judged(network, choices, before, done)
    assert audit.clean and audit.run == "run" and audit.fault == ""
    assert [row.stage for row in audit.stages] == [*network.row.stage_names, "head"]
    learning = {part[n] for n in should_learn(network, choices)}
    for row in audit.stages:
        learns, whole = row.stage in learning, row.stage in (*choices.learns, "head")
        assert row.clean and row.declared == ("learns" if learns else "frozen")
        assert (row.max_change > 0, row.in_optimizer, row.learned > 0) == (learns, learns, learns)
        assert row.mode == ("train" if whole else "eval")
        assert row.leaked == 0.0 and (whole or row.batchnorm_drift == 0.0)
    assert sum(row.learned for row in audit.stages) == freezing.parameters(network)["learned"]


def test_there_is_nothing_to_learn_in_normalisation_layers_that_are_not_there() -> None:
    with pytest.raises(ExplorerError, match="no normalisation layers"):
        wanted("bn_only", "squeezenet1_1")


@pytest.mark.parametrize("backbone", ["vit_b_16", "convnext_tiny"])
def test_bn_only_reads_layernorm_where_there_is_no_batchnorm(backbone: str) -> None:
    choices = recipe.make(backbone=backbone, strategy="bn_only", weights="random")
    with torch.device("meta"):
        network = freezing.unfreeze(backbones.build(backbone, 3, "random"), choices)
    learned = {n for n, p in network.model.named_parameters() if p.requires_grad} - set(network.names("head"))
    assert learned and all(
        network.model.get_submodule(n.rpartition(".")[0])._get_name().startswith("LayerNorm") for n in learned
    )


def test_rates_decay_from_the_last_stage_towards_the_input() -> None:
    network, _ = prepared(wanted("full", head_rate=0.5, backbone_rate=0.2, rate_decay=0.5))
    groups = freezing.groups(network, wanted("full", head_rate=0.5, backbone_rate=0.2, rate_decay=0.5))
    rates = {group["name"]: group["lr"] for group in groups}
    expected = {"head": 0.5, "layer4": 0.2, "layer3": 0.1, "layer2": 0.05, "layer1": 0.025, "stem": 0.0125}
    assert rates == pytest.approx(expected) and [g["rate"] for g in groups] == [g["lr"] for g in groups]


def test_a_phase_opens_no_more_than_its_own_stages() -> None:
    choices = wanted("gradual")
    network = freezing.unfreeze(built("resnet10").copy(), choices, learns=())
    assert {n for n, p in network.model.named_parameters() if p.requires_grad} == set(network.names("head"))
    assert not any(m.training for s in network.row.stage_names for m in network.modules_of(s))
    freezing.unfreeze(network, choices, ("layer4",))
    part = part_of_each(network)
    assert {part[n] for n, p in network.model.named_parameters() if p.requires_grad} == {"layer4", "head"}
    assert network.model.layer4.training and not network.model.layer3.training


@pytest.mark.parametrize(("backbone", "strategy"), EVERY)
def test_the_optimizer_holds_exactly_what_learns(backbone: str, strategy: str, narrow: str) -> None:
    choices = wanted(strategy, backbone, head_rate=0.5, backbone_rate=0.25, rate_decay=1.0)
    network, _ = prepared(choices)
    groups = freezing.groups(network, choices)
    held = [id(p) for group in groups for p in group["params"]]
    assert len(held) == len(set(held))
    parameters = dict(network.model.named_parameters())
    learned = {n for n, p in parameters.items() if p.requires_grad}
    assert set(held) == {id(parameters[n]) for n in learned}
    assert learned == should_learn(network, choices)
    part = part_of_each(network)
    stages = [s for s in network.row.stage_names if s in {part[n] for n in learned}]
    assert [group["name"] for group in groups] == ["head", *stages]
    assert [group["lr"] for group in groups] == [0.5] + [0.25] * len(stages)


def part_of_each(network: Network) -> dict[str, str]:
    return {name: part for part in (*network.row.stage_names, "head") for name in network.names(part)}


@pytest.mark.parametrize(("backbone", "strategy"), EVERY)
def test_frozen_stages_stay_in_eval_mode_whoever_calls_train(backbone: str, strategy: str, narrow: str) -> None:
    choices = wanted(strategy, backbone)
    network, _ = prepared(choices)
    for disturb in (lambda: None, network.train, network.eval):
        disturb()
        freezing.set_modes(network, choices)
        for stage in network.row.stage_names:
            found = {m.training for m in network.modules_of(stage) if not isinstance(m, nn.Sequential)}
            assert found == {stage in choices.learns}, stage
        assert all(m.training for m in network.head.modules())


def test_dropout_of_a_frozen_stage_is_off_and_the_head_s_is_on() -> None:
    choices = recipe.make(backbone="vit_b_16", weights="random")
    with torch.device("meta"):
        network = freezing.unfreeze(backbones.build("vit_b_16", 3, "random"), choices)
    inside = [m for s in network.row.stage_names for m in network.modules_of(s) if isinstance(m, nn.Dropout)]
    assert inside and not any(m.training for m in inside)
    network, _ = prepared(wanted("linear_probe", "squeezenet1_1"))
    assert [m.training for m in network.head.modules() if isinstance(m, nn.Dropout)] == [True]


@pytest.mark.parametrize("name", BACKBONES)
def test_stages_and_head_divide_all_tensors_among_them(name: str) -> None:
    with torch.device("meta"):
        network = backbones.build(name, 3, "random")
    parts = [n for part in (*network.row.stage_names, "head") for n in network.names(part)]
    assert sorted(parts) == sorted(network.model.state_dict())


def test_a_network_is_left_as_it_was_when_its_copy_learns() -> None:
    network = built("resnet10")
    before = freezing.snapshot(network)
    copy = freezing.unfreeze(network.copy(), wanted("last_stage"))
    learn(copy, wanted("last_stage"))
    assert not freezing.changed(before, freezing.snapshot(network))
    assert all(p.requires_grad and p.grad is None for p in network.parameters())
    assert not any(m.training for m in network.model.modules())
    shared = {p.data_ptr() for p in network.parameters()} & {p.data_ptr() for p in copy.parameters()}
    assert not shared


def test_nothing_frozen_has_a_gradient() -> None:
    choices = wanted("last_stage")
    network, _ = prepared(choices)
    learn(network, choices, steps=1)
    part = part_of_each(network)
    for name, parameter in network.model.named_parameters():
        assert (parameter.grad is not None) == (part[name] in ("layer4", "head")), name


# The audit


def judged(
    network: Network,
    choices: Recipe,
    before: dict[str, Tensor],
    done: tuple[torch.optim.Optimizer, Witness],
    recomputed: float = 0.0,
    earlier: Collection[tuple[str, str]] = (),
) -> Audit:
    found = auditing.evidence(network, done[0], before, done[1])
    return auditing.audit("run", choices, network, found, recomputed, earlier)


@pytest.mark.parametrize("backbone", NORMED)
@pytest.mark.parametrize("strategy", ["linear_probe", "last_stage", "first_stage"])
def test_moving_statistics_under_frozen_weights_make_the_audit_red(backbone: str, strategy: str, narrow: str) -> None:
    choices = wanted(strategy, backbone, batchnorm="moving")
    network, before = prepared(choices)
    audit = judged(network, choices, before, learn(network, choices))
    assert not audit.clean
    for row in audit.stages[:-1]:
        assert row.mode == "train" and row.batchnorm_drift > 0
        assert row.clean == (row.stage in choices.learns) and (row.faults == "moved, mode") != row.clean
        assert row.counted == 2 and row.misplaced == ("" if row.clean else kinds(network, row.stage))
        assert (row.max_change > 0) == (row.stage in choices.learns), "the weights themselves obey"


def kinds(network: Network, stage: str) -> str:
    """The kinds of a stage's layers that do something else in train mode."""
    modal = (BATCHNORM, nn.Dropout)
    return ", ".join(sorted({type(m).__name__ for m in network.modules_of(stage) if isinstance(m, modal)}))


@pytest.mark.parametrize("backbone", ["squeezenet1_1", "vgg16", "vit_b_16", "convnext_tiny"])
def test_without_batchnorm_no_statistics_are_asked_to_move(backbone: str) -> None:
    with pytest.raises(ExplorerError, match="has no BatchNorm, so there are no statistics that could move"):
        recipe.make(backbone=backbone, weights="random", batchnorm="moving")


def _one_bit(network: Network, optimizer: torch.optim.Optimizer) -> None:
    weight = network.model.layer1[0].conv1.weight.data.view(-1)
    weight[0] = torch.nextafter(weight[0], torch.tensor(math.inf))


def _statistic(network: Network, optimizer: torch.optim.Optimizer) -> None:
    network.model.bn1.running_var.data[3] += 1e-7


def _not_a_number(network: Network, optimizer: torch.optim.Optimizer) -> None:
    network.model.layer2[0].conv1.weight.data.view(-1)[0] = math.nan


def _in_optimizer(network: Network, optimizer: torch.optim.Optimizer) -> None:
    optimizer.add_param_group({"params": [network.model.layer3[0].conv1.weight]})


def test_a_weight_that_moves_where_only_normalisation_learns_makes_its_stage_red() -> None:
    choices = wanted("bn_only")
    network, before = prepared(choices)
    done = learn(network, choices)
    _one_bit(network, done[0])
    audit = judged(network, choices, before, done)
    assert [row.stage for row in audit.stages if not row.clean] == ["layer1"]
    red = next(row for row in audit.stages if row.stage == "layer1")
    assert 0 < red.leaked < red.max_change and red.declared == "learns"


def test_a_stage_that_moved_before_its_turn_is_red() -> None:
    choices = wanted("full")
    network, before = prepared(choices)
    done = learn(network, choices)
    audit = judged(network, choices, before, done, earlier={("layer2", "moved")})
    assert [row.stage for row in audit.stages if not row.clean] == ["layer2"] and not audit.clean


@pytest.mark.parametrize(
    ("leak", "stage"),
    [(_one_bit, "layer1"), (_statistic, "stem"), (_not_a_number, "layer2"), (_in_optimizer, "layer3")],
)
def test_the_smallest_leak_makes_its_stage_red(leak: Callable[..., None], stage: str) -> None:
    choices = wanted("last_stage")
    network, before = prepared(choices)
    done = learn(network, choices)
    leak(network, done[0])
    audit = judged(network, choices, before, done)
    assert not audit.clean
    assert [row.stage for row in audit.stages if not row.clean] == [stage]
    red = next(row for row in audit.stages if row.stage == stage)
    assert max(red.max_change, red.batchnorm_drift) > 0 or red.in_optimizer
    assert leak is not _not_a_number or red.max_change == math.inf


def test_features_that_come_out_differently_make_the_audit_red() -> None:
    choices = wanted("last_stage")
    network, before = prepared(choices)
    done = learn(network, choices)
    audit = judged(network, choices, before, done, recomputed=1e-9)
    assert not audit.clean and audit.recomputed == 1e-9 and all(row.clean for row in audit.stages)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_all_modules_of_every_backbone_are_in_the_modes_that_the_audit_expects(backbone: str) -> None:
    choices, witness = wanted("custom", backbone), Witness()
    with torch.device("meta"):
        network = freezing.unfreeze(backbones.build(backbone, 3, "random"), choices)
    witness.watch(network)
    witness.note()
    inside = {id(m) for part in (*network.row.stage_names, "head") for m in network.modules_of(part)}
    left = [m for m in network.model.modules() if id(m) not in inside and modes.acts_by_mode(m)]
    assert not left, "what does something else in train mode belongs to a stage"
    nothing = auditing.Evidence({n: torch.zeros(0) for n in network.model.state_dict()}, ({},), witness, set())
    rows = auditing.stage_audits(choices, network, nothing)
    assert [row.misplaced for row in rows] == [""] * len(rows) and not any("mode" in row.faults for row in rows)
    assert [row.mode for row in rows] == ["eval", "train", *["eval"] * (len(rows) - 3), "train"]


def test_a_stage_that_should_learn_and_does_not_is_red() -> None:
    choices = wanted("last_stage")
    network, before = prepared(choices)
    optimizer, witness = torch.optim.AdamW(freezing.groups(network, choices)), Witness()
    witness.watch(network)
    witness.note()
    audit = judged(network, choices, before, (optimizer, witness))
    assert [row.stage for row in audit.stages if not row.clean] == ["layer4", "head"]


# The description

BY_HAND = {  # ResNet-10: 3×3 kernels of a basic block, its 1×1 shortcut, weight and bias of each BatchNorm
    "stem": (3 * 64 * 49 + 2 * 64, 1, (64, 24, 24)),
    "layer1": (2 * 64 * 64 * 9 + 4 * 64, 2, (64, 24, 24)),
    "layer2": (64 * 128 * 9 + 128 * 128 * 9 + 64 * 128 + 6 * 128, 3, (128, 12, 12)),
    "layer3": (128 * 256 * 9 + 256 * 256 * 9 + 128 * 256 + 6 * 256, 3, (256, 6, 6)),
    "layer4": (256 * 512 * 9 + 512 * 512 * 9 + 256 * 512 + 6 * 512, 3, (512, 3, 3)),
    "head": (512 * 17 + 17, 0, (17,)),
}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_description_of_resnet10_agrees_with_paper_and_pencil(strategy: str) -> None:
    stages = ("layer1",) if strategy == "custom" else ()
    choices = recipe.make(strategy=strategy, stages=stages, weights="random")
    rows = freezing.describe(choices).stages
    assert [row.stage for row in rows] == list(BY_HAND)
    for row in rows:
        learns = row.stage in (*choices.learns, "head")
        assert (row.parameters, row.normalisation_layers, row.output) == BY_HAND[row.stage]
        channels = {"stem": 64, "layer1": 2 * 64, "layer2": 3 * 128, "layer3": 3 * 256, "layer4": 3 * 512}
        affine = 2 * channels.get(row.stage, 0) if strategy == "bn_only" else 0
        assert row.learned == (row.parameters if learns else affine) and row.learns == (row.learned > 0)
        assert row.statistics_move == (learns and row.stage != "head")


def test_the_description_shows_the_bug_before_it_happens() -> None:
    rows = freezing.describe(recipe.make(batchnorm="moving", weights="random")).stages
    assert [row.statistics_move for row in rows] == [True] * 5 + [False]
    assert [row.learned for row in rows[:-1]] == [0] * 5


@pytest.mark.parametrize("name", BACKBONES)
def test_each_backbone_can_be_described(name: str) -> None:
    choices = recipe.make(backbone=name, strategy="last_stage", weights="random")
    found = freezing.describe(choices, classes=5)
    row = BACKBONES[name]
    *stages, head = found.stages
    assert sum(stage.parameters for stage in stages) == row.parameters
    assert head.parameters == head.learned == 5 * row.features + 5 and head.output == (5,)
    assert [stage.learns for stage in stages] == [False] * (len(stages) - 1) + [True]
    assert not any(stage.statistics_move for stage in stages if row.normalisation != "batch")
    assert (found.backbone, found.weights, found.strategy) == (name, "random", "last_stage")


def test_a_description_computes_nothing_and_draws_no_random_number() -> None:
    state = torch.get_rng_state()
    freezing.describe(recipe.make(backbone="vit_b_16", weights="random"))
    assert torch.equal(state, torch.get_rng_state())


def test_parameters_counts_learned_and_all() -> None:
    network, _ = prepared(wanted("last_stage"))
    head, last = 512 * 3 + 3, BY_HAND["layer4"][0]
    assert freezing.parameters(network) == {"learned": head + last, "total": 4_905_792 + head}


class OwnWay(nn.Identity):
    """A layer that does something when its mode is set, as some of timm's do."""

    heard = 0

    def train(self, mode: bool = True) -> "OwnWay":
        self.heard += mode is not self.training
        return super().train(mode)


@pytest.mark.parametrize("own_way", [False, True])
def test_the_modes_of_a_phase_are_set_anew_before_each_epoch(own_way: bool) -> None:
    choices = wanted("last_stage")
    network = freezing.unfreeze(built("resnet10").copy(), choices)
    layer = network.model.layer4[0].relu = OwnWay() if own_way else nn.Identity()
    first = [module.training for module in freezing.set_modes(network, choices).modules()]
    phase = freezing.Modes()
    for _ in range(3):
        network.eval()  # as scoring leaves it
        assert not any(module.training for module in network.modules())
        phase.set(network, choices, choices.learns)
        assert [module.training for module in network.modules()] == first and any(first) and not all(first)
    assert not own_way or layer.heard == 6, "twice an epoch"

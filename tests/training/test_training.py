"""Carrying out a recipe: the frozen front once, the numbers of a plain loop, and nothing lost when it goes wrong."""

import errno
import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from PIL import Image
from torch.nn import functional
from torchvision import models, transforms

from explorer import recipe, runs
from explorer.catalogue import BACKBONES, STRATEGIES
from explorer.data.feature_cache.cached import CachedFeatures
from explorer.errors import ExplorerError, Stopped
from explorer.evidence import Score
from explorer.looks.pair import compute as pair_compute
from explorer.models import backbones, devices
from explorer.models.network import Network
from explorer.recipe import Recipe
from explorer.runs.records import Epoch
from explorer.training.compute import following, freezing, loop
from explorer.training.compute import loop as loop_module
from explorer.training.compute.handlers import train
from explorer.training.compute.preparing import prepare
from explorer.training.compute.scoring import Outcome, outcome
from explorer.training.compute.session import Session

pytestmark = pytest.mark.long(100)

NETS = ("narrow10", "squeezenet1_1", "mobilenet_v3_small")  # the first is the fixture `narrow`


@pytest.fixture
def float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers that can be compared across ways of computing them."""
    monkeypatch.setattr(devices, "_multiplies_bfloat16", lambda: False)


@pytest.fixture
def make(tiny: dict[str, Any], narrow: str) -> Callable[..., Recipe]:
    """A tiny recipe with other choices, on the narrow backbone where they name no backbone or weights; the custom strategy
    lets the second stage learn."""

    def made(**choices: Any) -> Recipe:
        if choices.get("strategy") == "custom":
            choices["stages"] = (BACKBONES[choices.get("backbone", narrow)].stage_names[1],)
        own = {} if "weights" in choices else {"backbone": narrow}
        return recipe.make(**tiny | own | choices)

    return made


def carry_out(choices: Recipe) -> tuple[Session, list[Epoch], Outcome]:
    session = prepare(choices)
    epochs = list(loop_module.train(session))
    return session, epochs, outcome(session, "run")


# What is frozen, end to end


EVERY = [(net, name) for net in NETS for name in STRATEGIES if net != "squeezenet1_1" or name != "bn_only"]


@pytest.mark.parametrize(("backbone", "strategy"), EVERY)
def test_exactly_what_learns_is_stored_and_everything_in_front_of_it_is_bitwise_the_same(
    backbone: str, strategy: str, make: Callable[..., Recipe]
) -> None:
    choices = make(backbone=backbone, strategy=strategy)
    session, epochs, found = carry_out(choices)
    assert found.audit.clean and found.audit.recomputed == 0.0
    assert len(epochs) == 2 and session.front["train"].upto == (choices.frozen_front or (None,))[-1]
    parts = {n: part for part in (*session.network.row.stage_names, "head") for n in session.network.names(part)}
    learns = choices.phases[loop.phase_of(choices, found.chosen_epoch)].learns
    moved = {parts[name] for name in found.learned}
    if strategy == "bn_only":
        owners = {session.network.model.get_submodule(n.rpartition(".")[0]) for n in found.learned} - {
            *session.network.head.modules()
        }
        assert owners and all(isinstance(owner, torch.nn.BatchNorm2d) for owner in owners)
        assert not any(name.endswith(("mean", "var", "tracked")) for name in found.learned)
    else:
        assert moved == {"head", *learns}
    state = session.network.model.state_dict()
    assert all(torch.equal(state[name], found.learned.get(name, old)) for name, old in session.before.items())
    stages = choices.row.stage_names
    same = {s: np.array_equal(found.features[f"before/{s}"], found.features[f"after/{s}"]) for s in stages}
    first = min((stages.index(part) for part in moved - {"head"}), default=len(stages))
    assert same == {stage: i < first for i, stage in enumerate(stages)}


AFFINE = [("gradual", {"batchnorm": "affine"}), ("lp_ft", {"batchnorm": "affine"})]


@pytest.mark.parametrize(("strategy", "more"), [*((name, {}) for name in STRATEGIES), *AFFINE])
def test_every_strategy_moves_what_it_says_on_the_built_in_backbone(
    strategy: str, more: dict[str, str], make: Callable[..., Recipe]
) -> None:
    epochs = 6 if strategy == "gradual" else 2  # one for each of its phases
    choices = make(strategy=strategy, weights="default", epochs=epochs, per_class=4, **more)
    session = prepare(choices)
    assert session.recipe.weights == ("random" if strategy == "from_scratch" else "BUILT_IN")
    list(loop_module.train(session))
    moved = freezing.changed(session.before, freezing.snapshot(session.network))
    expected = freezing.learning(session.network, choices)
    assert {n for n in moved if n in dict(session.network.model.named_parameters())} == expected
    assert outcome(session).audit.clean


def test_large_jpegs_are_decoded_the_same_way_when_the_front_is_checked(
    make: Callable[..., Recipe], tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    for kind in "ab":
        (tmp_path / kind).mkdir()
        for i in range(6):  # large enough for the decoder's reduced mode, which gives other pixels than a full decode
            pixels = rng.integers(0, 256, (300, 400, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / kind / f"{i}.jpg", quality=90)
    session = prepare(make(data_dir=str(tmp_path), epochs=1, batch_size=4))
    list(loop_module.train(session))
    audit = outcome(session).audit
    assert audit.recomputed == 0.0 and audit.clean


@pytest.mark.parametrize("backbone", ["narrow10", "mobilenet_v3_small"])
def test_a_probe_under_moving_statistics_is_not_cached_and_found_out(
    backbone: str, make: Callable[..., Recipe]
) -> None:
    session, _, found = carry_out(make(backbone=backbone, batchnorm="moving"))
    assert all(f.upto is None and f.pooled == {} and f.stored.dtype == torch.uint8 for f in session.front.values())
    assert not found.audit.clean
    assert all(row.batchnorm_drift > 0 and not row.clean for row in found.audit.stages[:-1])
    last = session.recipe.row.stage_names[-1]
    assert not np.array_equal(found.features[f"before/{last}"], found.features[f"after/{last}"])


@pytest.mark.parametrize("strategy", ["linear_probe", "last_stage"])
def test_the_frozen_front_sees_each_image_once_however_many_epochs(strategy: str, make: Callable[..., Recipe]) -> None:
    seen = {"stem": 0, "layer4": 0}
    session = prepare(make(strategy=strategy, epochs=3))
    for stage, module in (("stem", session.network.model.conv1), ("layer4", session.network.model.layer4)):
        module.register_forward_hook(lambda m, x, y, stage=stage: seen.update({stage: seen[stage] + len(y)}))
    list(loop_module.train(session))
    assert seen["stem"] == 0
    assert (seen["layer4"] > 0) == (strategy == "last_stage")
    outcome(session)
    batches = [min(CachedFeatures.BATCH, len(images.ids)) for images in (session.data.train, session.data.test)]
    assert seen["stem"] == sum(batches), "only the audit looks once more, at a batch of each"


@pytest.mark.parametrize("strategy", ["linear_probe", "last_stage", "full"])
def test_front_and_tail_together_are_the_network(strategy: str, make: Callable[..., Recipe], float32: None) -> None:
    session = prepare(make(backbone="squeezenet1_1", strategy=strategy))
    network, front = session.network.eval(), session.front["test"]
    pixels = torch.from_numpy(session.data.test.pixels(session.recipe.preprocessing))
    with torch.no_grad():
        whole = network(devices.to_input(pixels, session.recipe.preprocessing, torch.device("cpu")))
        parts = front.tail(network, front.read(torch.arange(len(pixels))))
    assert torch.allclose(whole, parts, atol=1e-5)


def test_pooled_features_are_those_of_each_image_also_when_they_come_in_batches(
    make: Callable[..., Recipe], float32: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CachedFeatures, "BATCH", 3)
    session = prepare(make(backbone="squeezenet1_1", strategy="last_stage"))
    test, network = session.data.test, session.network.eval()
    x = devices.to_input(
        torch.from_numpy(test.pixels(session.recipe.preprocessing)), session.recipe.preprocessing, torch.device("cpu")
    )
    assert tuple(session.pooled) == session.recipe.row.stage_names and len(x) > 2 * CachedFeatures.BATCH
    with torch.inference_mode():
        for stage, features in session.pooled.items():
            assert np.allclose(features, network.until(x, stage).mean((2, 3)).numpy(), atol=1e-5)


# The numbers


def comparable(epoch: Epoch) -> tuple[Any, ...]:
    return epoch.epoch, epoch.batch_loss, epoch.train_loss, epoch.train, epoch.val_loss, epoch.val


@pytest.mark.parametrize(
    ("backbone", "strategy"), [("squeezenet1_1", "linear_probe"), ("squeezenet1_1", "full"), ("resnet10", "last_stage")]
)
def test_the_same_recipe_gives_the_same_numbers_to_the_last_bit(
    backbone: str, strategy: str, make: Callable[..., Recipe]
) -> None:
    choices = make(backbone=backbone, strategy=strategy)
    _, epochs, found = carry_out(choices)
    torch.manual_seed(99), np.random.default_rng().random()
    _, again, same = carry_out(choices)
    assert [comparable(e) for e in epochs] == [comparable(e) for e in again]
    assert np.array_equal(found.probability, same.probability)
    assert all(torch.equal(found.learned[name], same.learned[name]) for name in found.learned)
    _, other, _ = carry_out(make(backbone=backbone, strategy=strategy, seed=1))
    assert [comparable(e) for e in epochs] != [comparable(e) for e in other]


def test_a_run_leaves_torch_s_random_numbers_alone(make: Callable[..., Recipe]) -> None:
    state = torch.get_rng_state()
    carry_out(make(backbone="squeezenet1_1", strategy="full"))
    assert torch.equal(state, torch.get_rng_state())


def test_runs_of_two_seeds_are_scored_on_the_same_images(make: Callable[..., Recipe]) -> None:
    choices = [make(backbone="squeezenet1_1", per_class=4, seed=seed) for seed in (0, 1)]
    a, b = (prepare(c).data for c in choices)
    assert a.test.ids == b.test.ids and a.val.ids == b.val.ids and a.train.ids != b.train.ids


def plain_loop(session: Session, patterns: Path, until: int) -> tuple[list[float], np.ndarray]:
    """The loop of PyTorch's tutorial: every image from its file and through the whole net in each step.

    Shares only the names of the images, the first weights and the order of batches with what it checks.
    """
    wanted = session.recipe
    look = transforms.Compose(
        [
            transforms.Resize(32),
            transforms.CenterCrop(32),
            transforms.ToTensor(),
            transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ]
    )

    def load(ids: tuple[str, ...]) -> tuple[torch.Tensor, torch.Tensor]:
        kinds = ["chequered", "lying", "standing"]
        pictures = [look(Image.open(patterns / name).convert("RGB")) for name in ids]
        return torch.stack(pictures), torch.tensor([kinds.index(name.split("/")[0]) for name in ids])

    model = models.ResNet(models.resnet.BasicBlock, [1, 1, 1, 1], num_classes=3)
    model.load_state_dict(session.before)
    x, y = load(session.data.train.ids)
    head, model.fc = model.fc, torch.nn.Identity()
    mean, spread = torch.zeros(()), torch.ones(())
    if wanted.strategy == "linear_probe":  # the head reads features standardised as they were before the first step
        with torch.no_grad():
            features = model.eval()(x)
        mean, spread = features.mean(0), features.std(0)
        spread = torch.maximum(spread, spread.mean() / 20)
    learning = {"linear_probe": [], "last_stage": ["layer4"]}.get(wanted.strategy)
    for name, parameter in model.named_parameters():
        parameter.requires_grad = learning is None or name.split(".")[0] in learning
    body = [p for p in model.parameters() if p.requires_grad]
    groups = [{"params": list(head.parameters()), "lr": wanted.head_rate}, {"params": body, "lr": wanted.backbone_rate}]
    optimizer = torch.optim.AdamW([group for group in groups if group["params"]], weight_decay=0.01)
    total, step, losses = math.ceil(len(y) / wanted.batch_size) * wanted.epochs, 0, []
    order = torch.Generator().manual_seed(wanted.seed)
    for _ in range(until):
        model.train()
        for name, module in model.named_children():
            module.train(learning is None or name in learning)
        summed = 0.0
        for batch in torch.randperm(len(y), generator=order).split(wanted.batch_size):
            for group in optimizer.param_groups:
                rate = group.setdefault("first", group["lr"])
                group["lr"] = rate * (1 + math.cos(math.pi * step / total)) / 2
            step += 1
            loss = functional.cross_entropy(head((model(x[batch]) - mean) / spread), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            summed += loss.item() * len(batch)
        losses.append(summed / len(y))
    model.eval()
    with torch.no_grad():
        return losses, head((model(load(session.data.test.ids)[0]) - mean) / spread).softmax(1).numpy()


@pytest.mark.parametrize("strategy", ["linear_probe", "last_stage", "from_scratch"])
def test_a_plain_loop_that_shares_no_code_comes_to_the_same_numbers(
    strategy: str, make: Callable[..., Recipe], patterns: Path, float32: None
) -> None:
    session, epochs, found = carry_out(make(backbone="resnet10", strategy=strategy, epochs=4))
    losses, probability = plain_loop(session, patterns, found.chosen_epoch)
    # rounding grows where every stage learns: there the accuracies must agree, elsewhere the losses
    if strategy != "from_scratch":
        assert np.allclose(losses, [e.batch_loss for e in epochs[: found.chosen_epoch]], rtol=2e-3)
        assert np.allclose(probability, found.probability, atol=5e-3)
    assert abs(losses[0] - epochs[0].batch_loss) < 0.05
    plain = Score(len(probability), int((probability.argmax(1) == session.data.test.labels).sum()))
    assert found.test.low <= plain.accuracy <= found.test.high
    assert plain.low <= found.test.accuracy <= plain.high


@pytest.mark.parametrize("backbone", ["resnet10", "squeezenet1_1"])
def test_the_head_is_a_plain_layer_again_when_it_is_stored_and_says_the_same(
    backbone: str, make: Callable[..., Recipe], float32: None
) -> None:
    session = prepare(make(backbone=backbone))
    list(loop_module.train(session))
    network, front = session.network.eval(), session.front["test"]
    with torch.inference_mode():
        standard = front.tail(network, front.stored)
        assert network.standard is not None
        network.fold(), network.fold()
        assert network.standard is None
        assert torch.allclose(front.tail(network, front.stored), standard, atol=1e-4)


def test_a_head_learns_the_same_whatever_the_scale_of_its_features(
    make: Callable[..., Recipe], float32: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = []
    for scale in (1.0, 1000.0):
        session = prepare(make(backbone="squeezenet1_1"))
        for split in session.front:
            session.front[split].stored.mul_(scale)
        session.network.standardise(session.front["train"].stored)
        losses.append([epoch.train_loss for epoch in loop_module.train(session)])
    assert np.allclose(*losses, rtol=1e-3)


@pytest.mark.parametrize(
    "choices", [{"strategy": "last_stage"}, {"strategy": "full"}, {"batchnorm": "moving"}], ids=str
)
@pytest.mark.parametrize("backbone", NETS)
def test_random_weights_start_from_a_sane_loss(
    backbone: str, choices: dict[str, str], make: Callable[..., Recipe]
) -> None:
    if "batchnorm" in choices and BACKBONES[backbone].normalisation != "batch":
        choices = {}
    epoch = next(loop_module.train(prepare(make(backbone=backbone, **choices))))
    assert epoch.batch_loss < 4 * math.log(3)


def test_what_can_be_learned_is_learned(make: Callable[..., Recipe]) -> None:
    _, epochs, found = carry_out(make(strategy="from_scratch", epochs=6))
    assert found.train.accuracy > 0.9
    assert epochs[-1].train_loss < epochs[0].train_loss


def test_the_best_epoch_on_validation_is_taken_not_the_last(make: Callable[..., Recipe]) -> None:
    session = prepare(make(backbone="squeezenet1_1", strategy="full", epochs=5, backbone_rate=3e-3))
    states, rows = [], []
    for row in loop_module.train(session):
        rows.append((row.val.accuracy, -row.val_loss))
        states.append(freezing.state(session.network, session.before))
    found = outcome(session)
    best = rows.index(max(rows)) + 1
    assert found.chosen_epoch == best
    assert (found.steps, found.kept_steps) == (session.steps, best * session.steps // 5)
    kept = session.network.model.state_dict()
    assert all(torch.equal(kept[name], tensor) for name, tensor in states[best - 1].items())
    assert all(torch.equal(tensor, kept[name].cpu()) for name, tensor in found.learned.items())


def test_each_epoch_says_what_it_was_scored_on(make: Callable[..., Recipe]) -> None:
    session, epochs, found = carry_out(make(backbone="squeezenet1_1", strategy="last_stage", epochs=3))
    sizes = [len(session.front[split].labels) for split in ("train", "val", "test")]
    assert [e.epoch for e in epochs] == [1, 2, 3]
    assert all((e.train.n, e.val.n) == tuple(sizes[:2]) and e.images_per_second > 0 for e in epochs)
    assert (found.train.n, found.test.n) == (sizes[0], sizes[2])
    assert [e.seconds for e in epochs] == sorted(e.seconds for e in epochs)
    assert found.seconds.keys() == {"total", "features", "training"}
    assert found.seconds["total"] >= found.seconds["features"] + found.seconds["training"]
    assert [k for k in found.features if k.startswith("epoch/")] == ["epoch/1", "epoch/2", "epoch/3"]
    assert np.allclose(found.probability.sum(1), 1, atol=1e-5)


@pytest.mark.parametrize(("epochs", "kept"), [(1, [1]), (3, [1, 2, 3]), (12, list(range(1, 13)))])
def test_the_features_of_few_epochs_are_all_kept(epochs: int, kept: list[int]) -> None:
    assert sorted(following._kept_epochs(epochs)) == kept


def test_the_features_of_many_epochs_are_kept_for_some_with_first_and_last() -> None:
    kept = following._kept_epochs(500)
    assert len(kept) == following.SNAPSHOTS and {1, 500} <= kept


@pytest.mark.parametrize(
    ("n", "size", "sizes"),
    [(16, 8, [8, 8]), (17, 8, [8, 9]), (18, 8, [8, 8, 2]), (9, 8, [9]), (1, 8, [1]), (3, 2, [3])],
)
def test_a_last_batch_of_one_joins_its_neighbour(n: int, size: int, sizes: list[int]) -> None:
    batches = loop.batches(torch.arange(n), size)
    assert [len(b) for b in batches] == sizes
    assert torch.cat(batches).tolist() == list(range(n))


def test_batchnorm_never_meets_a_single_image(make: Callable[..., Recipe]) -> None:
    _, epochs, found = carry_out(make(strategy="from_scratch", per_class=3, batch_size=8))
    assert len(epochs) == 2 and found.audit.clean


def test_the_progress_goes_forward_and_names_the_epoch(make: Callable[..., Recipe]) -> None:
    told: list[tuple[float, str]] = []
    run = runs.create(make(backbone="squeezenet1_1"))
    train(run, lambda fraction, message: told.append((fraction, message)))
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions) and fractions[0] >= 0 and fractions[-1] < 1
    messages = list(dict.fromkeys(message for _, message in told))
    assert messages[-3:] == ["Epoch 1 of 2", "Epoch 2 of 2", "Scoring and auditing"]
    assert any("Frozen stages" in message for message in messages)


# A run's folder


@pytest.mark.parametrize(
    ("backbone", "strategy"),
    [("squeezenet1_1", "linear_probe"), ("mobilenet_v3_small", "last_stage"), ("resnet10", "from_scratch")],
)
def test_the_folder_of_a_run_rebuilds_its_network_and_its_predictions(
    backbone: str, strategy: str, make: Callable[..., Recipe], float32: None
) -> None:
    run = runs.create(make(backbone=backbone, strategy=strategy))
    found = train(run)
    said = runs.predictions(run)
    assert found.state == "finished" and found.test is not None and found.clean is True
    assert found.test.correct == int((said.labels == said.predicted).sum())
    rebuilt = pair_compute.network(run)
    assert not rebuilt.training
    images = prepare(found.recipe).data.test
    assert images.ids == said.ids
    x = devices.to_input(
        torch.from_numpy(images.pixels(found.recipe.preprocessing)), found.recipe.preprocessing, torch.device("cpu")
    )
    with torch.inference_mode():
        probability = rebuilt(x).softmax(1).numpy()
    assert np.allclose(probability, said.probability, atol=2e-4)
    assert {p.name for p in runs.folder(run).iterdir()} == {
        *("run.json", "epochs.jsonl", "learned.safetensors", "features.safetensors", "predictions.csv", "audit.json")
    }
    facts = json.loads((runs.folder(run) / "run.json").read_text())
    assert facts["versions"]["torch"] == torch.__version__
    assert facts["device"] == "cpu" and facts["precision"] == "float32"
    assert facts["parameters"]["learned"] == sum(row.learned for row in runs.audit(run).stages)


def test_a_probe_weighs_kilobytes(make: Callable[..., Recipe]) -> None:
    run = runs.create(make())
    train(run)
    assert set(runs.tensors(run, "learned")) == {"fc.weight", "fc.bias"}
    assert (runs.folder(run) / "learned.safetensors").stat().st_size < 10_000


def test_a_run_whose_first_weights_have_changed_since_is_not_put_together(
    make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs.create(make(backbone="squeezenet1_1"))
    train(run)
    build = backbones.build

    def other(*arguments: Any, **named: Any) -> Network:
        network = build(*arguments, **named)
        with torch.no_grad():
            network.model.features[0].bias[3] += 1e-6
        return network

    words = rf"SqueezeNet.* \(random\) that {run} began from have changed.*train it again"
    with monkeypatch.context() as changed, pytest.raises(ExplorerError, match=words):
        changed.setattr(backbones, "build", other)
        pair_compute.network(run)
    runs.update(run, began="")  # a run of an earlier version does not say
    assert not pair_compute.network(run).training


# When it goes wrong


def losing(monkeypatch: pytest.MonkeyPatch, at: int, value: float = math.nan) -> None:
    """The loss becomes `value` at its `at`-th computation in training mode."""
    calls = [0]

    def loss(logits: torch.Tensor, labels: torch.Tensor, weight: torch.Tensor | None = None) -> torch.Tensor:
        calls[0] += logits.requires_grad
        return functional.cross_entropy(logits, labels, weight) * (value if calls[0] >= at else 1)

    monkeypatch.setattr(loop, "functional", SimpleNamespace(cross_entropy=loss))


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_no_number_ends_the_run_there_and_keeps_what_was(
    value: float, make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs.create(
        make(backbone="squeezenet1_1", epochs=5, head_rate=0.25)
    )  # 26 images in batches of 8: 4 steps an epoch
    losing(monkeypatch, at=10, value=value)
    with pytest.raises(ExplorerError, match=r"The loss became (nan|inf) in epoch 3.*0\.25 \(head\).*a tenth"):
        train(run)
    found = runs.read(run)
    assert found.state == "failed" and "epoch 3" in found.error
    assert [e.epoch for e in found.epochs] == [1, 2]
    with pytest.raises(ExplorerError, match="is failed .*epoch 3.*Choose a finished run"):
        pair_compute.network(run)
    assert found.clean is True and runs.audit(run).clean, "what was frozen stayed so"
    best = max(found.epochs, key=lambda e: (e.val.accuracy, -e.val_loss)).epoch
    learned = runs.tensors(run, "learned")
    assert found.facts["kept_steps"] == 4 * best, "the steps of the epoch that it broke off in are not kept"
    assert found.facts["chosen_epoch"] == best and all(np.isfinite(tensor).all() for tensor in learned.values())


def test_a_loss_that_is_no_number_in_the_first_epoch_leaves_nothing_to_look_at(
    make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs.create(make(backbone="squeezenet1_1"))
    losing(monkeypatch, at=2)
    with pytest.raises(ExplorerError, match="in epoch 1"):
        train(run)
    found = runs.read(run)
    assert found.state == "failed" and found.clean is None and not found.epochs
    assert {p.name for p in runs.folder(run).iterdir()} == {"run.json", "epochs.jsonl"}


def test_weights_that_explode_are_told_too(make: Callable[..., Recipe]) -> None:
    session = prepare(make(backbone="squeezenet1_1", strategy="full", epochs=3))
    epochs = loop_module.train(session)
    next(epochs)
    with torch.no_grad():
        session.network.head[1].weight[0, 0] = math.nan
    with pytest.raises(ExplorerError, match="in epoch 2"):
        next(epochs)


@pytest.mark.parametrize(
    ("when", "kept"), [("Loading", 0), ("Frozen stages, val", 0), ("Epoch 1 of", 0), ("Epoch 3 of", 2), ("Scoring", 4)]
)
def test_a_stop_is_a_stop_whenever_it_comes_and_keeps_what_was(
    when: str, kept: int, make: Callable[..., Recipe]
) -> None:
    run = runs.create(make(backbone="squeezenet1_1", epochs=4))
    steps = [0]

    def stop(fraction: float, message: str) -> None:
        steps[0] += message.startswith(when)
        if steps[0] > (2 if when.startswith("Epoch") else 0):  # in the middle of the epoch
            raise Stopped

    found = train(run, stop)
    assert found.state == "stopped" and not found.error
    assert [e.epoch for e in found.epochs] == list(range(1, kept + 1))
    assert runs.read(run) == found
    assert found.clean is (True if kept else None), "past an epoch there is an audit"
    assert (runs.folder(run) / "audit.json").is_file() == (kept > 0)


@pytest.mark.parametrize("batchnorm", ["frozen", "moving"])
@pytest.mark.parametrize("when", ["Decoding, train", "Epoch 3 of"])
def test_a_stop_between_two_phases_is_audited_by_what_had_learned_until_then(
    when: str, batchnorm: str, make: Callable[..., Recipe]
) -> None:
    run = runs.create(make(strategy="lp_ft", epochs=4, batchnorm=batchnorm))

    def stop(fraction: float, message: str) -> None:
        if message.startswith(when) and runs.read(run).epochs:
            raise Stopped

    found = train(run, stop)
    audit = runs.audit(run)
    assert found.state == "stopped" and len(found.epochs) == 2
    assert found.clean == audit.clean == (batchnorm == "frozen")
    assert [row.declared for row in audit.stages] == ["frozen"] * 5 + ["learns"], "the stages have not learned yet"


def test_a_stop_on_a_full_disk_is_a_stop(make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch) -> None:
    run = runs.create(make(backbone="squeezenet1_1", epochs=4))

    def full(run: str, audit: Any) -> None:
        raise ExplorerError("The disk is full.")

    def stop(fraction: float, message: str) -> None:
        if message.startswith("Epoch 2"):
            raise Stopped

    monkeypatch.setattr(runs, "store_audit", full)
    found = train(run, stop)
    assert found.state == "stopped" and found.clean is None and not found.error


FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_run_waits_for_room_on_a_disk_that_is_full_for_a_while(
    make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, left = runs.create(make(backbone="squeezenet1_1")), [3]
    original = Path.write_text

    def full(path: Path, *arguments: Any, **named: Any) -> Any:
        if left[0] and "run.json" in path.name:
            left[0] -= 1
            raise FULL
        return original(path, *arguments, **named)

    waited: list[float] = []
    monkeypatch.setattr("explorer.home.time.sleep", waited.append)
    monkeypatch.setattr(Path, "write_text", full)
    assert train(run).state == "finished" and waited == [1, 1, 1]
    left[0] = 1
    with pytest.raises(ExplorerError, match="Free some space"):
        runs.update(run, note="x")  # a page is told at once


@pytest.mark.parametrize("what", ["learned", "features", "predictions", "audit"])
def test_a_disk_that_fills_up_while_saving_fails_the_run_in_words(
    what: str, make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("explorer.home.PATIENCE", 0.0)
    run = runs.create(make(backbone="squeezenet1_1"))
    original = {"write_text": Path.write_text, "open": Path.open, "replace": Path.replace}

    def full(name: str) -> Callable[..., Any]:
        def method(path: Path, *arguments: Any, **named: Any) -> Any:
            if what in path.name:
                raise FULL
            return original[name](path, *arguments, **named)

        return method

    with monkeypatch.context() as patch:
        for name in original:
            patch.setattr(Path, name, full(name))
        with pytest.raises(ExplorerError, match="No space left on device.*Free some space"):
            train(run)
    found = runs.read(run)
    assert found.state == "failed" and "Free some space" in found.error
    assert len(found.epochs) == 2


def test_a_disk_that_stays_full_is_told_and_the_run_reads_interrupted_when_its_process_ends(
    make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("explorer.home.PATIENCE", 0.0)
    run = runs.create(make(backbone="squeezenet1_1"))

    def full(path: Path, *arguments: Any, **named: Any) -> Any:
        raise FULL

    def fill(fraction: float, message: str) -> None:
        if message.startswith("Scoring"):
            patch.setattr(Path, "write_text", full)
            patch.setattr("explorer.runs.contents.save_file", full)

    with monkeypatch.context() as patch, pytest.raises(ExplorerError, match="Free some space"):
        train(run, fill)
    assert len(runs.read(run).epochs) == 2
    monkeypatch.setattr(psutil.Process, "create_time", lambda self: 0.0)  # as if this process were another
    assert runs.read(run).state == "interrupted"


def test_a_fault_of_ours_fails_the_run_with_its_name(
    make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs.create(make())
    monkeypatch.setattr("explorer.training.compute.handlers.prepare", lambda *a: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        train(run)
    assert runs.read(run).error == "ZeroDivisionError: division by zero"


def test_a_run_without_a_readable_recipe_cannot_be_carried_out(make: Callable[..., Recipe]) -> None:
    run = runs.create(make())
    (runs.folder(run) / "run.json").write_text("{")
    with pytest.raises(ExplorerError, match="no readable recipe.*Delete it"):
        train(run)


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"dataset": "pets-0123abcd", "data_dir": None}, "was deleted"),
        ({"data_dir": "/no/such/folder"}, "does not exist"),
    ],
)
def test_data_that_cannot_be_used_fails_the_run_in_words(
    choices: dict[str, Any], words: str, make: Callable[..., Recipe]
) -> None:
    run = runs.create(make(**choices))
    with pytest.raises(ExplorerError, match=words):
        train(run)
    assert runs.read(run).state == "failed" and words in runs.read(run).error


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_device_that_is_not_there_is_told_in_words(make: Callable[..., Recipe]) -> None:
    with pytest.raises(ExplorerError, match="'cuda' was asked for.*'auto' or 'cpu'"):
        prepare(make(device="cuda"))


@pytest.mark.parametrize(
    ("backbone", "hardware", "precision"),
    [("resnet10", True, "bfloat16"), ("resnet10", False, "float32"), ("mobilenet_v2", True, "float32")],
)
def test_bfloat16_is_used_where_the_processor_and_the_architecture_gain(
    backbone: str, hardware: bool, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "_multiplies_bfloat16", lambda: hardware)
    assert devices.choose(BACKBONES[backbone], "cpu").precision == precision


def test_features_that_blew_up_are_kept_without_infinities() -> None:
    kept = following.halved(np.array([0.5, 1e6, -1e6], np.float32))
    assert kept.dtype == np.float16 and kept.tolist() == [0.5, 65504.0, -65504.0]

"""The written-out gradient of a head, and the step at once: to the last bit what autograd and torch's AdamW give."""

from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.data.feature_cache.cached import CachedFeatures
from explorer.models import backbones, devices
from explorer.models.compiler import AdamW
from explorer.models.network import Network
from explorer.progress import silent
from explorer.recipe import make
from explorer.training.compute import freezing, head_alone, loop
from explorer.training.compute.preparing import prepare


@cache
def built(classes: int) -> Network:
    return backbones.build("resnet10", classes, "random", seed=3)


def head(classes: int, standardised: bool = True) -> tuple[Network, Tensor, Tensor]:
    """A network whose head alone learns, features that it reads, and their labels."""
    draw = torch.Generator().manual_seed(classes)
    network = freezing.unfreeze(
        built(classes).copy(), make(backbone="resnet10", weights="random", strategy="linear_probe")
    )
    x = torch.randn(33, network.row.features, generator=draw) * 4 + 1
    if standardised:
        network.standardise(x)
    return network, x, torch.randint(classes, (33,), generator=draw)


def gradients(network: Network) -> list[Tensor]:
    """The head's own, of those that there are."""
    return [p.grad for p in network.head.parameters() if p.grad is not None]


@pytest.mark.parametrize("classes", [2, 3, 17, 100])
@pytest.mark.parametrize("batch", [1, 2, 31, 32, 33])
@pytest.mark.parametrize("standardised", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_loss_and_gradients_are_those_of_autograd(classes: int, batch: int, standardised: bool, weighted: bool) -> None:
    network, x, y = head(classes, standardised)
    x, y = x[:batch], y[:batch]
    weight = torch.linspace(0.3, 2.0, classes) if weighted else None
    assert head_alone.fits(network)
    loss = functional.cross_entropy(network.classify(x), y, weight=weight)
    loss.backward()
    wanted = gradients(network)
    network.zero_grad(set_to_none=True)
    x = network.standardised(x)
    found = head_alone.backward(network, x, y, weight)
    assert torch.equal(found, loss.detach()) and not found.requires_grad and len(wanted) == 2
    assert all(map(torch.equal, gradients(network), wanted))
    head_alone.backward(network, x, y, weight)  # takes the place of what was there
    assert all(map(torch.equal, gradients(network), wanted))


def test_what_is_more_than_a_linear_layer_or_does_not_learn_is_left_to_autograd() -> None:
    network, *_ = head(3)
    network.head.bias.requires_grad_(False)
    assert not head_alone.fits(network)
    network.head.bias.requires_grad_(True)
    handle = network.head.register_forward_hook(lambda *_: None)
    assert not head_alone.fits(network)
    handle.remove()
    assert head_alone.fits(network)
    network.__dict__["head"] = nn.Sequential(nn.Dropout(0.2), network.head)
    assert not head_alone.fits(network)


@pytest.mark.parametrize(
    "choices",
    [
        {"strategy": "linear_probe"},
        {"strategy": "linear_probe", "class_weights": True, "augmentation": "crop", "views": 3},
        {"strategy": "lp_ft", "epochs": 4},
    ],
)
def test_a_run_learns_the_same_as_with_autograd(
    tiny: dict[str, Any], choices: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted, taken, backward = make(**tiny | choices), [], head_alone.backward
    monkeypatch.setattr(head_alone, "backward", lambda *given: taken.append(1) or backward(*given))
    tensors, rows = [], []
    for fits in (head_alone.fits, lambda network: False):
        monkeypatch.setattr(head_alone, "fits", fits)
        session = prepare(wanted)
        rows.append([(e.batch_loss, e.train_loss, e.val_loss, e.val) for e in loop.train(session)])
        tensors.append(session.network.model.state_dict())
        assert session.witness.seen["asked"] and session.witness.seen["train"]
    alone = sum(phase.epochs for phase in wanted.phases if not phase.learns)
    assert len(taken) * wanted.epochs == session.steps * alone > 0
    assert rows[0] == rows[1]
    assert all(torch.equal(tensor, tensors[1][name]) for name, tensor in tensors[0].items())


def test_a_step_by_itself_as_a_range_test_takes_it_is_the_same(
    tiny: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, taken, backward = torch.arange(8), [], head_alone.backward
    monkeypatch.setattr(head_alone, "backward", lambda *given: taken.append(1) or backward(*given))
    tensors = []
    for fits in (head_alone.fits, lambda network: False):
        monkeypatch.setattr(head_alone, "fits", fits)
        session = prepare(make(**tiny | {"strategy": "linear_probe"}))
        session.witness.watch(session.network)
        losses = [loop.step(session, batch, seed, None, silent).item() for seed in range(3)]
        tensors.append((losses, session.network.head.state_dict()))
    assert len(taken) == 3 and tensors[0][0] == tensors[1][0]
    assert all(torch.equal(tensor, tensors[1][1][name]) for name, tensor in tensors[0][1].items())


@pytest.mark.parametrize("width", [512, 40, 7])
def test_what_is_read_at_once_is_what_is_read_batch_by_batch(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head_alone, "AHEAD", 3)
    network, *_ = head(3)
    draw = torch.Generator().manual_seed(width)
    rows, labels = torch.randn(101, width, generator=draw) * 4, torch.randint(3, (101,), generator=draw)
    place = devices.choose(network.row, "cpu")
    front = CachedFeatures("layer4", True, (rows,), labels, {}, "none", network.row.preprocessing("default"), place)
    network.standardise(rows)
    batches = loop.batches(torch.randperm(101, generator=draw), 9)
    found = [*head_alone.read(network, front, batches)]
    assert len(found) == len(batches) > 2 * head_alone.AHEAD
    for (x, y), batch in zip(found, batches, strict=True):
        assert torch.equal(x, network.standardised(front.read(batch))) and torch.equal(y, front.labels_of(batch))
        assert x.data_ptr() % head_alone.LINE == 0, "kernels round as they do for a tensor of its own"


@pytest.mark.parametrize("fused", [True, False])
def test_a_step_at_once_is_torch_s_own(fused: bool) -> None:
    """Two groups with rates and decays of their own, a weight without a gradient, and the states that a checkpoint keeps."""
    found = []
    for kind in (AdamW, torch.optim.AdamW):
        weights = [nn.Parameter(torch.linspace(-1, 1, 12).reshape(3, 4) * i) for i in range(1, 4)]
        groups = [{"params": weights[:1]}, {"params": weights[1:], "lr": 0.3, "weight_decay": 0.1}]
        optimizer = kind(groups, lr=0.01, fused=fused)
        for step in range(4):
            for i, p in enumerate(weights[:2]):
                p.grad = torch.full_like(p, 0.5 + i - step)
            optimizer.param_groups[0]["lr"] = 0.01 / (step + 1)
            optimizer.step()
        found.append((weights, optimizer.state_dict()["state"]))
    (mine, states), (theirs, others) = found
    assert all(map(torch.equal, mine, theirs)) and states.keys() == others.keys() == {0, 1}
    assert all(torch.equal(states[i][name], others[i][name]) for i in states for name in states[i])

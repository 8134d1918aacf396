"""Too little memory: fewer images at once, the same numbers, and words where not even one fits."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from explorer import cache, recipe
from explorer.data.feature_cache.cached import CachedFeatures
from explorer.data.feature_cache.frozen import Frozen
from explorer.errors import ExplorerError
from explorer.models import devices
from explorer.models.compiler import AdamW
from explorer.models.devices import Device
from explorer.progress import silent
from explorer.recipe import Recipe
from explorer.runs.records import Epoch
from explorer.training.compute import head_alone, loop, optimizing
from explorer.training.compute.loop import train
from explorer.training.compute.preparing import prepare
from explorer.training.compute.scoring import Outcome, outcome
from explorer.training.compute.session import Session


@pytest.fixture
def make(tiny: dict[str, Any], narrow: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Recipe]:
    """A tiny recipe on the narrow backbone with other choices, computed in float32."""
    monkeypatch.setattr(devices, "_multiplies_bfloat16", lambda: False)
    return lambda **choices: recipe.make(**tiny | {"backbone": narrow} | choices)


def short_of_memory(monkeypatch: pytest.MonkeyPatch, most: int) -> list[int]:
    """An accelerator that holds `most` images at once; returns the sizes of the batches that fitted while learning."""
    tail, sizes = CachedFeatures.tail, []

    def limited(self: CachedFeatures, network: Any, x: torch.Tensor) -> torch.Tensor:
        if torch.is_grad_enabled():
            if len(x) > most:
                raise torch.OutOfMemoryError("no room")
            sizes.append(len(x))
        return tail(self, network, x)

    monkeypatch.setattr(CachedFeatures, "tail", limited)
    monkeypatch.setattr(head_alone, "fits", lambda network: False)  # that is for a CPU
    return sizes


@pytest.mark.parametrize("weighted", [False, True])
def test_a_batch_that_does_not_fit_is_halved_and_gives_the_same_step(
    weighted: bool, make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = make(strategy="linear_probe", class_weights=weighted)

    def losses() -> tuple[Session, list[Epoch]]:
        session = prepare(wanted)
        return session, list(train(session))

    _, whole = losses()
    sizes = short_of_memory(monkeypatch, most=3)
    session, parts = losses()
    assert set(sizes) == {2} and session.chunk == 2
    assert np.allclose([e.batch_loss for e in whole], [e.batch_loss for e in parts], rtol=1e-4)
    assert session.notes == ["Out of memory on cpu: batches of 8 were processed in parts of 2."]


def test_one_image_that_does_not_fit_fails_with_what_would_help(
    make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = prepare(make(strategy="linear_probe"))
    short_of_memory(monkeypatch, most=0)
    with pytest.raises(ExplorerError, match="does not hold one image.*Freeze more stages"):
        list(train(session))


def test_a_part_is_drawn_when_its_turn_comes_and_not_before(
    make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = prepare(make(strategy="full", augmentation="crop"))
    session.chunk = 3
    taken, gather = [], Device.gather
    monkeypatch.setattr(Device, "gather", lambda self, x, rows: (taken.append(len(rows)), gather(self, x, rows))[1])
    loop.step(session, torch.arange(8), 0, None, silent)
    assert taken == [3, 3, 2]


# The optimizer


def test_the_first_step_that_does_not_fit_is_taken_again_with_fewer_images(
    make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = list(train(prepare(make())))
    step, calls = AdamW.step, [0]

    def short(self: torch.optim.AdamW, *rest: Any) -> Any:
        calls[0] += 1
        if calls[0] == 1:
            raise torch.OutOfMemoryError("no room")
        return step(self, *rest)

    monkeypatch.setattr(AdamW, "step", short)
    session = prepare(make())
    parts = list(train(session))
    assert session.chunk == 4 and session.steps == calls[0] - 1
    assert np.allclose([e.batch_loss for e in whole], [e.batch_loss for e in parts], rtol=1e-4)


def test_the_optimizer_takes_its_memory_before_any_weight_moves_and_all_or_nothing(
    make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = prepare(make(strategy="full"))
    zeros, calls = torch.zeros_like, [0]

    def short(*given: Any, **named: Any) -> Tensor:
        calls[0] += 1
        if calls[0] == 5:
            raise torch.OutOfMemoryError("no room")
        return zeros(*given, **named)

    def look(fraction: float, message: str) -> None:
        assert not session.optimizer.state
        assert all(torch.equal(t, session.before[name]) for name, t in session.network.model.named_parameters())

    monkeypatch.setattr(torch, "zeros_like", short)
    loop.step(session, torch.arange(8), 0, None, look)
    assert session.chunk == 4 and calls[0] > 5
    assert all(state["step"] == 1 for state in session.optimizer.state.values())


@pytest.mark.parametrize("fused", [True, False])
def test_what_is_reserved_is_what_adamw_makes_itself(fused: bool) -> None:
    found = []
    for reserve in (True, False):
        weight = torch.nn.Parameter(torch.arange(24.0).view(1, 2, 3, 4).to(memory_format=torch.channels_last))
        optimizer = torch.optim.AdamW([weight], lr=0.1, fused=fused)
        if reserve:
            optimizing.reserve(optimizer)
        for _ in range(2):
            weight.grad = torch.ones_like(weight)
            optimizer.step()
        found.append((weight.detach(), optimizer.state[weight]))
    (one, mine), (two, its) = found
    assert torch.equal(one, two) and list(mine) == list(its)
    for name, tensor in its.items():
        other = mine[name]
        assert torch.equal(tensor, other) and (tensor.dtype, tensor.stride()) == (other.dtype, other.stride()), name


# Passes without learning


PASSES: dict[str, tuple[type, str, int]] = {
    "the front": (Frozen, "run", 0),
    "what the head reads": (CachedFeatures, "features", 1),
    "scoring": (CachedFeatures, "tail", 1),
    "pooled features": (CachedFeatures, "pooled_stages", 1),
}
"""Name → what to make short of memory, and the place of the images among its arguments."""


def short_pass(monkeypatch: pytest.MonkeyPatch, name: str, most: int) -> None:
    """A pass without gradients that holds `most` images at once."""
    owner, method, place = PASSES[name]
    original = getattr(owner, method)

    def limited(self: Any, *given: Any, **named: Any) -> Any:
        if (owner is Frozen or not torch.is_grad_enabled()) and len(given[place]) > most:
            raise torch.OutOfMemoryError("no room")
        return original(self, *given, **named)

    monkeypatch.setattr(owner, method, limited)


@pytest.mark.parametrize("name", PASSES)
def test_a_pass_without_learning_that_does_not_fit_is_halved_and_gives_the_same(
    name: str, make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = make(strategy="gradual", epochs=2, unfreeze_every=1)

    def carried_out() -> tuple[Session, list[Epoch], Outcome]:
        session = prepare(wanted)
        return session, list(train(session)), outcome(session)

    _, whole, first = carried_out()
    cache.clear()
    short_pass(monkeypatch, name, most=7)
    session, parts, second = carried_out()
    assert session.portion == 4 and session.chunk is None
    assert np.allclose([e.val_loss for e in whole], [e.val_loss for e in parts], rtol=1e-3)
    assert np.allclose(first.probability, second.probability, atol=1e-3)
    assert second.audit.clean and second.audit.recomputed == 0.0
    assert session.notes == ["Out of memory on cpu: passes without gradients took 4 images at once."]


@pytest.mark.parametrize("name", PASSES)
def test_one_image_that_does_not_fit_into_a_pass_fails_with_what_would_help_too(
    name: str, make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    short_pass(monkeypatch, name, most=0)
    with pytest.raises(ExplorerError, match="cpu does not hold one image of 32 pixels.*or use the device 'cpu'"):
        session = prepare(make(strategy="last_stage"))
        list(train(session))


def test_outputs_of_other_portions_are_other_entries_of_the_cache(
    make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        short_pass(patch, "the front", most=7)
        assert {front.batch for front in prepare(make()).front.values()} == {4}
    entries, _ = cache.size()
    fronts = prepare(make()).front
    assert {front.batch for front in fronts.values()} == {32} and cache.size()[0] == 2 * entries

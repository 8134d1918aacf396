"""Steps that are captured and replayed: on a stand-in for a GPU they are the plain steps to the last bit."""

import random
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from stand_ins_captured import TapedCard, capturing
from torch import Tensor, nn

from explorer import cache, recipe
from explorer.catalogue import BACKBONES
from explorer.data.feature_cache.cached import CachedFeatures
from explorer.errors import Stopped
from explorer.models import devices
from explorer.recipe import Recipe
from explorer.runs.records import Epoch
from explorer.training.compute import captured, checkpoint, freezing, rates
from explorer.training.compute.captured import WARM_UP
from explorer.training.compute.judging import audit
from explorer.training.compute.loop import train
from explorer.training.compute.preparing import prepare
from explorer.training.compute.scoring import Diverged, evaluate, outcome
from explorer.training.compute.session import Session

pytestmark = pytest.mark.long(40)


@pytest.fixture
def make(tiny: dict[str, Any], narrow: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Recipe]]:
    """A tiny recipe with other choices, on the narrow backbone with dropout before its head, in float32."""
    monkeypatch.setattr(devices, "_multiplies_bfloat16", lambda: False)
    monkeypatch.setitem(BACKBONES, narrow, replace(BACKBONES[narrow], dropout=0.3))
    capturing(monkeypatch)
    yield lambda **choices: recipe.make(**tiny | {"backbone": narrow, "epochs": 3, "batch_size": 4} | choices)


def plain(wanted: Recipe) -> Session:
    """A session whose steps are all plain ones, at rates that are tensors as well."""
    session = prepare(wanted)
    session.captures.recorder = None
    return session


def deeds(session: Session) -> dict[str, int]:
    assert isinstance(session.captures.recorder, TapedCard)
    return session.captures.recorder.deeds


def told(epochs: list[Epoch]) -> list[tuple[Any, ...]]:
    return [(e.epoch, e.batch_loss, e.train_loss, e.val_loss, e.val) for e in epochs]


def same(one: Session, two: Session) -> None:
    """The same weights, statistics and moments to the last bit, and the same words of what learned."""
    assert not freezing.changed(freezing.snapshot(one.network), freezing.snapshot(two.network))
    for p, q in zip(one.network.parameters(), two.network.parameters(), strict=True):
        mine, its = one.optimizer.state.get(p, {}), two.optimizer.state.get(q, {})
        assert mine.keys() == its.keys() and all(torch.equal(mine[name], its[name]) for name in mine)
    assert one.witness.seen == two.witness.seen and one.steps == two.steps


CASES = [
    ("linear_probe", {}),
    ("linear_probe", {"views": 3, "augmentation": "flip", "class_weights": True}),
    ("last_stage", {"batchnorm": "frozen"}),
    ("full", {"augmentation": "crop"}),
    ("full", {"class_weights": True, "batchnorm": "frozen"}),
    ("gradual", {"unfreeze_every": 1, "epochs": 5}),
    ("lp_ft", {"batchnorm": "affine", "epochs": 4}),
    ("bn_only", {}),
    ("last_stage", {"batchnorm": "moving"}),
]


@pytest.mark.parametrize(("strategy", "choices"), CASES)
def test_replayed_steps_are_the_plain_ones_to_the_last_bit(
    strategy: str, choices: dict[str, Any], make: Callable[..., Recipe]
) -> None:
    wanted = make(strategy=strategy, **choices)
    one, two = plain(wanted), prepare(wanted)
    assert told(list(train(one))) == told(list(train(two)))
    found = deeds(two)
    assert found["replay"] >= found["capture"] > 0 and found["replay"] + found["aside"] == two.steps
    assert not two.notes
    same(one, two)
    mine, its = outcome(one), outcome(two)
    assert mine.audit == its.audit and np.array_equal(mine.probability, its.probability)
    assert mine.audit.clean == (wanted.batchnorm != "moving")


def test_a_step_is_captured_after_plain_ones_and_no_python_runs_in_a_replay(
    make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    tail = CachedFeatures.tail

    def counted(self: CachedFeatures, network: Any, x: Tensor) -> Tensor:
        sizes.extend([len(x)] if torch.is_grad_enabled() else [])
        return tail(self, network, x)

    monkeypatch.setattr(CachedFeatures, "tail", counted)
    session = prepare(make(epochs=6, batch_size=4))
    list(train(session))
    n = len(session.front["train"].labels)
    whole, rest = 6 * (n // 4), 6 * bool(n % 4)
    assert n % 4 > 1, "the last batch is another kind"
    found = deeds(session)
    assert sizes.count(4) == WARM_UP + 1 and sizes.count(n % 4) == WARM_UP + 1
    assert found == {"aside": 2 * WARM_UP, "capture": 2, "replay": whole + rest - 2 * WARM_UP, "release": 1}


def test_each_phase_captures_its_own_steps_and_lets_go_of_them(make: Callable[..., Recipe]) -> None:
    session = prepare(make(strategy="gradual", unfreeze_every=1, epochs=4))
    held: list[weakref.ref[Tensor]] = []
    counts = []
    for _ in train(session):
        assert all(part() is None for part in held)
        captures = session.captures._kept.values()
        held = [weakref.ref(part) for capture in captures for part in capture.parts]
        counts.append((session.phase, len(session.captures)))
    assert [phase for phase, _ in counts] == sorted({phase for phase, _ in counts}) and all(n for _, n in counts)
    assert deeds(session)["capture"] == sum(n for _, n in counts)
    assert held and len(session.captures) == 0 and all(part() is None for part in held)
    assert audit(session).clean


def test_rates_change_within_a_captured_step(make: Callable[..., Recipe]) -> None:
    """The stand-in repeats a number for ever, as a card does: only what is read from a tensor can follow the schedule."""
    session = prepare(make(strategy="full"))
    tensors = [group["lr"] for group in session.optimizer.param_groups]
    ends = []
    for _ in train(session):
        ends.append([tensor.item() for tensor in tensors])
        assert all(group["lr"] is t for group, t in zip(session.optimizer.param_groups, tensors, strict=True))
    assert ends[0] > ends[1] > ends[2] and deeds(session)["replay"] > 0


def limited(monkeypatch: pytest.MonkeyPatch, most: int, learning: bool = True, room: Callable[[], bool] = bool) -> None:
    """A card that holds `most` images at once in passes that learn (or that do not), unless there is `room`."""
    tail = CachedFeatures.tail

    def short(self: CachedFeatures, network: Any, x: Tensor) -> Tensor:
        if torch.is_grad_enabled() == learning and len(x) > most and not room():
            raise torch.OutOfMemoryError("no room")
        return tail(self, network, x)

    monkeypatch.setattr(CachedFeatures, "tail", short)


@pytest.mark.parametrize("choices", [{}, {"class_weights": True}, {"augmentation": "crop"}])
def test_a_halved_batch_is_captured_anew_as_the_step_that_it_is(
    choices: dict[str, Any], make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = make(strategy="full", batch_size=8, epochs=4, **choices)
    limited(monkeypatch, most=3)
    one, two = plain(wanted), prepare(wanted)
    epochs, kinds = [], set()
    for epoch in train(two):
        epochs.append(epoch)
        kinds |= {(key[1], len(capture.parts)) for key, capture in two.captures._kept.items()}
    assert told(list(train(one))) == told(epochs)
    same(one, two)
    assert two.chunk == 2 and deeds(two)["replay"] > 0 and len(two.notes) == 1
    assert kinds >= {(2, 4)} and {size for size, _ in kinds} == {2}


@pytest.mark.parametrize(
    "error", [RuntimeError("not permitted when stream is capturing"), torch.OutOfMemoryError("no room")]
)
def test_where_a_capture_fails_the_steps_are_plain_and_the_run_says_so(
    error: Exception, make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = make(strategy="gradual", unfreeze_every=2, epochs=4)
    one, two = plain(wanted), prepare(wanted)
    monkeypatch.setattr(TapedCard, "fails", error)
    rest = train(two)
    epochs = [next(rest), next(rest)]
    assert deeds(two)["replay"] == 0 and len(two.captures) == 0 and two.chunk is None
    monkeypatch.setattr(TapedCard, "fails", None)
    epochs += list(rest)
    assert deeds(two)["replay"] > 0, "the next phase tries again"
    assert told(list(train(one))) == told(epochs)
    same(one, two)
    assert two.notes == [
        f"Training steps could not be captured on the GPU ({type(error).__name__}: {error}): their kernels were launched "
        "one by one, which takes longer."
    ]


def test_what_waits_for_the_device_cannot_be_captured(
    make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    tail = CachedFeatures.tail

    def waiting(self: CachedFeatures, network: Any, x: Tensor) -> Tensor:
        logits = tail(self, network, x)
        return logits * 1.0 if logits.sum().item() else logits

    monkeypatch.setattr(CachedFeatures, "tail", waiting)
    wanted = make()
    one, two = plain(wanted), prepare(wanted)
    assert told(list(train(one))) == told(list(train(two)))
    same(one, two)
    assert deeds(two)["replay"] == 0 and "not permitted when stream is capturing" in two.notes[0]


@pytest.mark.parametrize("draw", [random.random, lambda: float(torch.rand((), generator=torch.default_generator))])
def test_a_network_that_draws_on_the_processor_is_not_captured(
    draw: Callable[[], float], make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its draw would be the same in every replay. What a failed capture drew is drawn again."""
    drawn: list[float] = []

    class Skips(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            drawn.append(draw())
            return x * drawn[-1] if self.training else x

    found = []
    for made in (plain, prepare):
        drawn.clear()
        session = made(make(strategy="last_stage"))
        session.network.stages["layer4"].append(Skips().train())
        random.seed(1)
        torch.manual_seed(1)
        found.append(told(list(train(session))))
    assert found[0] == found[1] and len(set(drawn)) > WARM_UP
    assert deeds(session)["replay"] == 0 and "could not be captured" in session.notes[0]


def test_a_pass_that_runs_out_of_memory_beside_captures_gets_their_room_first(
    make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = make(strategy="full")
    one, two = plain(wanted), prepare(wanted)
    expected = told(list(train(one)))
    limited(monkeypatch, most=1, learning=False, room=lambda: not len(two.captures))
    assert told(list(train(two))) == expected
    same(one, two)
    assert two.portion is None and len(two.captures) == 0 and deeds(two)["capture"] > 0
    assert len(two.notes) == 1 and "its memory was needed" in two.notes[0]


def test_a_plain_step_that_runs_out_of_memory_beside_captures_is_not_halved(
    make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = make(strategy="full", epochs=4)
    one, two = plain(wanted), prepare(wanted)
    expected = told(list(train(one)))
    last = len(two.front["train"].labels) % 4
    tail = CachedFeatures.tail

    def short(self: CachedFeatures, network: Any, x: Tensor) -> Tensor:
        if torch.is_grad_enabled() and len(x) == last and len(two.captures):
            raise torch.OutOfMemoryError("no room")
        return tail(self, network, x)

    monkeypatch.setattr(CachedFeatures, "tail", short)
    assert told(list(train(two))) == expected
    same(one, two)
    assert two.chunk is None and deeds(two)["replay"] > 0


def test_a_module_in_another_mode_is_another_step_and_the_audit_sees_it(make: Callable[..., Recipe]) -> None:
    wanted, found = make(strategy="last_stage", epochs=4), []
    for session in (plain(wanted), prepare(wanted)):
        count = [0]

        def flip(fraction: float, message: str, session: Session = session, count: list[int] = count) -> None:
            count[0] += 1
            session.network.model.layer1[0].bn1.train(count[0] % 2 == 0)

        epochs = told(list(train(session, flip)))
        found.append((session, epochs, audit(session)))
    (one, mine, first), (two, its, second) = found
    assert mine == its and first == second and not second.clean and deeds(two)["replay"] > 0
    assert next(row for row in second.stages if row.stage == "layer1").misplaced == "BatchNorm2d"
    same(one, two)


@pytest.mark.parametrize("strategy", ["full", "lp_ft"])
def test_a_run_goes_on_from_a_checkpoint_to_the_same_numbers_also_where_nothing_is_captured(
    strategy: str, make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = make(strategy=strategy, epochs=4)
    whole, saved, rows = prepare(wanted), b"", []
    for epoch in train(whole):
        rows.append(epoch)
        saved = checkpoint.dump(whole) if epoch.epoch == 2 else saved
    again = prepare(wanted)
    checkpoint.restore(again, saved)
    assert told(list(train(again))) == told(rows[2:]) and deeds(again)["replay"] > 0
    same(whole, again)
    monkeypatch.setattr(devices.Device, "captures", False)
    elsewhere = prepare(wanted)
    checkpoint.restore(elsewhere, saved)
    kinds = {(type(group["lr"]), group["capturable"]) for group in elsewhere.optimizer.param_groups}
    assert kinds == {(float, False)} and elsewhere.captures.recorder is None
    assert np.allclose([e.val_loss for e in train(elsewhere)], [e.val_loss for e in rows[2:]], rtol=1e-4)


def test_a_stop_is_heard_between_replays(make: Callable[..., Recipe]) -> None:
    session, calls = prepare(make(strategy="last_stage")), [0]

    def report(fraction: float, message: str) -> None:
        calls[0] += 1
        if session.steps and deeds(session)["replay"] == 2:
            raise Stopped

    with pytest.raises(Stopped):
        list(train(session, report))
    assert deeds(session)["replay"] == 2 and session.done == 0
    audit(session)
    assert len(session.captures) == 0 and deeds(session)["release"] == 1


def test_a_loss_that_is_no_number_is_found_at_the_end_of_the_epoch(make: Callable[..., Recipe]) -> None:
    session = prepare(make(strategy="full", head_rate=1.0, backbone_rate=1.0, epochs=2))
    with torch.no_grad():
        next(p for p in session.network.head.parameters()).fill_(float("nan"))
    with pytest.raises(Diverged, match="became nan in epoch 1"):
        list(train(session))


def test_the_range_test_of_rates_finds_the_same(make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = make(strategy="last_stage")
    found = rates.find(wanted)
    cache.clear()
    monkeypatch.setenv("THAW_GRAPHS", "0")
    assert rates.find(wanted) == found


def test_nothing_is_captured_on_a_processor() -> None:
    assert captured.recorder(devices.choose(BACKBONES["resnet10"], "cpu")) is None


@pytest.mark.card
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no NVIDIA GPU here")
@pytest.mark.parametrize("strategy", ["linear_probe", "last_stage", "full", "gradual", "lp_ft", "bn_only"])
@pytest.mark.parametrize("backbone", ["resnet10", "mobilenet_v2"])
def test_on_a_card_replayed_steps_are_the_plain_ones_to_the_last_bit(
    backbone: str, strategy: str, tiny: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    choices = {"device": "cuda", "epochs": 5, "backbone": backbone, "strategy": strategy, "batch_size": 4}
    wanted = recipe.make(**tiny | choices | ({"unfreeze_every": 2} if strategy == "gradual" else {}))
    two = prepare(wanted)
    made, replayed = zip(*[(len(two.captures), row) for row in train(two)], strict=True)
    assert not two.notes and max(made) > 0
    monkeypatch.setenv("THAW_GRAPHS", "0")
    one = prepare(wanted)
    assert told(list(train(one))) == told([*replayed])
    same(one, two)
    assert audit(one) == audit(two) and audit(two).clean
    assert evaluate(one, one.front["test"])[0] == evaluate(two, two.front["test"])[0]

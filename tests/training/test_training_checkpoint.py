"""A run that was cut goes on to the numbers of one that was not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from explorer import recipe, runs
from explorer.errors import ExplorerError, Stopped
from explorer.models import devices
from explorer.models.compiler import AdamW
from explorer.recipe import Recipe
from explorer.training.compute import checkpoint, freezing, loop
from explorer.training.compute.checkpoint import dump, restore
from explorer.training.compute.handlers import train
from explorer.training.compute.preparing import prepare
from explorer.training.compute.scoring import outcome

pytestmark = pytest.mark.long(30)


@pytest.fixture
def make(tiny: dict[str, Any], narrow: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Recipe]:
    """A tiny recipe on the narrow backbone with other choices, computed in float32."""
    monkeypatch.setattr(devices, "_multiplies_bfloat16", lambda: False)
    return lambda **choices: recipe.make(**tiny | {"backbone": narrow} | choices)


CASES = [
    ("linear_probe", {}),
    ("last_stage", {"augmentation": "crop"}),
    ("full", {"augmentation": "flip", "backbone": "resnet10"}),
    ("gradual", {"unfreeze_every": 1}),
    ("lp_ft", {}),
    ("bn_only", {}),
    ("gradual", {"batchnorm": "affine", "unfreeze_every": 1}),
    ("lp_ft", {"batchnorm": "affine"}),
]


@pytest.mark.parametrize(("strategy", "choices"), CASES)
def test_a_resumed_run_ends_as_if_it_had_never_been_cut(
    strategy: str, choices: dict[str, Any], make: Callable[..., Recipe]
) -> None:
    """Cut after each of its epochs but the last."""
    wanted = make(strategy=strategy, epochs=4, **choices)
    whole = prepare(wanted)
    saved, rows = [], []
    for epoch in loop.train(whole):
        rows.append(epoch)
        saved.append(dump(whole))
    end, one = freezing.snapshot(whole.network), outcome(whole)
    for after, kept in enumerate(saved[:3], start=1):
        again = prepare(wanted)
        restore(again, kept)
        rest = list(loop.train(again))
        assert [(e.epoch, e.batch_loss, e.val_loss) for e in rest] == [
            (e.epoch, e.batch_loss, e.val_loss) for e in rows[after:]
        ], after
        assert not freezing.changed(end, freezing.snapshot(again.network)), after
        two = outcome(again)
        assert np.array_equal(one.probability, two.probability) and one.test == two.test, after
        assert (one.chosen_epoch, one.kept_steps, one.steps) == (two.chosen_epoch, two.kept_steps, two.steps), after
        assert one.parameters == two.parameters, after
        assert one.learned.keys() == two.learned.keys(), after
        assert all(torch.equal(one.learned[name], two.learned[name]) for name in one.learned), after
        assert all(np.array_equal(one.features[name], two.features[name]) for name in one.features), after
        assert one.audit == two.audit and one.audit.clean, after


def test_the_seconds_before_a_cut_count_too(make: Callable[..., Recipe]) -> None:
    wanted = make(epochs=3)
    cut_off, again = prepare(wanted), prepare(wanted)
    next(loop.train(cut_off))
    cut_off.started -= 100.0  # as if it had been slow
    cut_off.seconds["training"] += 90.0
    restore(again, dump(cut_off))
    list(loop.train(again))
    seconds = outcome(again).seconds
    assert seconds["training"] > 90 and seconds["total"] > 100
    assert seconds["total"] >= seconds["features"] + seconds["training"]


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint after every epoch."""
    import sys

    monkeypatch.setattr(sys.modules["explorer.training.compute.handlers"], "CHECKPOINT_SECONDS", 0.0)


def cut(at: int) -> Callable[[float, str], None]:
    def report(fraction: float, message: str) -> None:
        if message.startswith(f"Epoch {at} of"):
            raise Stopped

    return report


def test_a_stopped_run_goes_on_and_has_the_epochs_and_the_score_of_one_that_ran_through(
    make: Callable[..., Recipe], often: None
) -> None:
    wanted = make(strategy="last_stage", epochs=4)
    through, stopped = runs.create(wanted), runs.create(wanted)
    train(through)
    assert not runs.resumable(through), "a finished run keeps no checkpoint"
    train(stopped, cut(at=3))
    assert runs.read(stopped).state == "stopped" and runs.resumable(stopped)
    found, whole = train(stopped), runs.read(through)
    assert found.state == "finished" and found.test == whole.test and found.balanced == whole.balanced
    assert [(e.epoch, e.val_loss) for e in found.epochs] == [(e.epoch, e.val_loss) for e in whole.epochs]
    assert "Resumed after epoch 2." in found.facts["note"] and not runs.resumable(stopped)


def test_the_first_whole_epoch_is_kept_at_once(make: Callable[..., Recipe]) -> None:
    run = runs.create(make(epochs=3))
    train(run, cut(at=1))
    assert not runs.resumable(run), "there is no whole epoch yet"
    train(run, cut(at=2))
    assert runs.resumable(run), "although five seconds are not over"
    first = runs.checkpoint(run)
    train(run, cut(at=3))
    assert runs.checkpoint(run) == first, "after it there is one every few seconds"


def test_epochs_behind_the_checkpoint_are_learned_again_not_counted_twice(
    make: Callable[..., Recipe], often: None
) -> None:
    run = runs.create(make(epochs=4))
    train(run, cut(at=4))
    saved = runs.checkpoint(run)
    runs.append(run, runs.read(run).epochs[-1])  # an epoch that was stored after the last checkpoint
    assert saved and len(runs.read(run).epochs) == 4
    assert [e.epoch for e in train(run).epochs] == [1, 2, 3, 4]


@pytest.mark.parametrize("damage", [b"", b"half of it", None])
def test_a_checkpoint_that_cannot_be_used_means_from_the_beginning(
    damage: bytes | None, make: Callable[..., Recipe], often: None
) -> None:
    run = runs.create(make(epochs=3))
    train(run, cut(at=3))
    saved = runs.checkpoint(run)
    assert saved
    runs.store_checkpoint(run, saved[: len(saved) // 2] if damage is None else damage)
    found = train(run)
    assert found.state == "finished" and [e.epoch for e in found.epochs] == [1, 2, 3]
    assert "Started from the beginning" in found.facts["note"]


def test_another_recipe_s_checkpoint_is_refused(make: Callable[..., Recipe]) -> None:
    one, other = prepare(make()), prepare(make(seed=1))
    next(loop.train(one))
    with pytest.raises(ExplorerError, match="another recipe"):
        restore(other, dump(one))
    assert other.done == 0


def test_a_checkpoint_of_another_version_is_refused(
    make: Callable[..., Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = prepare(make()), prepare(make())
    next(loop.train(one))
    saved = dump(one)
    monkeypatch.setattr(checkpoint, "VERSION", checkpoint.VERSION + 1)
    with pytest.raises(ExplorerError, match="another version of Thaw wrote it.*Start the recipe again"):
        restore(other, saved)
    assert other.done == 0


def test_a_checkpoint_does_not_go_on_from_other_weights(make: Callable[..., Recipe]) -> None:
    one, other = prepare(make()), prepare(make())
    next(loop.train(one))
    other.began = "0" * 16
    with pytest.raises(ExplorerError, match="weights it began from have changed"):
        restore(other, dump(one))
    assert other.done == 0


def test_a_run_that_diverged_keeps_no_checkpoint(
    make: Callable[..., Recipe], often: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs.create(make(strategy="full", backbone="squeezenet1_1", epochs=4))
    learn, calls = AdamW.step, [0]

    def explode(self: torch.optim.AdamW, *rest: Any) -> Any:
        calls[0] += 1
        if calls[0] == 10:
            self.param_groups[0]["params"][0].data.fill_(float("nan"))
        return learn(self, *rest)

    monkeypatch.setattr(AdamW, "step", explode)
    with pytest.raises(ExplorerError, match="The loss became nan"):
        train(run)
    assert runs.read(run).state == "failed" and runs.read(run).epochs and not runs.resumable(run)

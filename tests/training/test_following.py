"""Test features of epochs, computed beside the next one: nobody waits for them, none is lost, and no bit differs."""

import threading
from typing import Any

import numpy as np
import pytest
import torch

from explorer import machine, recipe
from explorer.training.compute import following, loop
from explorer.training.compute.checkpoint import dump, restore
from explorer.training.compute.preparing import prepare
from explorer.training.compute.scoring import outcome
from explorer.training.compute.session import Session


@pytest.fixture
def tiny(tiny: dict[str, Any], narrow: str) -> dict[str, Any]:
    """The choices of a tiny recipe on the narrow backbone."""
    return tiny | {"backbone": narrow}


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Two passes at a time; features of an epoch are not begun before this is set."""
    monkeypatch.setattr(machine, "passes", lambda: 2)
    gate, plain = threading.Event(), following.pooled_tail

    def late(*given: Any, **more: Any) -> dict[str, np.ndarray]:
        assert gate.wait(30), "the next epoch waited for the features of the last"
        return plain(*given, **more)

    monkeypatch.setattr(following, "pooled_tail", late)
    return gate


def test_the_next_epoch_does_not_wait(gate: threading.Event, tiny: dict[str, Any]) -> None:
    """Features of epoch 1 begin when epoch 2 has told that it learns, and are those of epoch 1."""
    session = prepare(recipe.make(**tiny | {"strategy": "last_stage"}))
    list(loop.train(session, lambda _, message: gate.set() if message == "Epoch 2 of 2" else None))
    assert session.following is None
    assert all(np.array_equal(session.history[epoch], rows) for epoch, rows in _at_once(tiny).items())
    assert not np.array_equal(session.history[1], session.history[2])


def _at_once(tiny: dict[str, Any]) -> dict[int, np.ndarray]:
    """The features as each epoch leaves them, with nothing beside it."""
    session, found = prepare(recipe.make(**tiny | {"strategy": "last_stage"})), {}
    session.followed = False
    for row in loop.train(session):
        found[row.epoch] = following.halved(following.pooled_tail(session)["layer4"])
    assert len(found) == 2
    return found


def test_a_checkpoint_neither_waits_for_them_nor_loses_them(gate: threading.Event, tiny: dict[str, Any]) -> None:
    wanted = recipe.make(**tiny | {"strategy": "full"})
    whole, again = prepare(wanted), prepare(wanted)
    epochs = loop.train(whole)
    next(epochs)
    saved = dump(whole)
    assert whole.following and not whole.history
    gate.set()
    list(epochs)
    restore(again, saved)
    list(loop.train(again))
    one, two = outcome(whole).features, outcome(again).features
    assert {"epoch/1", "epoch/2"} < one.keys() == two.keys()
    assert all(np.array_equal(one[name], two[name]) for name in one)


def test_no_phase_opens_while_they_are_computed(
    gate: threading.Event, tiny: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What learns then may be shared with the copy, since it was frozen."""
    gate.set()
    open_phase, known = loop.open_phase, []

    def opening(session: Session, phase: int) -> None:
        known.append((session.following, sorted(session.history)))
        open_phase(session, phase)

    monkeypatch.setattr(loop, "open_phase", opening)
    list(loop.train(prepare(recipe.make(**tiny | {"strategy": "gradual", "epochs": 3, "unfreeze_every": 1}))))
    assert known == [(None, [1]), (None, [1, 2])]


def test_a_copy_shares_what_is_frozen_and_a_large_one_is_not_made(
    gate: threading.Event, tiny: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    gate.set()
    session, seen = prepare(recipe.make(**tiny | {"strategy": "first_stage"})), []
    plain = following._features

    def watched(session: Session, network: Any, *rest: Any) -> np.ndarray:
        pairs = zip(session.network.model.parameters(), network.model.parameters(), strict=True)
        seen.append([a is b for a, b in pairs])
        return plain(session, network, *rest)

    monkeypatch.setattr(following, "_features", watched)
    frozen = [not p.requires_grad for p in session.network.model.parameters()]
    epochs = loop.train(session)
    next(epochs)
    following.settle(session)
    monkeypatch.setattr(following, "LARGE", 0)
    next(epochs)
    assert seen == [frozen, [True] * len(frozen)] and any(frozen) and not all(frozen)


def test_what_goes_wrong_there_is_told(
    gate: threading.Event, tiny: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    gate.set()

    def fails(*given: Any, **more: Any) -> dict[str, np.ndarray]:
        raise RuntimeError("no such layer")

    monkeypatch.setattr(following, "pooled_tail", fails)
    with pytest.raises(RuntimeError, match="no such layer"):
        list(loop.train(prepare(recipe.make(**tiny | {"strategy": "last_stage"}))))
    assert not torch.is_inference_mode_enabled()

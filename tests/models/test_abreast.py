"""Passes without gradients, several at a time: the same results in the same order, errors as they were, nothing left running."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from explorer import cache, machine, recipe
from explorer.models.abreast import abreast, aside, at_once
from explorer.models.backbones import build
from explorer.models.predicting import probabilities, probabilities_of
from explorer.recipe import Recipe
from explorer.training.compute.loop import train
from explorer.training.compute.preparing import prepare
from explorer.training.compute.scoring import outcome

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two at a time."""
    monkeypatch.setattr(machine, "passes", lambda: 2)


@pytest.mark.usefixtures("two")
def test_two_are_under_way_at_once_and_come_in_their_order() -> None:
    meet = threading.Barrier(2, timeout=20)  # nobody passes it alone

    def work(part: int) -> tuple[int, int]:
        meet.wait()
        return part, torch.get_num_threads()

    threads = torch.get_num_threads()
    assert [*abreast(work, range(6), CPU)] == [(part, threads) for part in range(6)]


@pytest.mark.usefixtures("two")
def test_no_part_is_made_long_before_its_turn() -> None:
    made: list[int] = []

    def parts() -> Iterator[int]:
        for i in range(100):
            made.append(i)
            yield i

    found = abreast(lambda part: part, parts(), CPU)
    assert [next(found), len(made)] == [0, 3]
    assert [next(found), len(made)] == [1, 4]


@pytest.mark.usefixtures("two")
def test_an_error_comes_through_and_what_had_not_begun_never_does() -> None:
    done: list[int] = []

    def work(part: int) -> int:
        if part == 1:
            raise torch.OutOfMemoryError("too many images at once")
        done.append(part)
        return part

    with pytest.raises(torch.OutOfMemoryError, match="at once"):
        list(abreast(work, range(100), CPU))
    assert max(done) <= 3
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("pass")]


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(("device", "threads"), [(GPU, 1), (CPU, 2)])
def test_else_it_is_one_after_the_other_in_the_callers_thread(
    device: torch.device, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a GPU, and where a pass has several threads already."""
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    here = threading.get_ident()
    assert [*abreast(lambda part: threading.get_ident(), range(3), device)] == [here] * 3


@pytest.mark.usefixtures("two")
def test_what_goes_on_aside_is_one_pass_at_a_time_and_the_caller_goes_on() -> None:
    """An event that the caller sets after it asked; a whole pass of its own inside runs in that thread alone."""
    asked = threading.Event()

    def work() -> tuple[bool, int, int, set[str]]:
        waited = asked.wait(20)
        names = {*abreast(lambda part: threading.current_thread().name, range(4), CPU)}
        return waited, at_once(CPU), torch.get_num_threads(), names

    found = aside(work)
    asked.set()
    waited, most, threads, names = found.result()
    assert waited and (most, at_once(CPU)) == (1, 2)
    assert threads == torch.get_num_threads() and len(names) == 1
    with pytest.raises(torch.OutOfMemoryError, match="aside"):
        aside(lambda: _raise(torch.OutOfMemoryError("aside"))).result()


def _raise(error: Exception) -> None:
    raise error


def test_probabilities_of_parts_are_those_of_each_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    network = build("resnet10", 3, "random")
    parts = torch.randn(5, 3, 48, 48).split(2)
    expected = [probabilities(network, part) for part in parts]
    for most in (1, 2):
        monkeypatch.setattr(machine, "passes", lambda most=most: most)
        found = [*probabilities_of(network, parts)]
        assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))


@pytest.mark.parametrize(
    ("cores", "setting", "passes"),
    [(1, {}, 1), (2, {}, 2), (4, {}, 1), (16, {}, 1), (2, {"THAW_THREADS": "1"}, 1), (8, {"THAW_SLOTS": "4"}, 2)],
)
def test_how_many(cores: int, setting: dict[str, str], passes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "cores", lambda: cores)
    monkeypatch.setattr(Path, "exists", lambda path: False)
    for name in ("THAW_SLOTS", "THAW_THREADS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in setting.items():
        monkeypatch.setenv(name, value)
    assert machine.passes() == passes


@pytest.mark.parametrize(
    "choices",
    [
        {"strategy": "linear_probe", "augmentation": "crop", "views": 2},
        {"strategy": "last_stage"},
        {"strategy": "full", "augmentation": "colour"},
        {"strategy": "gradual", "epochs": 3},
        {"strategy": "bn_only"},
    ],
    ids=lambda choices: choices["strategy"],
)
def test_a_run_is_the_same_to_the_last_bit(
    choices: dict[str, Any], tiny: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scores, features, weights and audit; the outputs of the frozen stages are computed anew each time."""
    wanted = recipe.make(**tiny | choices)
    one, two = (_run(wanted, at_once, monkeypatch) for at_once in (1, 2))
    assert one[0] == two[0]
    for a, b in zip(one[1:], two[1:], strict=True):
        assert a.keys() == b.keys()
        assert all(np.array_equal(a[name], b[name]) for name in a)


def _run(wanted: Recipe, most: int, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, ...]:
    """Scores of epochs and outcome; tensors that learned; features."""
    cache.clear()
    asked: list[int] = []
    monkeypatch.setattr(machine, "passes", lambda: asked.append(most) or most)
    session = prepare(wanted)
    epochs = [(row.train_loss, row.train, row.val_loss, row.val) for row in train(session)]
    found = outcome(session)
    assert asked, "nothing was computed abreast"
    assert found.audit.clean
    return (epochs, found.test, found.train), {k: v.numpy() for k, v in found.learned.items()}, found.features

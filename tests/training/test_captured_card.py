"""What is asked of torch.cuda, in which order, by stand-ins that take what the real ones take; a card itself is not needed."""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor

from explorer.training.compute import captured
from explorer.training.compute.captured import AHEAD, Card

LOSS = torch.ones(())


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What torch.cuda was asked for."""
    deeds: list[str] = []
    capture = inspect.signature(torch.cuda.graph)

    class Stream:
        def __init__(self, name: str) -> None:
            self.name = name

        def wait_stream(self, other: "Stream") -> None:
            deeds.append(f"{self.name} waits for {other.name}")

    class Graph:
        def replay(self) -> None:
            deeds.append("replay")

    class Event:
        def __init__(self, blocking: bool) -> None:
            assert blocking

        def record(self) -> None:
            deeds.append("event")

        def synchronize(self) -> None:
            deeds.append("keeps pace")

    @contextmanager
    def on(stream: Stream) -> Iterator[None]:
        deeds.append(f"on {stream.name}")
        yield

    @contextmanager
    def graph(*given: Any, **named: Any) -> Iterator[None]:
        bound = capture.bind(*given, **named).arguments
        assert isinstance(bound["cuda_graph"], Graph) and bound["stream"].name == "side"
        deeds.append(f"capture into {bound['pool']}")
        yield

    pools = iter(("pool 1", "pool 2"))
    here = Stream("here")
    for name, stand_in in {
        "Stream": lambda device: Stream("side"),
        "current_stream": lambda device: here,
        "stream": on,
        "graph_pool_handle": lambda: next(pools),
        "CUDAGraph": Graph,
        "graph": graph,
        "Event": Event,
        "synchronize": lambda device: deeds.append("all is done"),
        "current_device": lambda: 0,
        "default_generators": (torch.Generator(),),
    }.items():
        monkeypatch.setattr(torch.cuda, name, stand_in)
    return deeds


def test_a_plain_step_runs_on_the_side_between_two_waits_also_where_it_fails(asked: list[str]) -> None:
    card = Card(torch.device("cuda"))
    assert card.aside(lambda: LOSS) is LOSS
    assert asked == ["side waits for here", "on side", "here waits for side"]

    def short() -> Tensor:
        raise torch.OutOfMemoryError("no room")

    with pytest.raises(torch.OutOfMemoryError):
        card.aside(short)
    assert asked[3:] == asked[:3]


def test_a_capture_runs_once_and_replays_keep_pace_with_the_card(asked: list[str]) -> None:
    card, ran = Card(torch.device("cuda")), []
    replay = card.capture(lambda: ran.append(1) or LOSS)
    assert asked == ["capture into pool 1"] and ran == [1]
    assert all(replay() is LOSS for _ in range(AHEAD + 2)) and ran == [1]
    assert asked[1:] == ["replay", "event"] * AHEAD + ["replay", "event", "keeps pace"] * 2


def test_what_is_captured_after_a_release_has_a_pool_of_its_own(asked: list[str]) -> None:
    card = Card(torch.device("cuda"))
    card.capture(lambda: LOSS)()
    card.release()
    card.capture(lambda: LOSS)
    assert asked == ["capture into pool 1", "replay", "event", "all is done", "capture into pool 2"]
    assert not card.waiting


def test_a_capture_that_breaks_off_raises_what_it_was(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the generator says to having its state copied, which a processor's does not know."""

    def wrong() -> Tensor:
        raise RuntimeError("operation not permitted when stream is capturing")

    with pytest.raises(RuntimeError, match="not permitted"):
        Card(torch.device("cuda")).capture(wrong)


@pytest.mark.parametrize(("setting", "found"), [(None, True), ("1", True), ("0", False)])
def test_a_setting_switches_captures_off(
    setting: str | None, found: bool, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if setting:
        monkeypatch.setenv("THAW_GRAPHS", setting)
    place = captured.Device(torch.device("cuda"), True)
    assert isinstance(captured.recorder(place), Card) is found

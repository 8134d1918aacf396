"""What a looking process does while nobody asks: it imports what is left, then finds out where looks are quicker."""

from collections.abc import Callable
from typing import Any

import pytest

from explorer.looks.images.question import GalleryQuestion
from explorer.models import devices, spare_card
from explorer.worker import handlers, processes


class Pipe:
    """Somebody asks when the process has had `idle` turns, and then goes."""

    def __init__(self, idle: int) -> None:
        self.idle, self.said, self.questions = idle, list[Any](), [GalleryQuestion(run="one")]

    def poll(self) -> bool:
        self.idle -= 1
        return self.idle < 0

    def recv(self) -> Any:
        if not self.questions:
            raise EOFError
        return self.questions.pop()

    def send(self, said: Any) -> None:
        self.said.append(said)


class Card:
    """A GPU that is measured in two steps, and answers what it is given."""

    def __init__(self) -> None:
        self.deeds: list[str] = []

    def step(self) -> bool:
        self.deeds.append("step")
        return self.deeds.count("step") < 3

    def answering(self, work: Callable[[], Any]) -> Any:
        self.deeds.append("answer")
        return work()


def test_the_card_is_measured_when_nobody_asks_and_answers_when_somebody_does(monkeypatch: pytest.MonkeyPatch) -> None:
    card, kept = Card(), []
    monkeypatch.setattr(processes, "_warming", lambda maps: iter(["one", "two"]))
    monkeypatch.setattr(devices, "set_threads", lambda: 1)
    monkeypatch.setattr(spare_card, "here", card)
    monkeypatch.setattr(handlers, "answer", lambda question, report: question.run)
    monkeypatch.setattr(processes, "save", lambda found, path: kept.append(found))
    pipe: Any = Pipe(idle=4)  # two imports, two steps; then somebody asks
    processes.look(pipe, maps=False)
    assert card.deeds == ["step", "step", "answer"] and kept == ["one"]
    assert pipe.said == [("ready", ""), ("done", "")]
    quiet: Any = Pipe(idle=1000)  # after the last step it waits
    quiet.questions.clear()
    processes.look(quiet, maps=False)
    assert card.deeds[3:] == ["step"] and quiet.idle > 900

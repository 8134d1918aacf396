"""Who carries out trainings: what the worker asks of an executor, and what it is told back.

Two there are: processes of this machine (`explorer/worker/local.py`), and a Ray cluster (`explorer/worker/cluster/`). The queue
stays in front of both: an executor gets a training only when it has a place for it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Literal, Protocol

from explorer.question import Question
from explorer.runs.question import TrainQuestion

Kind = Literal["progress", "done", "stopped", "failed", "died", "lost"]
"""`done`: it came to its end, well or stopped in time; `stopped`: it was cancelled; `failed`: it said why, in its folder too;
`died`: its process ended without a word, perhaps by its own fault; `lost`: its machine is gone, so another may go on with it."""


@dataclass(frozen=True)
class Event:
    """What became of a training: how far it is (`progress`: `share` in [0, 1] and `words`), or how it ended and why (`words`)."""

    task: TrainQuestion
    kind: Kind
    share: float = 0.0
    words: str = ""

    @property
    def ended(self) -> bool:
        """Whether it is the training's last."""
        return self.kind != "progress"


@dataclass(frozen=True)
class Word:
    """What is said of a look: how far it is (`progress`), that its answer lies where it is looked for (`done`), or why there is
    none (`failed`)."""

    question: Question[Any]
    kind: Literal["progress", "done", "failed"]
    share: float = 0.0
    words: str = ""


class Looks(Protocol):
    """Answers looks on other machines, and never makes the worker wait. Each question that was asked and not ended ends in
    exactly one word, `done` or `failed`."""

    def names(self) -> frozenset[str]:
        """The questions that may be asked at all."""
        ...

    def travels(self, question: Question[Any]) -> bool:
        """Whether this one can be answered elsewhere."""
        ...

    def capacity(self) -> int:
        """How many it answers at a time."""
        ...

    def free(self) -> int:
        """How many more it would begin now."""
        ...

    def ask(self, question: Question[Any]) -> None:
        """Begin with a question; only where `free` says so."""
        ...

    def end(self, question: Question[Any]) -> None:
        """End one that nobody wants any more; no word follows."""
        ...

    def words(self) -> Iterable[Word]:
        """What was said since it was asked last."""
        ...


class Executor(Protocol):
    """Carries out trainings, and never makes the worker wait. Each training that was submitted ends in exactly one event that
    says so; until then what it measures arrives in its run's folder."""

    @property
    def lookers(self) -> Looks | None:
        """What answers looks on other machines, beside the worker's own processes; None where there are none."""
        ...

    def capacity(self) -> int:
        """How many trainings it carries out at a time; that may change while it runs."""
        ...

    def free(self) -> int:
        """How many more it would begin now."""
        ...

    def prepare(self) -> None:
        """Have a place warm for the next training; asked again and again, once looks can be answered."""
        ...

    def submit(self, task: TrainQuestion) -> None:
        """Begin a training; only where `free` says so."""
        ...

    def cancel(self, task: TrainQuestion) -> None:
        """End a training, in good order where it listens and soon where it does not."""
        ...

    def events(self) -> Iterable[Event]:
        """What happened since it was asked last."""
        ...

    def handles(self) -> list[Connection | int]:
        """What becomes readable when there may be events; where there is nothing of the kind, it is asked at every tick."""
        ...

    def close(self) -> None:
        """The worker ends: end all that is left, so that the next worker can go on with it."""
        ...

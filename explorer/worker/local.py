"""Trainings in processes of this machine, which stay warm from run to run."""

import logging
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

from explorer.runs.question import TrainQuestion
from explorer.worker import budgets, processes
from explorer.worker.crew import GRACE, Child, Crew, cause
from explorer.worker.executor import Event

WATCH = 2.0  # seconds between looks at what trainings take
log = logging.getLogger("worker")


class Local:
    """The executor of one machine: at most `slots` trainings at a time, each in a process of its own; one that was told to stop
    has `grace` seconds to do so by itself."""

    lookers = None

    def __init__(self, slots: int, grace: float = GRACE) -> None:
        self.slots, self.grace, self.crew, self._watched = slots, grace, Crew(), 0.0

    def capacity(self) -> int:
        """The slots."""
        return self.slots

    def free(self) -> int:
        """Warm processes that wait, and those that may be started."""
        waiting = sum(bool(child.since and not child.task) for child in self.crew.children)
        return waiting + max(self.slots - len(self.crew.children), 0)

    def prepare(self) -> None:
        """Have a warm trainer wait for the next run."""
        if len(self.crew.children) < self.slots and all(child.task for child in self.crew.children):
            self.crew.start("train", processes.train, None)

    def submit(self, task: TrainQuestion) -> None:
        """Give it to a warm trainer that waits, or to a new one."""
        for child in self.crew.children:
            if child.since and not child.task:
                child.give(task)
                return
        self.crew.start("train", processes.train, task, task)

    def cancel(self, task: TrainQuestion) -> None:
        """Ask the training to stop; one that has not after its grace is killed."""
        for child in self.crew.children:
            if child.task == task and not child.stopping:
                child.stopping = time.monotonic()
                child.send("stop")

    def events(self) -> Iterator[Event]:
        """What the trainers said and what became of them."""
        now = time.monotonic()
        self._kill_deaf(now)
        if now - self._watched > WATCH:
            self._watched = now
            self._watch(now)
        for child, kind, words in self.crew.hear():
            if (event := self._event(child, kind, words)) is not None:
                yield event

    def handles(self) -> list[Connection | int]:
        """The trainers' pipes, and what says that they ended."""
        return self.crew.handles()

    def close(self) -> None:
        """Nothing: processes end with their worker, and say so in their folders."""

    def _event(self, child: Child, kind: str, words: Any) -> Event | None:
        task, stopping, over = child.task, bool(child.stopping), child.over
        if kind == "ready":
            child.since = time.monotonic()
        elif isinstance(task, TrainQuestion) and kind == "progress":
            child.heard = time.monotonic()
            return Event(task, "progress", *words)
        elif isinstance(task, TrainQuestion) and kind == "gone":
            return Event(task, "stopped") if stopping else Event(task, "died", words=over or cause(words))
        elif isinstance(task, TrainQuestion):
            child.task, child.stopping, child.over, child.since = None, 0.0, "", 0.0  # it says when it is ready again
            if kind == "done":
                return Event(task, "stopped" if stopping else "done", words=words[0])
            return Event(task, "failed", words=words[0])
        return None

    def _kill_deaf(self, now: float) -> None:
        """Kill what was told to stop and does not."""
        for child in self.crew.children:
            if child.task and child.stopping and now - child.stopping > self.grace:
                child.process.kill()

    def _watch(self, now: float) -> None:
        """End trainings that exceed their budget or hang."""
        for child in self.crew.children:
            if child.task is None or child.stopping:
                continue
            if not child.over and (words := budgets.exceeded(child.process.pid, now - child.since)):
                child.over, child.heard = words, now
                child.send(processes.OVER + words)
            elif now - max(child.since, child.heard) > budgets.silent(bool(child.over)):
                child.over = child.over or budgets.HANGS.format(budgets.SILENT / 60)
                log.warning("a training gave no sign of life and is replaced")
                child.process.kill()

"""The worker's processes on this machine: started, spoken to, listened to, buried."""

import logging
import multiprocessing
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from explorer.question import Question

GRACE = 0.7  # seconds that who is told to stop has to do so by itself before it is killed
log = logging.getLogger("worker")


@dataclass
class Child:
    """A process of the worker and what it is busy with: `since` when (0: it is not ready yet), `heard` when it last told how far
    it is, `stopping` when it was told to stop, `late` and `over` that or why it is ended, `dropped` that nobody waits for it."""

    lane: str
    process: BaseProcess
    pipe: Connection
    task: Question[Any] | None = None
    since: float = 0.0
    stopping: float = 0.0
    late: bool = False
    heard: float = 0.0
    over: str = ""
    dropped: bool = False

    def send(self, message: object) -> None:
        """Tell it something; one that has gone is buried soon."""
        try:
            self.pipe.send(message)
        except OSError:
            log.info("the %s process had already gone", self.lane)

    def give(self, task: Question[Any]) -> None:
        """Hand it a task."""
        self.task, self.since, self.heard = task, time.monotonic(), 0.0
        self.send(task)


class Crew:
    """Some processes, and what they say."""

    def __init__(self) -> None:
        self.children: list[Child] = []

    def lane(self, lane: str) -> list[Child]:
        """Those of one lane."""
        return [child for child in self.children if child.lane == lane]

    def start(self, lane: str, life: Any, argument: Any, task: Question[Any] | None = None) -> None:
        """Start a process that lives `life(pipe, argument)`, busy with `task` where one is named."""
        ours, theirs = _context().Pipe()
        process = _context().Process(target=life, args=(theirs, argument), daemon=True, name=lane)
        process.start()
        theirs.close()
        self.children.append(Child(lane, process, ours, task, time.monotonic() if task else 0.0))

    def handles(self) -> list[Connection | int]:
        """What becomes readable when a process says something, or ends."""
        return [handle for child in self.children for handle in (child.pipe, child.process.sentinel)]

    def hear(self) -> Iterator[tuple[Child, str, Any]]:
        """What the processes said since: (child, kind, words); the kind `gone` for one that ended, which is out of the crew
        then, with its exit code."""
        ready = set(wait(self.handles(), timeout=0))
        for child in list(self.children):
            if child.pipe in ready:
                try:
                    kind, *words = child.pipe.recv()
                except (EOFError, OSError):
                    yield from self._bury(child)
                else:
                    yield child, kind, words
            elif child.process.sentinel in ready:
                yield from self._bury(child)

    def _bury(self, child: Child) -> Iterator[tuple[Child, str, Any]]:
        child.process.join(1)
        self.children.remove(child)
        code = child.process.exitcode
        yield child, "gone", code
        if code:
            log.warning("the %s process ended with code %s", child.lane, code)
            time.sleep(0.5)  # a child that dies at once must not spin the machine


def cause(code: int | None, late: float = 0.0) -> str:
    """Why a process ended, in words; `late` says after how many seconds it was ended for taking too long."""
    if late:
        return (
            f"This took longer than {late:.0f} seconds and was ended. Try again when the machine has less else to do; fewer "
            f"images, a smaller input or another method take less."
        )
    if code == -signal.SIGKILL:
        return (
            "The process was killed: the machine ran out of memory, or somebody ended it. Try a smaller batch or input."
        )
    return f"The process ended unexpectedly (exit code {code}); worker.log in Thaw's folder has its last words."


PRELOADED = ("explorer.worker.__main__", "explorer.worker.handlers", "explorer.training.compute.handlers")
"""What every process has from the start: what a training needs. More would keep the first look waiting (`processes.look`)."""


def prepare() -> None:
    """Have the server of processes import what they all need, while the worker sees to the rest."""
    if _context().get_start_method() == "forkserver":
        from multiprocessing import forkserver  # not every system has one

        forkserver.ensure_running()


@cache
def _context() -> Any:
    """How processes are made: forked from a server that has torch loaded, where there is such a thing."""
    method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    context: Any = multiprocessing.get_context(method)
    if method == "forkserver":
        context.set_forkserver_preload(list(PRELOADED))
    return context

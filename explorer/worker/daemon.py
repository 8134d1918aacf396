"""The daemon's loop: claims tasks, forks, watches, kills."""

import logging
import multiprocessing
import signal
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from explorer import jobs, runs
from explorer.errors import ExplorerError
from explorer.question import Question
from explorer.runs.question import TrainQuestion
from explorer.worker import processes

TICK = 0.05  # seconds between looks at the queue
BEAT = 2.0  # seconds between signs of life
ARRIVALS = 2  # sets of pictures that may be unpacked at once
GRACE = 0.7  # seconds a training has to stop by itself before it is killed
LONELY = 60.0  # seconds without any server after which an idle worker ends
TIDY = 60.0  # seconds between looks for deleted runs whose undo is over
_LOOKING = ("look", "map")
"""The lanes of which each has one process, which is killed where its question is cancelled."""
log = logging.getLogger("worker")


@dataclass
class Child:
    """A process of the worker and what it is busy with."""

    lane: str
    process: BaseProcess
    pipe: Connection
    task: Question[Any] | None = None
    since: float = 0.0
    stopping: float = 0.0
    late: bool = False
    heard: float = 0.0


class Worker:
    """The daemon's state: its children, and how many trainings may run at once."""

    def __init__(self, slots: int) -> None:
        method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
        self.context: Any = multiprocessing.get_context(method)
        if method == "forkserver":
            self.context.set_forkserver_preload(["explorer.worker.handlers"])
        self.slots = slots
        self.children: list[Child] = []

    def run(self) -> None:
        """Serve until idle without a server for a minute, or until SIGTERM."""
        last_beat = last_busy = time.monotonic()
        last_tidy = -TIDY
        for lane in _LOOKING:
            self._start(lane, processes.look, lane == "map")
        while True:
            now = time.monotonic()
            if now - last_beat > BEAT:
                last_beat = now
                jobs.beat("worker", "ready" if self._ready() else "warming")
                if self._busy() or jobs.alive("server").state != "gone":
                    last_busy = now
            if now - last_busy > LONELY:
                return
            if now - last_tidy > TIDY:
                last_tidy = now
                runs.empty_trash()
            self._stand_by()
            self._claim()
            self._stop_unwanted(now)
            self._listen()

    def _lane(self, lane: str) -> list[Child]:
        return [child for child in self.children if child.lane == lane]

    def _ready(self) -> bool:
        """Whether looks can be answered."""
        return any(child.since for child in self._lane("look"))

    def _stand_by(self) -> None:
        """Have a warm trainer wait for the next run, once looks can be answered."""
        trainers = self._lane("train")
        if len(trainers) < self.slots and self._ready() and all(child.task for child in trainers):
            self._start("train", processes.train, None)

    def _busy(self) -> bool:
        return any(child.task for child in self.children)

    def _start(self, lane: str, life: Any, argument: Any, task: Question[Any] | None = None) -> None:
        ours, theirs = self.context.Pipe()
        process = self.context.Process(target=life, args=(theirs, argument), daemon=True, name=lane)
        process.start()
        theirs.close()
        self.children.append(Child(lane, process, ours, task, time.monotonic() if task else 0.0))

    def _claim(self) -> None:
        """Give waiting tasks to whoever is free."""
        lanes = jobs.waiting()
        for child in self.children:
            free = child.lane in lanes and child.since and not child.task
            if free and (task := jobs.claim(child.lane)):
                child.task, child.since = task, time.monotonic()
                _send(child, task)
        for lane, most, life in (("train", self.slots, processes.train), ("arrive", ARRIVALS, processes.once)):
            while lane in lanes and len(self._lane(lane)) < most and (task := jobs.claim(lane)):
                self._start(lane, life, task, task)

    def _stop_unwanted(self, now: float) -> None:
        """Ask cancelled trainings to stop and kill what does not, or what takes too long."""
        unwanted = jobs.cancelled() if self._busy() else set()
        for child in list(self.children):
            if not child.task:
                continue
            started = max(child.since, child.heard) if child.task.patient else child.since
            child.late = child.lane != "train" and now - started > child.task.longest
            if child.task.key in unwanted and not child.stopping:
                child.stopping = now
                if child.lane not in _LOOKING:
                    _send(child, "stop")
            if child.late or (child.stopping and (child.lane in _LOOKING or now - child.stopping > GRACE)):
                child.process.kill()

    def _listen(self) -> None:
        """Take in what the children say, for at most one tick."""
        handles = [handle for child in self.children for handle in (child.pipe, child.process.sentinel)]
        ready = set(wait(handles, timeout=TICK))
        for child in list(self.children):
            if child.pipe in ready:
                self._hear(child)
            elif child.process.sentinel in ready:
                self._bury(child)

    def _hear(self, child: Child) -> None:
        try:
            kind, *words = child.pipe.recv()
        except (EOFError, OSError):
            self._bury(child)
            return
        if kind == "ready":
            child.since = time.monotonic()
            if child.lane == "look":
                jobs.beat("worker", "ready")
        elif child.task and kind == "progress":
            child.heard = time.monotonic()
            jobs.note(child.task, progress=words[0], message=words[1])
        elif child.task:
            state = "cancelled" if child.stopping and kind == "done" else kind
            jobs.note(child.task, state=state, error=words[0], finished=time.time())
            child.task, child.stopping = None, 0.0
            child.since = child.since if child.lane in _LOOKING else 0.0  # a trainer says when it is ready again

    def _bury(self, child: Child) -> None:
        """A child ended: say what became of its task, and replace a looking child (`_stand_by` replaces a trainer)."""
        child.process.join(1)
        self.children.remove(child)
        code = child.process.exitcode
        if child.task:
            state = "cancelled" if child.stopping else "failed"
            why = "" if child.stopping else _cause(code, child.task.longest if child.late else 0.0)
            jobs.note(child.task, state=state, error=why, finished=time.time())
            _close_run(child.task, "stopped" if child.stopping else "interrupted", why)
        if code:
            log.warning("the %s process ended with code %s", child.lane, code)
            time.sleep(0.5)  # a child that dies at once must not spin the machine
        if child.lane in _LOOKING:
            self._start(child.lane, processes.look, child.lane == "map")


def _send(child: Child, message: object) -> None:
    try:
        child.pipe.send(message)
    except OSError:
        log.info("the %s process had already gone", child.lane)


def _cause(code: int | None, late: float) -> str:
    """Why a process ended, in words; `late` says after how many seconds it was ended for taking too long."""
    if late:
        return f"This took longer than {late:.0f} seconds and was ended. Try fewer images, or another method."
    if code == -signal.SIGKILL:
        return (
            "The process was killed: the machine ran out of memory, or somebody ended it. Try a smaller batch or input."
        )
    return f"The process ended unexpectedly (exit code {code}); worker.log in Thaw's folder has its last words."


def _close_run(task: Question[Any], state: str, why: str) -> None:
    """Write into a run's folder what its dead process could not."""
    if not isinstance(task, TrainQuestion):
        return
    try:
        runs.close(task.run, state, why)
    except (ExplorerError, OSError, ValueError) as error:
        log.warning("could not close a run: %s", error)

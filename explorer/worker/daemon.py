"""The daemon's loop: claims tasks, hands them out, watches, tells the queue what became of them."""

import logging
import time
from multiprocessing.connection import wait
from typing import Any

from explorer import jobs, logs, runs
from explorer.errors import ExplorerError
from explorer.jobs import expiry, recovering
from explorer.jobs.bell import Bell
from explorer.jobs.pausing import paused
from explorer.jobs.wishes import drop_unwanted, forget
from explorer.question import Question
from explorer.runs.question import TrainQuestion
from explorer.worker import processes
from explorer.worker.abroad import LANES, Abroad
from explorer.worker.crew import GRACE, Child, Crew, cause
from explorer.worker.executor import Event, Executor

TICK = 0.05  # seconds between looks at the queue
BEAT = 2.0  # seconds between signs of life
ARRIVALS = 2  # sets of pictures that may be unpacked at once
AGAIN = 1.0  # seconds after which a queue that took nothing is tried again
PATIENT = 120.0  # seconds for which that is done; then the worker ends, and whoever needs one starts another
LONELY = 60.0  # seconds without any server after which an idle worker ends
TIDY = 60.0  # seconds between looks for deleted runs whose undo is over
log = logging.getLogger("worker")


class Worker:
    """The daemon's state: its processes for looks and arrivals, who carries out trainings, and which since when."""

    def __init__(self, executor: Executor) -> None:
        self.executor, self.crew, self.bell = executor, Crew(), Bell()
        self.training: dict[TrainQuestion, float] = {}
        self.abroad = Abroad(executor, _end)

    def run(self) -> None:
        """Serve until idle without a server for a minute, or until SIGTERM."""
        last_beat = last_busy = last_well = time.monotonic()
        last_tidy, last_sweep = -TIDY, -expiry.DAY
        for lane in LANES:
            self._start(lane)
        while True:
            now = time.monotonic()
            if now - last_busy > LONELY:
                return
            try:
                if now - last_beat > BEAT:
                    last_beat = now
                    jobs.beat("worker", "ready" if self._ready() else "warming")
                    self._watch(now)
                    if self._busy() or jobs.alive("server").state != "gone":
                        last_busy = now
                if now - last_tidy > TIDY:
                    last_tidy = now
                    runs.empty_trash()
                    expiry.forget_deleted()
                if now - last_sweep > expiry.DAY:
                    last_sweep = now
                    expiry.sweep()
                if self._ready():
                    self.executor.prepare()
                self._claim()
                self._stop_unwanted(now)
                self._listen()
                last_well = now
            except ExplorerError as error:  # a full disk, above all: what trains goes on, and the queue is tried again
                if now - last_well > PATIENT:
                    raise
                log.warning("%s", error)
                last_busy = now
                time.sleep(AGAIN)

    def _ready(self) -> bool:
        """Whether looks can be answered."""
        return any(child.since for child in self.crew.lane("look"))

    def _busy(self) -> bool:
        return bool(self.training) or self.abroad.busy() or any(child.task for child in self.crew.children)

    def _start(self, lane: str) -> None:
        self.crew.start(lane, processes.look, lane == "map")

    def _claim(self) -> None:
        """Give waiting tasks to whoever is free."""
        lanes = jobs.waiting() - ({"train"} if paused() else set())
        for child in self.crew.children:
            free = child.lane in lanes and child.since and not child.task
            if free and (task := jobs.claim(child.lane)):
                child.give(task)
        self.abroad.claim(lanes)
        while "train" in lanes and self.executor.free() > 0 and (task := jobs.claim("train")):
            if isinstance(task, TrainQuestion):
                self.training[task] = time.monotonic()
                self.executor.submit(task)
        while "arrive" in lanes and len(self.crew.lane("arrive")) < ARRIVALS and (task := jobs.claim("arrive")):
            self.crew.start("arrive", processes.once, task, task)

    def _stop_unwanted(self, now: float) -> None:
        """Ask what was cancelled to stop; kill looks that were, and what takes too long."""
        unwanted = jobs.cancelled() if self._busy() else set()
        for task in self.training:
            if task.key in unwanted:
                self.executor.cancel(task)
        self.abroad.stop(unwanted, now)
        for child in list(self.crew.children):
            if not child.task:
                continue
            started = max(child.since, child.heard) if child.task.patient else child.since
            child.late = now - started > child.task.longest
            if child.task.key in unwanted and not child.stopping:
                child.stopping = now
                if child.lane not in LANES:
                    child.send("stop")
            if child.late or (child.stopping and (child.lane in LANES or now - child.stopping > GRACE)):
                child.process.kill()

    def _watch(self, now: float) -> None:
        """Every few seconds: say how many trainings run at a time, and drop looks that nobody waits for."""
        jobs.tell_at_once(self.executor.capacity(), 1 + self.abroad.capacity())
        unwanted = drop_unwanted()
        self.abroad.stop(self.abroad.drop(unwanted), now)
        for child in self.crew.children:
            if child.task and not child.stopping and child.lane in LANES and child.task.key in unwanted:
                child.dropped, child.stopping = True, now  # killed at the next look

    def _listen(self) -> None:
        """Take in what the children and the executor say, for at most one tick, or until somebody rings."""
        wait([*self.crew.handles(), *self.executor.handles(), *self.bell.handles()], timeout=TICK)
        self.bell.hush()
        for child, kind, words in self.crew.hear():
            self._hear(child, kind, words)
        for event in self.executor.events():
            self._take(event)
        self.abroad.listen()

    def _hear(self, child: Child, kind: str, words: Any) -> None:
        if kind == "gone":
            self._replace(child, words)
        elif kind == "ready":
            child.since = time.monotonic()
            if child.lane == "look":
                jobs.beat("worker", "ready")
        elif child.task and kind == "progress":
            child.heard = time.monotonic()
            jobs.note(child.task, progress=words[0], message=words[1])
        elif child.task:
            state = "cancelled" if child.stopping and kind == "done" else kind
            _end(child.task, state, words[0], child.since)
            child.task, child.stopping = None, 0.0
            child.since = child.since if child.lane in LANES else 0.0  # the process of an arrival ends

    def _replace(self, child: Child, code: int | None) -> None:
        """A child ended: say what became of its task, and have another in place of a looking one."""
        if child.task:
            why = "" if child.stopping else cause(code, child.task.longest if child.late else 0.0)
            _end(child.task, "cancelled" if child.stopping else "failed", why, child.since)
            if child.dropped:
                forget(child.task.key)
        if child.lane in LANES:
            self._start(child.lane)

    def _take(self, event: Event) -> None:
        """What an executor says of a training, for the queue and, where its process could not, for its folder."""
        if not event.ended:
            jobs.note(event.task, progress=event.share, message=event.words)
            return
        state = {"done": "done", "stopped": "cancelled"}.get(event.kind, "failed")
        _end(event.task, state, event.words, self.training.pop(event.task, time.monotonic()))
        if event.kind == "stopped":
            _close_run(event.task, "stopped", "")
        elif event.kind in ("died", "lost"):
            _close_run(event.task, "interrupted", event.words)
        if event.kind == "lost":
            recovering.again(event.task)


def _end(task: Question[Any], state: str, why: str, since: float) -> None:
    """Tell the queue how a task ended, as soon as it takes that, and whoever reads the log."""
    until = time.monotonic() + PATIENT
    while True:
        try:
            jobs.note(task, state=state, error=why, finished=time.time())
            break
        except ExplorerError as error:
            if time.monotonic() > until:
                raise
            log.warning("%s", error)
            time.sleep(AGAIN)
    logs.event("task ended", time.monotonic() - since, task=task.name(), lane=task.lane, state=state)


def _close_run(task: TrainQuestion, state: str, why: str) -> None:
    """Write into a run's folder what its dead process could not."""
    try:
        runs.close(task.run, state, why)
    except (ExplorerError, OSError, ValueError) as error:
        log.warning("could not close a run: %s", error)

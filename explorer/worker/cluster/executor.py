"""The executor of a Ray cluster: submits runs as tasks, takes in what their generators yield, judges how they ended."""

import logging
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Literal

from explorer import runs
from explorer.errors import ExplorerError
from explorer.runs import elsewhere
from explorer.runs.question import TrainQuestion
from explorer.worker import budgets
from explorer.worker.cluster import places
from explorer.worker.cluster.job import Job, Update
from explorer.worker.cluster.joining import join, looker_on, on_a_node
from explorer.worker.cluster.looking import Lookers
from explorer.worker.cluster.parcels import Shipping
from explorer.worker.executor import Event, Kind

LOOKS = 2.0  # seconds between looks at which nodes there are
SETTLES = 30.0  # seconds until the cluster knows whether a process died alone or with its node
RUNS_A_PROCESS = 25  # after which a node takes a fresh one, so that nothing grows for good
AT_ONCE = 16  # updates of one run that are taken in at a time
log = logging.getLogger("worker")


@dataclass
class Flight:
    """A training that was submitted: its `stream` of updates, once it is `sent`; where it runs; when it was told to stop, `over`
    why it was ended, `crashed` when its process was found dead, `heard` when it last spoke, `told` what Ray was told to do."""

    task: TrainQuestion
    heard: float
    sent: "Future[Any]"
    node: str = ""
    stopping: float = 0.0
    over: str = ""
    crashed: float = 0.0
    told: Literal["", "stop", "die"] = ""

    @property
    def stream(self) -> Any:
        """Ray's generator; None where the run has not been sent, or could not be."""
        return self.sent.result() if self.sent.done() and self.sent.exception() is None else None


def connect(address: str) -> "Cluster":
    """The cluster at an address; ExplorerError as for `join`."""
    ray = join(address)
    return Cluster(ray, Lookers(ray, looker_on, ray.get_runtime_context().get_node_id()))


class Cluster:
    """Trainings as tasks of Ray: as many at a time as the nodes have processors (and, where they have any, GPUs) for."""

    def __init__(self, ray: Any, lookers: Lookers | None = None) -> None:
        self._ray, self.lookers = ray, lookers
        self._flights: dict[TrainQuestion, Flight] = {}
        self._sender = ThreadPoolExecutor(1, "sending")  # pictures are many megabytes; the worker must not wait
        self._shipping = Shipping(ray.put)
        streams = {"num_returns": "streaming", "max_retries": 0}
        self._task = ray.remote(**streams, max_calls=RUNS_A_PROCESS)(on_a_node)
        self._task_on_gpu = ray.remote(**streams, max_calls=1)(on_a_node)  # its memory is free when the process ends
        self._places = places.Places()
        self._looked = -LOOKS
        self._gone: set[str] = set()

    def capacity(self) -> int:
        """The trainings that the living nodes have room for."""
        if time.monotonic() - self._looked > LOOKS:
            self._places, self._looked = places.of(self._ray, self._gone), time.monotonic()
            if self.lookers:
                self.lookers.follow(self._places.names)
        return self._places.trainings

    def free(self) -> int:
        """Those of them that none has."""
        return self.capacity() - len(self._flights)

    def prepare(self) -> None:
        """Nothing: Ray keeps its processes warm."""

    def submit(self, task: TrainQuestion) -> None:
        """Pack the run and send it off, beside the worker."""
        sent = self._sender.submit(self._send, task.run)
        self._flights[task] = Flight(task, time.monotonic(), sent)

    def cancel(self, task: TrainQuestion) -> None:
        """Cancel it by Ray: the task sees KeyboardInterrupt and stops in good order, or is killed."""
        flight = self._flights.get(task)
        if flight is not None and not flight.stopping:
            flight.stopping = time.monotonic()
            self._tell(flight, "stop")

    def events(self) -> Iterator[Event]:
        """What the nodes said."""
        now = time.monotonic()
        for flight in list(self._flights.values()):
            self._watch(flight, now)
            for event in self._hear(flight, now):
                if event.ended:
                    del self._flights[flight.task]
                yield event

    def handles(self) -> list[Connection | int]:
        """None: it is asked at every tick."""
        return []

    def close(self) -> None:
        """Give the runs back, so that the next worker goes on with them, and leave the cluster, which ends them."""
        for flight in self._flights.values():
            _close(flight.task, "interrupted", "The worker ended while this ran.")
        self._flights.clear()
        self._sender.shutdown(wait=False, cancel_futures=True)
        if self.lookers:
            self.lookers.close()
        with suppress(Exception):  # a head that is gone must not keep the worker from ending
            self._ray.shutdown()

    def _send(self, run: str) -> Any:
        """Send a run off and return the stream of what is said of it."""
        recipes, files = [known.recipe for known in runs.known([runs.read(run)])], elsewhere.packed(run)
        runs.start(run, error="")
        threads = self._places.threads
        gpus = 0.0 if any(recipe.device == "cpu" for recipe in recipes) else self._places.gpus
        job = Job(run, files, **self._shipping.needs(recipes, threads))
        task = self._task_on_gpu if gpus else self._task  # Ray's own rule for GPUs does not see those of `options`
        return task.options(num_cpus=threads, num_gpus=gpus, name=run).remote(job)

    def _tell(self, flight: Flight, what: Literal["stop", "die"]) -> None:
        """Have Ray interrupt a run, or kill its process: once, and as soon as it was sent."""
        if flight.stream is not None and flight.told not in (what, "die"):
            flight.told = what
            self._ray.cancel(flight.stream, force=what == "die")

    def _watch(self, flight: Flight, now: float) -> None:
        """Kill what does not stop, or gives no sign of life."""
        late = flight.stopping and now - flight.stopping > 2 * budgets.OBEYS
        silent = bool(flight.node) and now - flight.heard > budgets.SILENT and not flight.stopping
        if silent and not flight.over:
            flight.over = budgets.HANGS.format(budgets.SILENT / 60)
        if late or silent or flight.over:
            self._tell(flight, "die")
        elif flight.stopping:
            self._tell(flight, "stop")

    def _hear(self, flight: Flight, now: float) -> Iterator[Event]:
        if not flight.sent.done():
            return
        if (error := flight.sent.exception()) is not None:
            yield self._ended(flight, "failed", str(error) if isinstance(error, ExplorerError) else repr(error))
            return
        if flight.crashed:
            if now - flight.crashed > SETTLES:
                yield self._ended(flight, *self._crash(flight))
            return
        for _ in range(AT_ONCE):
            if not self._ray.wait([flight.stream], timeout=0, fetch_local=False)[0]:
                return
            try:
                update: Update = self._ray.get(next(flight.stream))
            except StopIteration:
                yield self._ended(flight, "died", "It ended without a word.")
                return
            except self._ray.exceptions.RayError as error:
                if (event := self._judged(flight, error, now)) is not None:
                    yield event
                return
            event = self._taken(flight, update, now)
            yield event
            if event.ended:
                return

    def _taken(self, flight: Flight, update: Update, now: float) -> Event:
        """An update, into the run's folder and for the queue."""
        flight.node, flight.heard = update.node, now
        try:
            elsewhere.receive(flight.task.run, update.files)
        except ExplorerError as error:  # deleted meanwhile, or the disk is full
            self._tell(flight, "die")
            return self._ended(flight, "stopped" if flight.stopping else "failed", str(error))
        if not update.ended:
            return Event(flight.task, "progress", update.share, update.words)
        if flight.stopping:
            return self._ended(flight, "stopped", "")
        return self._ended(flight, "done" if update.ended == "done" else "failed", update.words)

    def _judged(self, flight: Flight, error: Any, now: float) -> Event | None:
        """How a run ended of which Ray reports an error; None where that is not known yet."""
        known = self._ray.exceptions
        if flight.stopping:
            return self._ended(flight, "stopped", "")  # RayTaskError around TaskCancelledError, or what else came of it
        if flight.over:
            return self._ended(flight, "died", flight.over)
        if isinstance(error, (known.NodeDiedError, known.ObjectLostError)):
            return self._ended(flight, "lost", _gone(flight))
        if isinstance(error, known.OutOfMemoryError):
            words = f"The node {flight.node[:8]} ran out of memory, and the process was ended. Try a smaller batch or input."
            return self._ended(flight, "died", words)
        if isinstance(error, known.WorkerCrashedError):
            flight.crashed = now
            return None
        cause = getattr(error, "cause", None) or error
        return self._ended(flight, "failed", f"{type(cause).__name__}: {cause}"[:2000])

    def _crash(self, flight: Flight) -> tuple[Kind, str]:
        """What a dead process means: its node may have died with it."""
        if flight.stopping:
            return "stopped", ""
        alive = {one["NodeID"] for one in self._ray.nodes() if one["Alive"]}
        if flight.node and flight.node not in alive:
            return "lost", _gone(flight)
        return (
            "died",
            f"Its process on the node {flight.node[:8] or 'of the cluster'} ended unexpectedly; Ray's log has more.",
        )

    def _ended(self, flight: Flight, kind: Kind, words: str) -> Event:
        if kind == "lost":
            self._gone.add(flight.node)
            self._looked = -LOOKS
        if kind in ("lost", "died") and _finished(flight.task.run):
            return Event(flight.task, "done")  # all of it had come back
        if kind == "failed":
            _close(flight.task, "failed", words)
        return Event(flight.task, kind, words=words)


def _finished(run: str) -> bool:
    with suppress(ExplorerError):
        return runs.read(run).state == "finished"
    return False


def _gone(flight: Flight) -> str:
    return f"The node {flight.node[:8] or 'of the cluster'} on which it ran is gone."


def _close(task: TrainQuestion, state: str, why: str) -> None:
    """Write into a run's folder what its node did not, unless it did."""
    try:
        runs.close(task.run, state, why)
    except (ExplorerError, OSError, ValueError) as error:
        log.warning("could not close a run: %s", error)

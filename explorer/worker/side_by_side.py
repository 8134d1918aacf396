"""Trainings of one command: several at a time, each in a process of its own, where there are cores for them."""

import os
import time
from collections.abc import Generator, Iterator
from multiprocessing.connection import wait

from explorer import machine, runs
from explorer.runs.question import TrainQuestion
from explorer.worker.crew import GRACE
from explorer.worker.executor import Event
from explorer.worker.local import Local

TICK = 0.5  # seconds between looks at trainings that say nothing
LAST = 5.0  # seconds that stopped trainings have to write what they know


def carry_out(names: Iterator[str], places: int) -> Generator[Event]:
    """Train the runs that `names` gives, `places` at a time, each asked for when there is a place for it, and tell what
    becomes of them.

    Each has as many threads as one alone would have, so no bit depends on `places`. Whoever leaves early stops those under way;
    what they measured is kept.
    """
    os.environ.setdefault("THAW_THREADS", str(machine.threads()))
    executor, under_way, more = Local(places), set[TrainQuestion](), True
    try:
        while more or under_way:
            while more and executor.free() > 0:
                run = next(names, None)
                more = run is not None
                if run is not None:
                    under_way.add(task := TrainQuestion(run=run))
                    executor.submit(task)
            yield from _hear(executor, under_way, TICK)
    finally:
        _stop(executor, under_way)


def _hear(executor: Local, under_way: set[TrainQuestion], patience: float) -> Iterator[Event]:
    """What the trainings said, or nothing after some seconds of patience; what ended is no longer under way."""
    wait(executor.handles(), timeout=patience)
    for event in executor.events():
        if event.ended:
            under_way.discard(event.task)
            if event.kind in ("stopped", "died"):  # its process may not have come to it
                runs.close(event.task.run, "stopped" if event.kind == "stopped" else "interrupted", event.words)
        yield event


def _stop(executor: Local, under_way: set[TrainQuestion]) -> None:
    """Have all that is under way end in good order; one that does not listen is killed."""
    until = time.monotonic() + GRACE + LAST
    for task in under_way:
        executor.cancel(task)
    while under_way and time.monotonic() < until:
        for _ in _hear(executor, under_way, 0.1):
            pass

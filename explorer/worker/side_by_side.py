"""Trainings of one command: several at a time, each in a process of its own, where there are cores for them."""

import os
import signal
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait

from explorer import machine, runs
from explorer.runs.question import TrainQuestion
from explorer.worker.executor import Event
from explorer.worker.local import Local

TICK = 0.5  # seconds between looks at trainings that say nothing
LAST = 5.0  # seconds that stopped trainings have to write what they know, before they are killed


def carry_out(names: Iterator[str], places: int) -> Generator[Event]:
    """Train the runs that `names` gives, `places` at a time, each asked for when there is a place for it, and tell what
    becomes of them.

    Each has as many threads as one alone would have, so no bit depends on `places`. Whoever leaves early stops those under way;
    what they measured is kept.
    """
    os.environ.setdefault("THAW_THREADS", str(machine.threads()))
    executor, under_way, more = Local(places, grace=LAST), set[TrainQuestion](), True
    with _ctrl_c() as pressed:
        try:
            while more or under_way:
                while more and executor.free() > 0:
                    run = next(names, None)
                    more = run is not None
                    if run is not None:
                        under_way.add(task := TrainQuestion(run=run))
                        executor.submit(task)
                yield from _hear(executor, under_way, TICK)
                if pressed:
                    raise KeyboardInterrupt
        finally:
            _stop(executor, under_way)


@contextmanager
def _ctrl_c() -> Iterator[list[int]]:
    """The first Ctrl-C is noted, not raised in the midst of what a training says, of which a part would be lost; the second is
    raised, for whoever will not wait."""
    pressed: list[int] = []

    def note(number: int, _: object) -> None:
        if pressed:
            raise KeyboardInterrupt
        pressed.append(number)

    if threading.current_thread() is not threading.main_thread():
        yield pressed
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


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
    until = time.monotonic() + 2 * LAST
    for task in under_way:
        executor.cancel(task)
    while under_way and time.monotonic() < until:
        for _ in _hear(executor, under_way, 0.1):
            pass

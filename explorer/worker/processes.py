"""What the worker's children do: carry out runs, or answer one question after the other."""

import gc
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

import psutil

from explorer.answers import save
from explorer.errors import ExplorerError, Stopped
from explorer.question import Question

OVER = "over: "
"""How the worker begins what it tells a training that exceeds its budget; the rest is why, in words."""


class Reporting:
    """A progress report that speaks through the pipe at most ten times a second, and stops when told to."""

    def __init__(self, pipe: Connection) -> None:
        self.pipe, self.last, self.stopped = pipe, 0.0, False

    def __call__(self, fraction: float, message: str) -> None:
        """Tell how far it is; raises Stopped."""
        try:
            said = self.pipe.poll() and self.pipe.recv()
            over = said.removeprefix(OVER) if isinstance(said, str) and said.startswith(OVER) else ""
            self.stopped = bool(self.stopped or (said and not over))
            if not self.stopped and time.monotonic() - self.last > 0.1:
                self.last = time.monotonic()
                self.pipe.send(("progress", fraction, message))
        except (EOFError, OSError):  # the worker died: leave at once, the run reads `interrupted`
            os._exit(1)
        if over:
            raise ExplorerError(over)
        if self.stopped:
            raise Stopped


GROWN = 370e6
"""Bytes that a trainer may hold beyond what it held at its start, 216 MB of them for torch's kernels after any run (ResNet-10, an
EPYC) and at most 67 for weights that the next run may begin from; else it ends, and another takes its place."""


def train(pipe: Connection, question: Question[Any] | None) -> None:
    """The life of a training process: one run after the other, the libraries warm, as long as each leaves it as it was.

    It ends after a run that was stopped or failed, that used a GPU (whose memory is free only then) or left memory behind:
    another process takes its place.
    """
    from explorer.models import devices
    from explorer.worker.handlers import answer

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches whoever started it too, who tells it to stop
    devices.set_threads()
    if question is None:
        devices.warm_up()
    small = _resident()
    gc.freeze()  # what is there by now stays; no run has to look through it
    while True:
        if question is not None:
            report = Reporting(pipe)
            well = _tell(pipe, partial(answer, question, report))
            gc.collect()
            if not well or report.stopped or devices.accelerator_used() or _resident() - small > GROWN:
                return
        try:
            pipe.send(("ready", ""))
            said = pipe.recv()
        except (EOFError, OSError):  # whoever started it has gone
            return
        question = said if isinstance(said, Question) else None  # a `stop` may come for a run that had just ended


def _resident() -> int:
    return psutil.Process().memory_info().rss


def once(pipe: Connection, question: Question[Any]) -> None:
    """The life of a process that answers one question; it stops in good order where the question is cancelled."""
    from explorer.worker.handlers import answer

    _tell(pipe, lambda: save(answer(question, Reporting(pipe)), question.path))


def look(pipe: Connection, maps: bool) -> None:
    """The life of a looking process: one question after the other, its models kept warm.

    It is ready before all that it may be asked is imported: it goes on with that, a module at a time, until the first question is
    there. One for `maps` has drawn one before. Then, and between
    questions, it finds out which looks a GPU would answer sooner.
    """
    from explorer.models import devices, spare_card
    from explorer.worker.handlers import answer

    devices.set_threads()
    rest = _warming(maps)
    if maps:
        next(rest)
    pipe.send(("ready", ""))
    while True:
        try:
            while not pipe.poll() and (next(rest, None) is not None or spare_card.here.step()):
                pass
            question = pipe.recv()
        except (EOFError, OSError):
            return
        work = partial(answer, question, Reporting(pipe))
        _tell(pipe, lambda: save(spare_card.here.answering(work), question.path))  # noqa: B023  (called at once)


def _warming(maps: bool) -> Iterator[str]:
    """What a looking process does while nobody asks anything, step by step."""
    from explorer import jobs
    from explorer.looks.projection.compute.joint import warm_up
    from explorer.models import spare_card
    from explorer.worker.handlers import loading

    if maps:
        warm_up("umap")
        yield "umap"
    yield from loading()
    if not maps:
        warm_up("pca")
        yield "pca"
    spare_card.use(jobs.training)
    yield "card"


def _tell(pipe: Connection, work: Callable[[], object]) -> bool:
    """Do the work and say how it ended; whether it ended well."""
    try:
        work()
    except Stopped:
        pipe.send(("done", ""))
    except ExplorerError as error:
        pipe.send(("failed", str(error)))
    except Exception as error:
        traceback.print_exc()
        pipe.send(("failed", f"{type(error).__name__}: {error}"))
    else:
        pipe.send(("done", ""))
        return True
    return False

"""What the worker's children do: carry out one run, or answer one question after the other."""

import os
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from explorer.answers import save
from explorer.errors import ExplorerError, Stopped
from explorer.question import Question


def report_through(pipe: Connection) -> Any:
    """A progress report that speaks through the pipe at most ten times a second, and stops when told to."""
    last = [0.0]

    def report(fraction: float, message: str) -> None:
        try:
            stop = pipe.poll() and pipe.recv()
            if not stop and time.monotonic() - last[0] > 0.1:
                last[0] = time.monotonic()
                pipe.send(("progress", fraction, message))
        except (EOFError, OSError):  # the worker died: leave at once, the run reads `interrupted`
            os._exit(1)
        if stop:
            raise Stopped

    return report


def train(pipe: Connection, question: Question[Any]) -> None:
    """The life of a training process."""
    from explorer.worker.handlers import answer

    _tell(pipe, lambda: answer(question, report_through(pipe)))


def once(pipe: Connection, question: Question[Any]) -> None:
    """The life of a process that answers one question; it stops in good order where the question is cancelled."""
    from explorer.worker.handlers import answer

    _tell(pipe, lambda: save(answer(question, report_through(pipe)), question.path))


def look(pipe: Connection, warm: bool) -> None:
    """The life of a looking process: one question after the other, its models kept warm."""
    from explorer.looks.projection.compute.joint import warm_up
    from explorer.models import devices
    from explorer.worker.handlers import answer

    devices.set_threads()
    warm_up("umap" if warm else "pca")
    pipe.send(("ready", ""))
    while True:
        try:
            question = pipe.recv()
        except (EOFError, OSError):
            return
        _tell(pipe, lambda: save(answer(question, report_through(pipe)), question.path))  # noqa: B023  (called at once)


def _tell(pipe: Connection, work: Callable[[], object]) -> None:
    """Do the work and say how it ended."""
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

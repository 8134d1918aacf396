"""The executor while its cluster cannot be joined: looks are answered, trainings wait, and the cluster is tried again."""

import logging
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from multiprocessing.connection import Connection

from explorer import jobs
from explorer.errors import ExplorerError
from explorer.runs.question import TrainQuestion
from explorer.worker.executor import Event, Executor, Looks

AGAIN = 10.0  # seconds between two attempts
PATIENCE = 0.5  # seconds until a head that does not answer counts as away; the worker waits for them
log = logging.getLogger("worker")


class Waiting:
    """Has no place until `connect` gives the executor of the cluster at `address` (`host:port`), and is that one from then on.

    Joining takes Ray about ten seconds where nobody answers, in which the worker could do nothing else, so the head's port is
    knocked at first. What keeps it away is told as the state of `executor`, which the menu shows.
    """

    def __init__(self, address: str, connect: Callable[[str], Executor], why: str) -> None:
        self._address, self._connect = address, connect
        self._cluster: Executor | None = None
        self._tried = time.monotonic()
        jobs.beat("executor", f"broken: {why}")

    @property
    def lookers(self) -> Looks | None:
        """Those of the cluster."""
        return self._cluster.lookers if self._cluster else None

    def capacity(self) -> int:
        """None as long as there is no cluster."""
        return self._cluster.capacity() if self._cluster else 0

    def free(self) -> int:
        """None as long as there is no cluster."""
        return self._cluster.free() if self._cluster else 0

    def prepare(self) -> None:
        """Try the cluster again every few seconds."""
        if self._cluster is not None:
            self._cluster.prepare()
        elif time.monotonic() - self._tried > AGAIN:
            if answers(self._address):
                self._join()
            self._tried = time.monotonic()

    def _join(self) -> None:
        try:
            self._cluster = self._connect(self._address)
        except ExplorerError as error:
            jobs.beat("executor", f"broken: {error}")
        else:
            log.info("the cluster at %s was joined", self._address)
            jobs.beat("executor", "ready")

    def submit(self, task: TrainQuestion) -> None:
        """Hand it to the cluster; RuntimeError where there is none, since `free` said so."""
        if self._cluster is None:
            raise RuntimeError("there is no cluster to submit to")
        self._cluster.submit(task)

    def cancel(self, task: TrainQuestion) -> None:
        """Hand it on."""
        if self._cluster is not None:
            self._cluster.cancel(task)

    def events(self) -> Iterable[Event]:
        """Those of the cluster."""
        return self._cluster.events() if self._cluster else ()

    def handles(self) -> list[Connection | int]:
        """Those of the cluster."""
        return self._cluster.handles() if self._cluster else []

    def close(self) -> None:
        """Leave the cluster."""
        if self._cluster is not None:
            self._cluster.close()


def answers(address: str) -> bool:
    """Whether somebody listens at `host:port`."""
    host, _, port = address.rpartition(":")
    with suppress(OSError, ValueError), socket.create_connection((host.strip("[]"), int(port)), PATIENCE):
        return True
    return False

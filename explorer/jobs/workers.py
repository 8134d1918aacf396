"""The worker seen from outside: its lock, its signs of life, and how it is started."""

import os
import subprocess
import sys
import time
from dataclasses import dataclass

import filelock

from explorer.bundle import PACKAGE
from explorer.home import home
from explorer.jobs.queue import database

STALE = 15.0  # seconds without a heartbeat after which a worker counts as gone


def beat(who: str, state: str = "ready", started: bool = False) -> None:
    """Say that `worker` or `server` is alive."""
    with database() as db:
        db.execute(
            """INSERT INTO beat (who, pid, at, state, starts) VALUES (?, ?, ?, ?, 1) ON CONFLICT (who) DO UPDATE
               SET pid = excluded.pid, at = excluded.at, state = excluded.state, starts = starts + ?""",
            (who, os.getpid(), time.time(), state, int(started)),
        )


@dataclass(frozen=True)
class Beat:
    """The last sign of life: `state` is `warming`, `ready` or `gone`; `starts` counts how often it started."""

    state: str
    age: float = 0.0
    starts: int = 0
    pid: int = 0


def alive(who: str = "worker") -> Beat:
    """Whether `worker` or `server` showed itself lately."""
    with database() as db:
        row = db.execute("SELECT * FROM beat WHERE who = ?", (who,)).fetchone()
    if row is None:
        return Beat("gone")
    age = time.time() - row["at"]
    return Beat(row["state"] if age < STALE else "gone", age, row["starts"], row["pid"])


def worker_lock() -> filelock.FileLock:
    """The lock that the one worker of this machine (and Thaw folder) holds."""
    home().mkdir(parents=True, exist_ok=True)
    return filelock.FileLock(home() / "worker.lock")


def ensure_worker() -> subprocess.Popen[bytes] | None:
    """Start the worker unless one holds the lock; returns the process where one was started."""
    lock = worker_lock()
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        return None
    lock.release()
    numba = home() / "numba"
    numba.mkdir(parents=True, exist_ok=True)
    settings = {
        "OMP_WAIT_POLICY": "PASSIVE",
        "OPENBLAS_NUM_THREADS": "1",
        "NUMBA_CACHE_DIR": str(numba),
        "NUMBA_NUM_THREADS": "1",
        "NUMBA_THREADING_LAYER": "workqueue",
    }
    with (home() / "worker.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "explorer.worker"],
            cwd=PACKAGE.parent,
            env=os.environ | settings,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )

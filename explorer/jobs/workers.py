"""The worker seen from outside: its lock, its signs of life, and how it is started."""

import os
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import filelock
import psutil

from explorer.bundle import PACKAGE, build
from explorer.home import home
from explorer.jobs import turns
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


def tell_at_once(trainings: int, looks: int = 1) -> None:
    """Say how many trainings and looks of a lane the worker carries out at a time: its own, and those of its cluster."""
    rows = [("train", trainings), ("look", looks), ("map", looks)]
    with database() as db:
        db.executemany("INSERT OR REPLACE INTO at_once (lane, trainings) VALUES (?, ?)", rows)


def at_once() -> int:
    """How many trainings run at a time, at least 1: by which one tells how long those before take."""
    with database() as db:
        return turns.at_once(db, "train")


@dataclass(frozen=True)
class Beat:
    """The last sign of life: `state` is `warming`, `ready` or `gone`, `last_state` what it was when it last showed itself;
    `starts` counts how often it started."""

    state: str
    age: float = 0.0
    starts: int = 0
    pid: int = 0
    last_state: str = ""


def alive(who: str = "worker") -> Beat:
    """Whether `worker` or `server` showed itself lately."""
    with database() as db:
        row = db.execute("SELECT * FROM beat WHERE who = ?", (who,)).fetchone()
    if row is None:
        return Beat("gone")
    age = time.time() - row["at"]
    return Beat(row["state"] if age < STALE else "gone", age, row["starts"], row["pid"], row["state"])


def trainings_wait() -> str:
    """Why no training can begin though the worker lives: its cluster cannot be joined; else nothing."""
    said = alive("executor").last_state  # told where it changes, so its age says nothing
    return said.removeprefix("broken: ") if said.startswith("broken: ") else ""


class Silence:
    """How long a worker that lives has shown nothing, in looks at it, not in seconds: a machine that slept must not cost a worker
    its life."""

    def __init__(self) -> None:
        self._last, self._looks = Beat("gone"), 0

    def broken_after(self, most: int) -> bool:
        """One look. Kills a worker that has shown nothing for `most` looks, and says so: another can be started."""
        now = alive()
        same = bool(now.pid) and now.pid == self._last.pid and now.age > self._last.age
        same = (
            same and now.last_state == "ready"
        )  # while it warms up it may wait for its first process, on a busy machine for minutes
        self._looks = self._looks + 1 if same else 0
        self._last = now
        if self._looks < most:
            return False
        self._looks = 0
        return end_worker(now.pid)


def end_worker(pid: int, gently: bool = False) -> bool:
    """Kill a worker that hangs, with its processes, or tell it to end first; whether there was one of that number. Its lock is
    free then."""
    try:
        worker = psutil.Process(pid)
        if "explorer.worker" not in " ".join(worker.cmdline()):
            return False  # the number is another's since
        if gently:
            worker.terminate()
            with suppress(psutil.TimeoutExpired):
                worker.wait(10)
                return True
        for process in [*worker.children(recursive=True), worker]:
            with suppress(psutil.Error):
                process.kill()
        worker.wait(10)
    except psutil.Error:
        return False
    return True


def end_other_build() -> bool:
    """End a worker that runs other code than this process, as one does that was there before Thaw was updated: it does not know
    every question. What it trained resumes from its checkpoint. Returns whether there was one."""
    now, noted = alive(), alive("build")
    if now.state == "gone" or (noted.pid == now.pid and noted.last_state == build()):
        return False
    return end_worker(now.pid, gently=True)


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
    compiled = os.environ.get("NUMBA_CACHE_DIR", str(home() / "numba"))
    if compiled:  # without a folder numba keeps what it compiles beside the packages
        Path(compiled).mkdir(parents=True, exist_ok=True)
    settings = {
        "OMP_WAIT_POLICY": "PASSIVE",
        "OPENBLAS_NUM_THREADS": "1",
        "NUMBA_CACHE_DIR": compiled,
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

"""Play a class on a server of its own, and record the outcome: answers, runs, memory, what is left when all have gone."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from explorer import jobs, runs
from explorer.errors import ExplorerError
from explorer.rehearsal.playing import Class
from explorer.rehearsal.server import Server, server
from explorer.rehearsal.session import Lost, VisitorSession
from explorer.runs.life import LIVE

PATIENCE = 180.0
"""Seconds within which the worker must be ready, and at the end the queue empty."""
AFTERGLOW = 150.0
"""Seconds from the last visitor's leaving to the last look at the memory: a closed page may come back for two minutes."""
PAGES = ("home", "lessons", "training", "images", "similarity", "features", "bring", "runs")


@dataclass(frozen=True)
class Measurements:
    """What a class of `participants` met in `seconds`. Times in seconds, memory of the server's process in MB; `returned`: after
    how long sessions that were cut off had their page again."""

    participants: int
    seconds: float
    reruns: tuple[tuple[str, float], ...]
    sessions_failed: int
    failures: tuple[str, ...]
    probes: int
    finished: int
    lost: int
    waits: tuple[float, ...]
    memory_before: float
    memory_most: float
    memory_after: float
    queue_left: int
    files_left: int
    sent: int
    refused: int
    returned: tuple[float, ...] = ()

    @property
    def clicks(self) -> list[float]:
        """Seconds of each rerun of a whole page, in order of size; parts that are drawn again by themselves are not in it."""
        return sorted(seconds for page, seconds in self.reruns if not page.endswith("(part)"))

    @property
    def memory_each(self) -> float:
        """MB that a session added."""
        return max(0.0, self.memory_most - self.memory_before) / self.participants


def share(ordered: list[float], part: float) -> float:
    """The value that this part of an ordered list does not exceed; 0 of an empty one."""
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0


def rehearse(
    participants: int,
    seconds: float,
    say: Callable[[str], object] = lambda words: None,
    checkout: Path | None = None,
    during: Callable[[Server], None] | None = None,
    home: Path | None = None,
    afterglow: float = AFTERGLOW,
) -> Measurements:
    """Start a server, let a class act on it for that long, and look at what is left; `during` runs beside them (faults)."""
    with server(checkout, home, THAW_SHARED="1") as running:
        say("The server answers; its worker is warming up.")
        _until(lambda: jobs.alive().state == "ready", "the worker was not ready")
        _see_each_page(running.port)
        before = running.megabytes()
        played = Class(running.port, participants)
        say(f"{participants} participants arrive and act for {seconds:.0f} s.")
        played.start(seconds)
        beside = threading.Thread(target=during, args=(running,), daemon=True) if during else None
        if beside is not None:
            beside.start()
        most = _watch(running, played, seconds)
        stuck = played.join()
        if beside is not None:
            beside.join(PATIENCE)
        say(f"Everybody has left. In {afterglow:.0f} s it is measured what was left behind.")
        with suppress(ExplorerError):
            _until(lambda: not _tasks(), "")
        time.sleep(afterglow)
        return _found(running, played, (participants, seconds), (before, most), stuck)


def _until(true: Callable[[], object], why: str) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            raise ExplorerError(f"Within {PATIENCE:.0f} s {why}. The log of its worker lies in Thaw's folder.")
        time.sleep(0.2)


def _see_each_page(port: int) -> None:
    """What is imported and drawn once is no participant's; a page that fails here will fail them too, and be counted."""
    session = VisitorSession(port)
    for page in PAGES:
        with suppress(Lost):
            session.close()
            session.connect()
            session.open(page)
            session.stay(2.0)
    session.close()


def _watch(running: Server, played: Class, seconds: float) -> float:
    """The most memory that the server's process takes while they act, in MB."""
    most, end = 0.0, time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(psutil.Error):  # a fault may have ended the server
            most = max(most, running.megabytes())
        time.sleep(1.0)
    played.stop()
    return most


def _tasks() -> int:
    with jobs.database() as db:
        return db.execute("SELECT count(*) FROM task WHERE state IN ('queued', 'running')").fetchone()[0]


def _found(
    running: Server, played: Class, asked: tuple[int, float], memory: tuple[float, float], stuck: int
) -> Measurements:
    with jobs.database() as db:
        rows = db.execute("SELECT created, started FROM task WHERE lane = 'train' AND started IS NOT NULL").fetchall()
    listed = [run for run in runs.listing() if not run.sample]
    finished, waiting = sum(run.state == "finished" for run in listed), sum(run.state in LIVE for run in listed)
    tally = played.tally
    left = [path for path in running.home.rglob("*") if path.name.endswith(".part")]
    left += [path for path in (running.home / "arriving").glob("*/*") if path.name != "list.jsonl"]
    after = 0.0
    with suppress(psutil.Error):
        after = running.megabytes()
    return Measurements(
        *asked, reruns=tuple(tally.reruns), sessions_failed=len(tally.failed) + stuck, failures=tuple(tally.failures),
        probes=tally.probes, finished=finished, lost=max(0, tally.probes - finished - waiting),
        waits=tuple(max(0.0, row["started"] - row["created"]) for row in rows), memory_before=memory[0],
        memory_most=memory[1], memory_after=after, queue_left=_tasks(), files_left=len(left), sent=tally.sent,
        refused=tally.refused, returned=tuple(tally.returned),
    )  # fmt: skip

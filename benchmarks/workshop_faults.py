"""Faults that a small class meets, one at a time: each must be survived by all sessions and runs but those it strikes."""

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from explorer import jobs, runs
from explorer.own_sets.lying import WHOSE
from explorer.recipe import make
from explorer.rehearsal.measuring import Measurements, rehearse, share
from explorer.rehearsal.playing import picture
from explorer.rehearsal.server import Server
from explorer.rehearsal.session import VisitorSession
from explorer.runs.life import LIVE
from explorer.runs.question import TrainQuestion

PARTICIPANTS, SECONDS, BEFORE = 4, 60.0, 15.0
COLUMNS = (
    "fault",
    "clicks",
    "p95 (s)",
    "slowest (s)",
    "sessions lost",
    "probes, lost",
    "left: tasks, files",
    "what became of it",
)
Say = Callable[[str], None]


def worker_killed(running: Server, say: Say) -> None:
    """The worker gets SIGKILL while it trains."""
    before = jobs.alive()
    os.kill(before.pid, signal.SIGKILL)
    struck = time.monotonic()
    while jobs.alive().starts == before.starts or jobs.alive().state != "ready":
        time.sleep(0.2)
        if time.monotonic() - struck > SECONDS:
            say("no new worker within a minute")
            return
    say(f"ready again after {time.monotonic() - struck:.0f} s")


def database_locked(running: Server, say: Say) -> None:
    """Somebody holds the queue's database for five seconds."""
    with jobs.database() as db:
        db.execute("BEGIN IMMEDIATE")
        time.sleep(5)
        db.execute("COMMIT")
    say("let go after 5 s")


def upload_dropped(running: Server, say: Say) -> None:
    """An upload breaks off half-way."""
    import random

    session = VisitorSession(running.port)
    session.connect()
    session.open("bring")
    session.send("standing/1.jpg", picture(random.Random(0), True) * 20, part=0.5)
    time.sleep(3)
    place = running.home / "arriving" / session.parcel.partition("-")[0]  # what follows is the seal
    left = [path for path in place.iterdir() if path.name not in ("list.jsonl", WHOSE)]
    session.close()
    say(f"{len(left)} files of it left")


def diverges(running: Server, say: Say) -> None:
    """A run whose rate is a thousand times too large."""
    run = jobs.train(
        make(dataset="photo_patches", per_class=25, strategy="last_stage", backbone_rate=1.0, head_rate=1.0)
    )
    end = time.monotonic() + SECONDS
    while runs.read(run).state in LIVE and time.monotonic() < end:
        time.sleep(0.5)
    found = runs.read(run)
    say(f"{found.state}: {found.error[:80] or 'with its numbers'}")


def never_ends(running: Server, say: Say) -> None:
    """A run of a thousand epochs of everything, which somebody cancels after half a minute."""
    run = jobs.train(make(dataset="photo_patches", per_class=25, strategy="full", epochs=500))
    time.sleep(30)
    asked = time.monotonic()
    jobs.cancel(TrainQuestion(run=run))
    while runs.read(run).state in LIVE and time.monotonic() - asked < 30:
        time.sleep(0.1)
    say(f"{runs.read(run).state} {time.monotonic() - asked:.1f} s after Cancel")


def disk_full(running: Server, say: Say) -> None:
    """The disk of Thaw's folder is full for ten seconds (a small tmpfs, where this system lets one be mounted)."""
    if not os.path.ismount(running.home):
        say("not tried: no tmpfs could be mounted here")
        return
    ballast = running.home / "ballast"
    with suppress(OSError), ballast.open("wb") as file:
        while True:
            file.write(bytes(1 << 20))
    time.sleep(10)
    ballast.unlink()
    say("full for 10 s")


def server_restarted(running: Server, say: Say) -> None:
    """The server is ended and started again at the same port."""
    seconds = running.restart()
    say(f"answered again after {seconds:.0f} s")


FAULTS: dict[str, Callable[[Server, Say], None]] = {
    fault.__name__: fault
    for fault in (worker_killed, database_locked, upload_dropped, diverges, never_ends, disk_full, server_restarted)
}


@contextmanager
def small_disk(wanted: bool) -> Any:
    """A tmpfs of 300 MB where one can be mounted, else None."""
    if not wanted:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="thaw-small-") as place:
        mounted = (
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300m", "tmpfs", place], check=False).returncode == 0
        )
        try:
            yield Path(place) if mounted else None
        finally:
            if mounted:
                subprocess.run(["umount", "-l", place], check=False)


def meet(name: str, note: Callable[[str], None]) -> tuple[str, ...]:
    """A class of four meets this fault; a row of the table."""
    said: list[str] = []

    def strike(running: Server) -> None:
        time.sleep(BEFORE)
        note(f"now: {name}")
        with suppress(psutil.Error):
            FAULTS[name](running, said.append)

    with small_disk(name == "disk_full") as home:
        found: Measurements = rehearse(PARTICIPANTS, SECONDS, note, during=strike, home=home, afterglow=5.0)
    clicks = found.clicks
    why = f"; {len(found.returned)} cut off, back within {max(found.returned):.0f} s" if found.returned else ""
    why += f"; {sorted({*found.failures})[0]}" if found.failures else ""
    return (
        name, str(len(clicks)), f"{share(clicks, 0.95):.2f}", f"{share(clicks, 1):.1f}",
        f"{found.sessions_failed} of {found.participants}", f"{found.finished} of {found.probes}, {found.lost}",
        f"{found.queue_left}, {found.files_left}", (said[0] if said else "it struck nothing") + why,
    )  # fmt: skip

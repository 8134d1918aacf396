"""What a dead worker left: trainings resume from their checkpoints by themselves, a few times; looks are asked for again."""

import json
import logging
import time
from contextlib import suppress

from explorer import runs
from explorer.errors import ExplorerError
from explorer.jobs.queue import database
from explorer.jobs.starting import resume
from explorer.runs.question import TrainQuestion

TRIES = 3
"""How often a run goes on by itself: one that kills its worker each time must not keep it from all others."""
ORPHANED = 10.0
"""Seconds for which the process of a run may outlive its worker."""
log = logging.getLogger(__name__)


def clear_lost(why: str) -> int:
    """Mark what a dead worker left running as failed, queue its trainings again, and return how many tasks there were."""
    with database() as db:
        lost = db.execute(
            """UPDATE task SET state = CASE cancel WHEN 1 THEN 'cancelled' ELSE 'failed' END, error = ?, finished = ?
               WHERE state = 'running' RETURNING lane, arguments, owner, cancel""",
            (why, time.time()),
        ).fetchall()
    for row in lost:
        if row["lane"] == "train":
            _interrupt(json.loads(row["arguments"])["run"], why, row["owner"] or "", bool(row["cancel"]))
    return len(lost)


def _interrupt(run: str, why: str, owner: str, unwanted: bool) -> None:
    """Write into the folder of a run whose process is gone what became of it; a deleted or damaged folder stays as it is."""
    with suppress(ExplorerError, ValueError, OSError):
        end = time.monotonic() + ORPHANED
        while runs.read(run).state == "running":  # its process notices with its next word that the worker is gone
            if time.monotonic() > end:  # some other process carries it out
                return
            time.sleep(0.2)
        runs.close(run, "stopped" if unwanted else "interrupted", "" if unwanted else why)
        if not unwanted:
            go_on(run, owner)


def go_on(run: str, owner: str = "") -> bool:
    """Queue an interrupted run again, unless it was for the TRIES-th time; whether it was. Its folder counts."""
    found = runs.read(run)
    tries = restarts(found)
    if found.state != "interrupted" or tries >= TRIES:
        if tries >= TRIES:
            why = f"{found.error} It was resumed automatically {tries} times and will not be again: press Resume from checkpoint."
            runs.update(run, error=why)
        return False
    resume(run, owner)
    runs.update(run, restarts=tries + 1)
    log.info("%s is resumed automatically, for the %s. time", run, tries + 1)
    return True


def again(task: TrainQuestion) -> bool:
    """Queue a training again whose machine is gone, as its owner's, unless it is not wanted any more; whether it was."""
    with database() as db:
        row = db.execute("SELECT owner, cancel FROM task WHERE key = ?", (task.key,)).fetchone()
    if row is None or row["cancel"]:
        return False
    try:
        return go_on(task.run, row["owner"] or "")
    except (ExplorerError, ValueError, OSError) as error:  # deleted since, or its pictures are
        log.warning("a training was not resumed: %s", error)
        return False


def restarts(run: runs.Run) -> int:
    """How often a run went on by itself since somebody last asked for it."""
    return int(run.facts.get("restarts") or 0)

"""What trains and waits, in the order in which it begins: the whole queue, and what is before one training."""

import json
import time
from dataclasses import dataclass

from explorer.jobs import turns
from explorer.jobs.queue import database
from explorer.runs.question import TrainQuestion


@dataclass(frozen=True)
class Waiting:
    """One training: its run, its state, what it says, and the seconds since it began (0 where it waits)."""

    run: str
    state: str
    message: str
    seconds: float


def trainings() -> list[Waiting]:
    """The trainings that run, and those that wait, in the order in which they begin."""
    with database() as db:
        order = turns.order(db, "train")
        rows = {
            row["key"]: row
            for row in db.execute("SELECT * FROM task WHERE lane = 'train' AND state IN ('running', 'queued')")
        }
    now = time.time()
    return [
        Waiting(
            str(json.loads(row["arguments"])["run"]),
            row["state"],
            row["message"],
            now - row["started"] if row["state"] == "running" and row["started"] else 0.0,
        )
        for row in (rows[key] for key in order if key in rows)
    ]


def training() -> bool:
    """Whether a training is under way."""
    with database() as db:
        rows = db.execute("SELECT 1 FROM task WHERE lane = 'train' AND state = 'running' LIMIT 1")
        return rows.fetchone() is not None


def trainings_before(run: str) -> list[tuple[str, float]]:
    """The runs that are carried out, and those that begin while this one waits, in that order, and the seconds for which each has
    been at it."""
    with database() as db:
        keys = turns.before(db, "train", TrainQuestion(run=run).key)
        rows = {
            row["key"]: row
            for row in db.execute("SELECT key, arguments, state, started FROM task WHERE lane = 'train'")
        }
    now = time.time()
    found = [rows[key] for key in keys if key in rows]
    return [(json.loads(r["arguments"])["run"], now - r["started"] if r["state"] == "running" else 0.0) for r in found]

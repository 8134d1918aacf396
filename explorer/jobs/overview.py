"""The whole queue, for whoever runs the server: what trains and waits, in the order in which it begins."""

import json
import time
from dataclasses import dataclass

from explorer.jobs import turns
from explorer.jobs.queue import database


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

"""What a training waits for."""

import json
import time

from explorer.jobs import turns
from explorer.jobs.queue import database
from explorer.runs.question import TrainQuestion


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

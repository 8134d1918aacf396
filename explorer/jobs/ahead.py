"""What a training waits for."""

import json
import time

from explorer.jobs.queue import database
from explorer.runs.question import TrainQuestion


def trainings_before(run: str) -> list[tuple[str, float]]:
    """The runs that are carried out or wait while this one waits, and the seconds for which each has been at it."""
    with database() as db:
        rows = db.execute(
            """SELECT arguments, state, started FROM task WHERE lane = 'train' AND (state = 'running' OR (state = 'queued'
               AND created < (SELECT created FROM task WHERE key = ?))) ORDER BY state DESC, created""",
            (TrainQuestion(run=run).key,),
        ).fetchall()
    now = time.time()
    return [(json.loads(r["arguments"])["run"], now - r["started"] if r["state"] == "running" else 0.0) for r in rows]

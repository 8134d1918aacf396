"""Whether this server can take visitors now, and if not, why: what /readyz answers."""

import os
import shutil
from dataclasses import dataclass

from explorer import limits
from explorer.errors import ExplorerError
from explorer.home import home
from explorer.jobs.queue import database
from explorer.jobs.workers import alive


@dataclass(frozen=True)
class Readiness:
    """How the server stands. `worker` is `ready`, `warming`, `broken` or `gone`; `reasons` says in words what is amiss."""

    worker: str
    waiting: int
    running: int
    disk_free_gb: float
    reasons: tuple[str, ...]

    @property
    def ready(self) -> bool:
        """Whether a visitor gets answers now."""
        return not self.reasons


def readiness() -> Readiness:
    """Look at the worker, the folder and the disk. Nothing is written, and no reason names a path: anyone may ask."""
    reasons, worker, counts, free = [], "gone", {"queued": 0, "running": 0}, 0.0
    try:
        worker = alive().state.partition(":")[0]
        with database() as db:
            counts |= dict(db.execute("SELECT state, count(*) FROM task GROUP BY state").fetchall())
    except ExplorerError:
        reasons.append("the queue cannot be read or written")
    if worker != "ready":
        words = {"warming": "the worker warms up", "broken": "the worker is not set up rightly: see its log"}
        reasons.append(words.get(worker, "no worker is alive"))
    if not os.access(home(), os.W_OK | os.X_OK):
        reasons.append("Thaw's folder cannot be written")
    try:
        free = shutil.disk_usage(home()).free
    except OSError:
        reasons.append("Thaw's folder cannot be read")
    else:
        if free < limits.SPARE:
            reasons.append(f"the disk has {free / 1e9:.2f} GB left; less than {limits.SPARE / 1e9:g} GB is too little")
    return Readiness(worker, counts["queued"], counts["running"], round(free / 1e9, 2), tuple(reasons))

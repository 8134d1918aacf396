"""Who still waits for a look: pages say so with every drawing, so that what nobody waits for any more is not computed.

A training goes on whoever closes a tab; a look that the command line or a test asked for has no wish, and is never dropped.
"""

import sqlite3
import time

from explorer.jobs.queue import database

PATIENCE = 90.0
"""Seconds after its last wish for which a look is still computed: browsers wake a page in the background once a minute."""
_STALE = "SELECT key FROM wish GROUP BY key HAVING max(at) < ?"
_LOOKS = "lane IN ('look', 'map')"


def wish(key: str, owner: str) -> None:
    """A page of this visitor waits for the task now."""
    with database() as db:
        db.execute("INSERT OR REPLACE INTO wish (key, owner, at) VALUES (?, ?, ?)", (key, owner, time.time()))


def others_wish(key: str, owner: str) -> bool:
    """Whether somebody else waits for the same answer, so that this visitor's *Cancel* does not end it."""
    with database() as db:
        words = "SELECT 1 FROM wish WHERE key = ? AND owner != ? AND at > ? LIMIT 1"
        return db.execute(words, (key, owner, time.time() - PATIENCE)).fetchone() is not None


def drop_unwanted() -> set[str]:
    """Forget the looks that wait and that nobody waits for any more, as if nobody had asked; returns the keys of those under
    way."""
    over = time.time() - PATIENCE
    with database() as db:
        db.execute(f"DELETE FROM task WHERE state = 'queued' AND {_LOOKS} AND key IN ({_STALE})", (over,))
        rows = db.execute(
            f"SELECT key FROM task WHERE state = 'running' AND {_LOOKS} AND key IN ({_STALE})", (over,)
        ).fetchall()
        _forget_old(db, over)
    return {row["key"] for row in rows}


def forget(key: str) -> None:
    """Forget a look that was ended because nobody waited for it: who comes back asks again."""
    with database() as db:
        db.execute(f"DELETE FROM task WHERE key = ? AND {_LOOKS}", (key,))


def _forget_old(db: sqlite3.Connection, over: float) -> None:
    db.execute(
        "DELETE FROM wish WHERE at < ? AND key NOT IN (SELECT key FROM task WHERE state IN ('queued', 'running'))",
        (over,),
    )

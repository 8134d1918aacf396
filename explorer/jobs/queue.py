"""The queue, one SQLite table (WAL), and the answers, files named by their question's key."""

import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Generic

import filelock

from explorer import answers, clock, runs, workspaces
from explorer.errors import ExplorerError
from explorer.home import aside, home, keep_below, sweep, with_room
from explorer.jobs import bell, permission, turns
from explorer.jobs.connections import connected, full_is_told
from explorer.question import A, Question, restored
from explorer.runs import Run
from explorer.runs.life import LIVE, seen
from explorer.runs.question import TrainQuestion

_TABLES = """
CREATE TABLE IF NOT EXISTS task (
    key TEXT PRIMARY KEY, name TEXT, lane TEXT, arguments TEXT, owner TEXT, state TEXT DEFAULT 'queued', progress REAL DEFAULT 0,
    message TEXT DEFAULT '', error TEXT DEFAULT '', cancel INTEGER DEFAULT 0, created REAL, started REAL, finished REAL);
CREATE INDEX IF NOT EXISTS by_state ON task (state, lane);
CREATE TABLE IF NOT EXISTS beat (who TEXT PRIMARY KEY, pid INTEGER, at REAL, state TEXT, starts INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS wish (key TEXT, owner TEXT, at REAL, PRIMARY KEY (key, owner));
CREATE TABLE IF NOT EXISTS at_once (lane TEXT PRIMARY KEY, trainings INTEGER);
"""
_MADE: set[Path] = set()
"""Files whose tables this process has seen to."""


@dataclass(frozen=True)
class Answer(Generic[A]):
    """How a question stands: `state` is queued, running, done, failed or cancelled; `ahead` counts the tasks before it, `started`
    is when it was taken up (seconds since the epoch)."""

    question: Question[A]
    state: str
    progress: float = 0.0
    message: str = ""
    error: str = ""
    ahead: int = 0
    started: float = 0.0

    @property
    def waiting(self) -> bool:
        """Whether it may still change by itself."""
        return self.state in ("queued", "running")

    def value(self) -> A:
        """The result (`done` only)."""
        return answers.load(self.question.path)


@contextmanager
def database() -> Iterator[sqlite3.Connection]:
    """A connection in which each statement is a transaction of its own; the file is made where it is missing. Fetch what is asked
    for within the block."""
    path = home() / "state.db"
    try:
        if path not in _MADE or not path.exists():
            with_room(lambda: _make(path))
            _MADE.add(path)
        with connected(path) as connection:
            yield connection
    except (OSError, sqlite3.DatabaseError) as error:
        more = ", or delete the file where it is damaged: it holds only waiting tasks, no runs"
        raise workspaces.refused(f"The queue {path.name} cannot be used", path.parent, error, more) from error


@full_is_told()
def _make(path: Path) -> None:
    """Make the file aside, so that another process finds it with its tables or not at all; one of an earlier version gets those
    that it lacks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(path.with_name("state.lock")):
        if path.exists():
            with closing(sqlite3.connect(path, timeout=10)) as connection:
                connection.execute("SELECT count(*) FROM task")  # raises for a damaged file, which is told, not filled
                connection.executescript(_TABLES)
            return
        with aside(path) as part, closing(sqlite3.connect(part)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.executescript(_TABLES)


def result(question: Question[A], owner: str = "", retry: bool = False) -> Answer[A]:
    """How `question` stands; queues it where nobody asked before (or, with `retry`, where it failed). Raises ExplorerError for
    what who is looking may not ask."""
    permission.require(question)
    if question.path.is_file():
        return Answer(question, "done", 1.0)
    with database() as db:
        row = db.execute("SELECT * FROM task WHERE key = ?", (question.key,)).fetchone()
        stale = row is not None and (row["state"] == "done" or (retry and row["state"] in ("failed", "cancelled")))
        if stale:
            db.execute("DELETE FROM task WHERE key = ?", (question.key,))
        if row is None or stale:
            db.execute(
                "INSERT OR IGNORE INTO task (key, name, lane, arguments, owner, created) VALUES (?, ?, ?, ?, ?, ?)",
                (question.key, question.name(), question.lane, question.stored(), owner, clock.later()),
            )
            bell.ring()
            row = db.execute("SELECT * FROM task WHERE key = ?", (question.key,)).fetchone()
        return _answer(db, question, row)


def status(question: Question[A]) -> Answer[A] | None:
    """How `question` stands, without queueing it; None where nobody asked. Raises ExplorerError as `result` does."""
    permission.require(question)
    if question.path.is_file():
        return Answer(question, "done", 1.0)
    with database() as db:
        row = db.execute("SELECT * FROM task WHERE key = ?", (question.key,)).fetchone()
        return None if row is None else _answer(db, question, row)


def _answer(db: sqlite3.Connection, question: Question[A], row: sqlite3.Row) -> Answer[A]:
    ahead = len(turns.before(db, question.lane, question.key)) if row["state"] == "queued" else 0
    return Answer(question, row["state"], row["progress"], row["message"], row["error"], ahead, row["started"] or 0.0)


def cancel(question: Question[Any]) -> None:
    """Ask for a task to end: at once where it waits, within a second where it runs. ExplorerError for what is another's."""
    permission.require_change(question)
    with database() as db:
        db.execute("UPDATE task SET cancel = 1 WHERE key = ?", (question.key,))
        db.execute(
            "UPDATE task SET state = 'cancelled', finished = ? WHERE key = ? AND state = 'queued'",
            (time.time(), question.key),
        )
        gone = db.execute("SELECT state FROM task WHERE key = ?", (question.key,)).fetchone()
    bell.ring()
    if gone is not None and gone["state"] == "cancelled" and isinstance(question, TrainQuestion):
        with workspaces.everything():  # it may be the presenter who asks
            runs.close(question.run, "stopped")


def waiting() -> set[str]:
    """The lanes in which a task waits; a cheap look before `claim`, which writes."""
    with database() as db:
        return {row["lane"] for row in db.execute("SELECT DISTINCT lane FROM task WHERE state = 'queued'")}


def claim(lane: str, only: Collection[str] = (), but: Collection[str] = ()) -> Question[Any] | None:
    """Take the next task of a lane, by the order of `explorer.jobs.turns`: with `only`, of the questions of these names, and not
    those of the keys in `but`."""
    with database() as db:
        if only and turns.line(db, lane, only, but).next() is None:
            return None  # asked at every tick while others wait; only what is there is worth a lock
        db.execute("BEGIN IMMEDIATE")  # nobody else takes it meanwhile
        row = db.execute(
            "UPDATE task SET state = 'running', started = ? WHERE key = ? RETURNING key, name, arguments",
            (clock.later(), turns.line(db, lane, only, but).next()),
        ).fetchone()
        db.execute("COMMIT")
        if row is None:
            return None
        try:
            return restored(row["name"], row["arguments"])
        except (ExplorerError, ValueError) as error:  # another version of Thaw asked it
            why = f"{error} It was asked by another version of Thaw; ask once more."
            db.execute(
                "UPDATE task SET state = 'failed', error = ?, finished = ? WHERE key = ?",
                (why, time.time(), row["key"]),
            )
            return None


def note(question: Question[Any], **columns: Any) -> None:
    """Record how a task goes (the worker's side)."""
    with database() as db:
        names = ", ".join(f"{name} = ?" for name in columns)
        db.execute(f"UPDATE task SET {names} WHERE key = ?", (*columns.values(), question.key))


def put_back(question: Question[Any]) -> None:
    """Let a task wait again that was taken and not done, unless it was cancelled meanwhile."""
    with database() as db:
        db.execute(
            """UPDATE task SET state = CASE cancel WHEN 1 THEN 'cancelled' ELSE 'queued' END, started = NULL, progress = 0,
               message = '' WHERE key = ? AND state = 'running'""",
            (question.key,),
        )


def cancelled() -> set[str]:
    """The keys of running tasks that somebody asked to end."""
    with database() as db:
        return {row["key"] for row in db.execute("SELECT key FROM task WHERE state = 'running' AND cancel = 1")}


def answers_about(names: Iterable[str]) -> list[Path]:
    """The stored answers to questions whose fields name one of these (runs, data sets), and those of which the queue does not
    know any more what was asked."""
    with database() as db:
        rows = db.execute("SELECT key, name, arguments FROM task").fetchall()
    wanted = tuple(names)
    others = {f"{row['name']}-{row['key']}.npz" for row in rows if not any(name in row["arguments"] for name in wanted)}
    return [path for path in (home() / "cache").glob("*.npz") if path.name not in others]


def lost(run: Run) -> Run:
    """A run that reads queued or running is interrupted where no task stands for it any more, and no process of the command
    line carries it out."""
    if run.state not in LIVE:
        return run
    answer = status(TrainQuestion(run=run.id))
    if answer is not None and answer.waiting:
        return run
    fresh = runs.read(run.id)
    state = seen(fresh.state, runs.carried_out(fresh), waits=False)
    if state == fresh.state:
        return fresh
    reason = (answer.error if answer else "") or "The worker no longer knows this run."
    return replace(run, state=state, error=reason)


def trim(limit: float = 2e9, days: float = 14) -> None:
    """Keep the cache below `limit` bytes, least recently written first, and forget tasks older than `days`."""
    sweep(home() / "cache")
    keep_below(limit, (home() / "cache").glob("*.npz"))
    with database() as db:
        db.execute("DELETE FROM task WHERE finished < ?", (time.time() - days * 86400,))

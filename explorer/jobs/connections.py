"""Open connections to the queue's file, kept for the next question: a question takes microseconds, opening the file for it a
hundred times as long, and closing the last connection writes the file's log back and deletes it."""

import errno
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from explorer.home import with_room

MOST = 8  # that stay open in a process while nobody asks
PATIENCE = 10.0  # seconds to wait for who else writes
_FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE)  # the latter where the index of its log finds no room
_LOCK = threading.Lock()
_IDLE: list[tuple[object, sqlite3.Connection]] = []


@contextmanager
def connected(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to the file that is at `path` now, for one thread at a time; after an error it is closed. Raises OSError where
    there is no file, and sqlite3.DatabaseError."""
    mark = _mark(path)
    connection = _idle(mark) or _opened(path)
    try:
        yield connection
    except BaseException:
        connection.close()
        raise
    _keep(mark, connection)


def _mark(path: Path) -> object:
    """This process and this file as it is: one that was replaced or written over is opened again, and says so if it is damaged.
    What is asked and noted goes to the log beside it, so that the file itself changes once in some thousand times."""
    facts = path.stat()
    return os.getpid(), facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, path


def _idle(mark: object) -> sqlite3.Connection | None:
    with _LOCK:
        place = next((k for k in reversed(range(len(_IDLE))) if _IDLE[k][0] == mark), None)
        return None if place is None else _IDLE.pop(place)[1]


class _Roomy(sqlite3.Connection):
    """One whose statements are tried once more where the disk is full and deleted runs could go; OSError where it stays full."""

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        within, execute = self.in_transaction, super().execute

        def once() -> sqlite3.Cursor:
            if within and not self.in_transaction:  # taken back as a whole: whoever began it begins again
                raise sqlite3.OperationalError("the transaction was rolled back: the disk was full")
            with full_is_told():
                return execute(sql, parameters)

        return with_room(once)


@contextmanager
def full_is_told() -> Iterator[None]:
    """A full disk, for which SQLite has an error of its own, as the OSError that others raise; so `with_room` knows it."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode not in _FULL:
            raise
        raise OSError(errno.ENOSPC, str(error)) from error


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False, factory=_Roomy)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA synchronous=NORMAL")
    return connection


def _keep(mark: object, connection: sqlite3.Connection) -> None:
    """Let the next one have it, or close it: the oldest where there are too many, and one with an open transaction."""
    if connection.in_transaction:
        connection.close()
        return
    with _LOCK:
        _IDLE.append((mark, connection))
        over = [_IDLE.pop(0)[1] for _ in range(len(_IDLE) - MOST)]
    for old in over:
        old.close()

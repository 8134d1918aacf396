"""Connections to the queue's file are kept and given on, and never to another file."""

import sqlite3
import threading
from pathlib import Path

import pytest

from explorer import jobs
from explorer.errors import ExplorerError
from explorer.jobs import connections
from explorer.jobs.connections import connected
from explorer.jobs.queue import database


@pytest.fixture(autouse=True)
def none_idle() -> None:
    connections._IDLE.clear()


def file(tmp_path: Path) -> Path:
    path = tmp_path / "some.db"
    sqlite3.connect(path).close()
    path.touch()
    return path


def test_one_after_the_other_has_the_same_and_two_at_once_have_two(tmp_path: Path) -> None:
    path = file(tmp_path)
    with connected(path) as first:
        pass
    with connected(path) as again, connected(path) as beside:
        assert again is first and beside is not first
    with connected(path) as last:
        assert last is first


def test_a_file_that_was_replaced_is_opened_anew(tmp_path: Path) -> None:
    path = file(tmp_path)
    with connected(path) as db:
        db.execute("CREATE TABLE old (x)")
    path.unlink()
    with pytest.raises(FileNotFoundError), connected(path):
        pass
    file(tmp_path)
    with connected(path) as db:
        assert not db.execute("SELECT * FROM sqlite_master").fetchall()


def test_after_an_error_or_within_a_transaction_it_is_not_given_on(tmp_path: Path) -> None:
    path = file(tmp_path)
    with pytest.raises(sqlite3.OperationalError), connected(path) as broken:
        broken.execute("SELECT * FROM nothing")
    with connected(path) as begun:
        assert begun is not broken
        begun.execute("BEGIN")
    assert not connections._IDLE
    with connected(path) as db:
        db.execute("CREATE TABLE free (x)")  # nobody holds a lock


def test_many_threads_ask_at_once_and_few_connections_stay(home: Path) -> None:
    with pytest.raises(ExplorerError), database() as db:
        db.execute("SELECT * FROM nothing")
    found: list[str] = []

    def ask(n: int) -> None:
        for k in range(20):
            jobs.beat(f"{n}", f"said {k}")
            found.append(jobs.alive(f"{n}").last_state)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(f"said {k}" for k in range(20) for _ in range(24))
    assert 0 < len(connections._IDLE) <= connections.MOST

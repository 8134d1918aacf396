"""What is said where the disk does not take something: the folder to whoever has the machine, and to nobody else."""

import errno
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from explorer import jobs, uploads, workspaces
from explorer.answers import save
from explorer.errors import ExplorerError
from explorer.evidence import Score
from explorer.home import home

A, PRESENTER = (workspaces.mark_of(letter * 32) for letter in "ab")
FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
CLOSED = OSError(errno.EACCES, os.strerror(errno.EACCES))


def said(error: Exception) -> str:
    """What is said of the picture that the disk does not take."""
    return str(workspaces.refused("The picture cannot be kept", home(), error))


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shared server with a presenter."""
    monkeypatch.setenv("THAW_SHARED", "1")
    assert workspaces.appoint(PRESENTER, workspaces.token())


@pytest.mark.parametrize("error", [FULL, CLOSED])
def test_whoever_has_the_machine_is_told_the_folder_and_the_setting(error: OSError) -> None:
    assert str(home()) in said(error) and "set THAW_HOME" in said(error)
    assert str(error.strerror) in said(error) and "What was stored before is untouched" in said(error)


def test_so_is_the_presenter_of_a_shared_server(shared: None) -> None:
    with workspaces.acting(PRESENTER):
        assert str(home()) in said(FULL) and "set THAW_HOME" in said(FULL)


@pytest.mark.parametrize("error", [FULL, CLOSED, sqlite3.OperationalError("database or disk is full")])
def test_a_visitor_is_told_what_they_can_do(shared: None, error: Exception) -> None:
    with workspaces.acting(A):
        words = said(error)
    assert str(home()) not in words and "THAW_HOME" not in words
    assert "Delete runs, sets or pictures of yours" in words and "tell whoever runs the server" in words
    assert ("disk is full" in words) == (error is not CLOSED)
    assert said(error) == words, "the worker speaks to visitors"


KEEPING: dict[str, Callable[[], Any]] = {
    "a picture": lambda: uploads.keep(b"\x89PNG"),
    "an answer": lambda: save(Score(3, 2), home() / "cache" / "x.npz"),
}


@pytest.mark.parametrize("what", KEEPING)
def test_what_a_visitor_keeps_names_no_folder(what: str, shared: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise FULL

    monkeypatch.setattr(Path, "replace", refuse)
    with workspaces.acting(A), pytest.raises(ExplorerError, match="the server's disk is full") as told:
        KEEPING[what]()
    assert str(home()) not in str(told.value)


def test_the_queue_names_no_folder(shared: None) -> None:
    with (
        workspaces.acting(A),
        pytest.raises(ExplorerError, match="queue state.db cannot be used") as told,
        jobs.database(),
    ):
        raise sqlite3.OperationalError("database or disk is full")
    assert str(home()) not in str(told.value) and "delete the file" not in str(told.value)

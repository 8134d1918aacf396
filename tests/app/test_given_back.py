"""Sessions that nobody came back to are let go while the server stands still, and freed memory goes back."""

import asyncio
import tomllib
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
from streamlit import runtime
from streamlit.runtime.memory_session_storage import MemorySessionStorage

from explorer.app import memory
from explorer.bundle import PACKAGE


class Manager:
    """Streamlit's sessions as its manager holds them: in a store that forgets after a time."""

    def __init__(self) -> None:
        self._session_storage = MemorySessionStorage(ttl_seconds=60)

    def list_sessions(self) -> list[Any]:
        return self._session_storage.list()


def test_a_session_that_was_left_is_forgotten_without_another_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    manager, clock = Manager(), [0.0]
    monkeypatch.setattr(manager._session_storage._cache, "_timer", lambda: clock[0])
    monkeypatch.setattr(runtime, "get_instance", lambda: SimpleNamespace(_session_mgr=manager))
    for name in "ab":
        manager._session_storage.save(SimpleNamespace(session=SimpleNamespace(id=name)))
    assert memory.forget_sessions() == 2
    clock[0] = 61.0
    held = manager._session_storage._cache._data
    assert len(held) == 2, (
        "Streamlit itself forgets when the next session ends; when this fails, drop explorer/app/memory.py"
    )
    assert memory.forget_sessions() == 0 and not held


def test_without_a_runtime_or_such_a_c_library_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "get_instance", lambda: SimpleNamespace())
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: SimpleNamespace())
    assert memory.forget_sessions() == 0
    memory.bound()
    memory.give_back()


def test_what_a_class_has_drawn_is_forgotten_once_when_the_last_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    here, done, drawn = [0, memory.A_CLASS, 1, 0, 0, 1, 0], [], []

    @st.cache_resource
    def figure(number: int) -> int:
        drawn.append(number)
        return number

    def sessions() -> int:
        if not here:
            raise asyncio.CancelledError
        done.append(figure(1))
        return here.pop(0)

    monkeypatch.setattr(memory, "PERIOD", 0.0)
    monkeypatch.setattr(memory, "forget_sessions", sessions)
    monkeypatch.setattr(memory, "bound", lambda: None)
    monkeypatch.setattr(memory, "give_back", lambda: None)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(memory.keep_small())
    assert len(done) == 7 and drawn == [1, 1], "drawn again after the class, and not after the one who came later"


def test_the_heap_is_collected_while_somebody_is_here_and_given_back_when_they_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Instead of after each rerun: Streamlit's own collection is switched off."""
    here, done = [0, 2, 2, 1, 0], []

    def sessions() -> int:
        if not here:
            raise asyncio.CancelledError
        return here.pop(0)

    monkeypatch.setattr(memory, "PERIOD", 0.0)
    monkeypatch.setattr(memory, "forget_sessions", sessions)
    monkeypatch.setattr(memory, "bound", lambda: None)
    monkeypatch.setattr(memory, "give_back", lambda: done.append("given back"))
    monkeypatch.setattr(memory.gc, "collect", lambda: done.append("collected"))
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(memory.keep_small())
    assert done == ["collected", "collected", "given back", "given back"], "two visitors: what was drawn is kept"
    settings = tomllib.loads((PACKAGE.parent / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert settings["runner"]["postScriptGC"] is False

"""Sessions that nobody came back to are let go while the server stands still, and freed memory goes back."""

from types import SimpleNamespace
from typing import Any

import pytest
from streamlit import runtime
from streamlit.runtime.memory_session_storage import MemorySessionStorage

from explorer.app import memory


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
        manager._session_storage.save(SimpleNamespace(session=SimpleNamespace(id=name)))  # type: ignore[arg-type]
    assert memory.forget_sessions() == 2
    clock[0] = 61.0
    held = manager._session_storage._cache._data  # type: ignore[attr-defined]
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

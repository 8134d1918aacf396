"""The server's memory: what visitors took goes back to the machine after they left.

Streamlit keeps a session for two minutes after its page was closed, in case it comes back, but looks which are over only when the
next session ends (1.67): after a class the last ones stay. Its caches keep the figures that were drawn for a class. And the C
library keeps what was freed, in one heap for each thread.
"""

import asyncio
import ctypes
import gc
from contextlib import suppress
from typing import Any

import streamlit as st
from streamlit import runtime

PERIOD = 15.0  # seconds between two looks
A_CLASS = 4  # visitors at a time; what fewer have drawn is kept for when they come back
_ARENAS, _MOST_ARENAS = -8, 2  # mallopt's M_ARENA_MAX, of glibc


def bound() -> None:
    """Have all threads share two heaps, so that what one freed another can use. Only glibc has such heaps."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_ARENAS, _MOST_ARENAS)


def give_back() -> None:
    """Collect what is no longer used and hand it back to the machine."""
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def forget_drawn() -> None:
    """Empty Streamlit's caches, of figures, answers and pictures: all are made again from files when they are asked for."""
    st.cache_resource.clear()
    st.cache_data.clear()


def forget_sessions() -> int:
    """Let go of the sessions to which nobody came back in time; how many there are now. To be called on the server's loop."""
    with suppress(AttributeError, RuntimeError):  # another Streamlit may keep them elsewhere, a test has no runtime
        manager: Any = runtime.get_instance()._session_mgr
        manager._session_storage._cache.expire()
        return len(manager.list_sessions())
    return 0


async def keep_small() -> None:
    """From now on, look every few seconds, for ever. What is no longer used is collected as long as somebody is here: Streamlit's
    own collection after each rerun is switched off (`.streamlit/config.toml`), since it holds up all who click meanwhile."""
    bound()
    before, most = 0, 0
    while True:
        await asyncio.sleep(PERIOD)
        now = forget_sessions()
        most = max(most, now)
        if not now and most >= A_CLASS:
            forget_drawn()
            most = 0
        if now < before:
            await asyncio.to_thread(give_back)
        elif now:
            await asyncio.to_thread(gc.collect)
        before = now

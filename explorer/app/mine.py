"""The runs that were started from this browser, known after a reload: browser.js keeps a random name in a cookie, and what was
started under it stands in a file here, which is named by the name's hash."""

import hashlib
import re
from contextlib import suppress
from pathlib import Path

import streamlit as st

from explorer.home import home

COOKIE = "thaw_browser"
MOST = 1000  # runs of one browser, the latest


def own_runs() -> list[str]:
    """Ids of the runs that this browser started, the earliest first; some may be deleted by now. Without a cookie, those of
    this session."""
    if "own_runs" not in st.session_state:
        st.session_state["own_runs"] = _read(_file())
    return st.session_state["own_runs"]


def note_own(run: str) -> None:
    """Remember that this browser started a run. Where the disk does not take it, the session still knows."""
    known, file = own_runs(), _file()
    if run in known:
        return
    known.append(run)
    if file is not None:
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("a", encoding="utf-8") as lines:
                lines.write(f"{run}\n")


def _file() -> Path | None:
    name = str(st.context.cookies.get(COOKIE, ""))
    if not re.fullmatch("[0-9a-f]{32}", name):
        return None
    return home() / "browsers" / hashlib.sha256(name.encode()).hexdigest()[:32]


def _read(file: Path | None) -> list[str]:
    with suppress(OSError, UnicodeDecodeError):
        return file.read_text(encoding="utf-8").split()[-MOST:] if file is not None else []
    return []

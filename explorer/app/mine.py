"""The runs that were started from this browser, known after a reload: browser.js keeps a random name in a cookie."""

import streamlit as st

from explorer.runs.started import note_started, started

COOKIE = "thaw_browser"


def own_runs() -> list[str]:
    """Ids of the runs that this browser started, the earliest first; some may be deleted by now. Without a cookie, those of
    this session."""
    if "own_runs" not in st.session_state:
        st.session_state["own_runs"] = started(_browser())
    return st.session_state["own_runs"]


def note_own(run: str) -> None:
    """Remember that this browser started a run."""
    if run not in own_runs():
        own_runs().append(run)
        note_started(_browser(), run)


def _browser() -> str:
    return str(st.context.cookies.get(COOKIE, ""))

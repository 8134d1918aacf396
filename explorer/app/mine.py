"""The workspace of this browser: browser.js keeps its random name in a cookie, so that it is known after a reload.

On a shared server it is who is looking (`workspaces.viewer`), in every thread that draws a page for it. In local use it
only tells which runs were started here.
"""

import hashlib
import secrets
from contextlib import suppress

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from explorer import workspaces

COOKIE, TOKEN = "thaw_browser", "thaw_presenter"
_NOBODY = hashlib.sha256(b"nobody").hexdigest()[:32]
"""Who owns nothing: a thread of the server that draws for no visitor."""


def workspace_name() -> str:
    """The name that opens this workspace, which only its visitor is to know. Without a cookie it lasts as long as the tab."""
    if known := st.session_state.get("workspace_name"):
        return known
    given = str(st.context.cookies.get(COOKIE, ""))
    try:
        workspaces.mark_of(given)
    except ValueError:
        given = workspaces.new_name()
        st.session_state["workspace_fleeting"] = True
    st.session_state["workspace_name"] = given
    return given


def fleeting() -> bool:
    """Whether the browser refuses to keep the workspace's name."""
    workspace_name()
    return bool(st.session_state.get("workspace_fleeting", False))


def mark() -> str:
    """What the server calls this workspace."""
    return workspaces.mark_of(workspace_name())


def looking() -> str:
    """The workspace for which this thread works."""
    return mark() if get_script_run_ctx(suppress_warning=True) is not None else _NOBODY


def enter() -> None:
    """A page opens: note that somebody is here, and make them the presenter where their browser shows the token for this very
    workspace, as browser.js keeps it."""
    workspaces.install(looking)
    if not workspaces.shared():
        return
    workspaces.note_visit(mark())
    shown, _, name = str(st.context.cookies.get(TOKEN, "")).rpartition(":")
    if shown and name == workspace_name() and not workspaces.is_presenter(mark()):
        workspaces.appoint(mark(), shown)


def presents() -> bool:
    """Whether this visitor is the presenter of a shared server."""
    return workspaces.shared() and workspaces.is_presenter(mark())


def given_to(name: str, text: str, seal: str) -> bool:
    """Whether a page gave this (the address of pictures) to the workspace whose browser asks; in local use everybody may."""
    if not workspaces.shared():
        return True
    with suppress(ValueError):
        return secrets.compare_digest(seal.encode(), workspaces.seal(workspaces.mark_of(name), text).encode())
    return False


def own_runs() -> list[str]:
    """Ids of the runs that this browser started, the earliest first; some may be deleted by now. Without a cookie, those of
    this session."""
    return workspaces.owned(mark(), "runs")


def note_own(run: str) -> None:
    """Remember that this browser started a run. On a shared server it is theirs since it was made, or it is another's: a lesson
    counts a published run too, which is not to become the reader's."""
    if workspaces.shared():
        return
    with suppress(OSError, ValueError):
        workspaces.note(mark(), "runs", run)

"""A folder of the server in a form: its path, and at once what is in it, before anything runs."""

import secrets
from pathlib import Path

import streamlit as st

from explorer import limits
from explorer.app.visitor import choice
from explorer.app.words import safe_md
from explorer.arriving.question import PreviewQuestion
from explorer.arriving.view.preview import preview
from explorer.bundle import page_file


def pick_own() -> str | None:
    """The way to pictures of one's own: a link to the page that takes them in, and a folder of the server, where that is
    allowed, with its preview; all forms share it. Returns the folder's path, None without one."""
    st.page_link(page_file("bring"), label="Bring pictures from your machine", icon=":material/upload:")
    if not limits.server_folders():
        st.caption("Folders of the server are switched off here.")
        return None
    st.session_state["train_folder"] = st.session_state.get("train_folder", "")  # else it counts on one page alone
    typed = st.text_input(
        "Folder on the server",
        key="train_folder",
        persist_state="session",
        placeholder="/path/with/one/sub-folder/per/class",
        help="One sub-folder per class, with or without train/ and val/ or test/ above.",
    ).strip()
    if not typed:
        return None
    typed = str(Path(typed).expanduser().absolute())
    with st.expander(f"What is in {safe_md(typed.rstrip('/').rpartition('/')[2])}", expanded=True, key="train_preview"):
        _, st.session_state["train_labels_shown"] = preview(PreviewQuestion(folder=typed, at=_at(typed)), "train")
        st.button("Look again", icon=":material/refresh:", key="train_look", on_click=_look_again, args=(typed,))
    return typed


def labels_of() -> str:
    """Where the classes of the folder of one's own are read from; other data sets know that themselves."""
    shown = st.session_state.get("train_labels_shown", "folders")
    return shown if choice().dataset == "folder" else "folders"


def _at(folder: str) -> str:
    """A mark of when this visitor looked at the folder: it changes with *Look again*."""
    marks = st.session_state.setdefault("folders_seen", {})
    return marks.setdefault(folder, secrets.token_hex(4))


def _look_again(folder: str) -> None:
    st.session_state.setdefault("folders_seen", {}).pop(folder, None)

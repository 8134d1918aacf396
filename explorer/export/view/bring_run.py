"""*Bring a run*: a run that another Thaw exported, opened here."""

import streamlit as st

from explorer.app.labels import run_label
from explorer.app.words import safe_md
from explorer.errors import ExplorerError
from explorer.export import archive, incoming
from explorer.runs import read

MOST_MEGABYTES = 1000


def offer_run() -> None:
    """A button that takes a ZIP, and the outcome."""
    with st.popover("Bring a run", icon=":material/upload:", key="bring_run"):
        st.caption(
            "The ZIP that *Take it away* → *The run* makes, from any Thaw. Its numbers, predictions and network come along."
        )
        st.file_uploader(
            "A run's ZIP", type=["zip"], key="bring_run_file", max_upload_size=MOST_MEGABYTES, on_change=_take
        )
        st.caption("Pictures do not: looks that show them need the data set on this machine too.")
    told = st.session_state.get("bring_run_told")
    if told:
        good, words = told
        (st.success if good else st.error)(safe_md(words), icon=":material/check:" if good else ":material/error:")


def _take() -> None:
    given = st.session_state.get("bring_run_file")
    if given is None:
        st.session_state.pop("bring_run_told", None)
        return
    try:
        run = archive.bring(incoming.path(incoming.keep(given)), given.name)
        st.session_state["bring_run_told"] = True, f"Here now: {run_label(read(run))}"
    except ExplorerError as error:
        st.session_state["bring_run_told"] = False, str(error)

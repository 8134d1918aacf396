"""What this visitor has learned: kept in the session, mirrored in the address, deeds read off the runs they started."""

import streamlit as st

from explorer.app.asking import all_runs
from explorer.app.visitor import carry
from explorer.app.words import safe_md
from explorer.course import progress
from explorer.course.progress import Progress
from explorer.runs.life import OVER

FIELD = "learned"  # in the address


def kept() -> Progress:
    """What the visitor has learned so far."""
    return st.session_state.get("progress", Progress())


def keep(found: Progress) -> None:
    """Replace it; the address bar follows at once."""
    st.session_state["progress"] = found
    _mirror()


def _mirror() -> None:
    text = progress.to_address(kept())
    carry(**({FIELD: text} if text else {}))
    st.session_state.setdefault("progress_written", set()).add(text)
    if text and st.query_params.get(FIELD) != text:
        st.query_params[FIELD] = text
    elif not text and FIELD in st.query_params:
        del st.query_params[FIELD]


def recall() -> None:
    """Open a page: add what a new address brings and what the visitor's runs have done since; before the page runs.

    An address that this session wrote itself brings nothing: going back after *Start over* does not bring it back.
    """
    text = st.query_params.get(FIELD, "")
    if text and text not in st.session_state.get("progress_written", ()):
        found, note = progress.from_address(text)
        st.session_state["progress"] = kept() | found
        if note:
            st.warning(safe_md(note), icon=":material/link_off:")
    note_deeds()
    _mirror()


def note_deeds() -> None:
    """Add what those of the visitor's runs prove that have come to their end since the last look."""
    own = set(st.session_state.get("started_runs", ()))
    over = st.session_state.setdefault("runs_over", set())
    if not own - over:
        return
    known = [run for run in all_runs() if run.id in own]
    ended = {run.id for run in known if run.state in OVER} | (own - {run.id for run in known})
    if ended - over:
        over |= ended
        forgotten = st.session_state.get("runs_forgotten", ())
        keep(kept() | Progress(deeds=progress.deeds([run for run in known if run.id not in forgotten])))


def note_visit(page: str) -> None:
    """A page has been shown to its end: where it showed two different runs, that is a deed."""
    a, b = st.session_state.get("pick_a"), st.session_state.get("pick_b")
    deed = progress.VISITS.get(page)
    if deed and a and b and a != b and deed not in kept().deeds:
        keep(kept() | Progress(deeds=frozenset({deed})))


def start_over() -> None:
    """Forget it all; `undo` brings it back. Runs stay, but what they proved counts no longer."""
    st.session_state["progress_before"] = kept()
    st.session_state["runs_forgotten"] = set(st.session_state.get("runs_over", ()))
    keep(Progress())


def undo() -> None:
    """What there was before *Start over*, and what came since."""
    keep(kept() | st.session_state.pop("progress_before", Progress()))

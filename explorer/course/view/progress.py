"""What this visitor has learned: kept in their browser and in the session, achievements read off the runs they started."""

import streamlit as st

from explorer.app.asking import all_runs
from explorer.app.words import safe_md
from explorer.course import progress
from explorer.course.progress import Progress
from explorer.course.view.browser_store import next_round, show_store
from explorer.runs import is_sample
from explorer.runs.life import OVER
from explorer.workspaces import remembered

FIELD = "learned"  # of an exported link
SHOWN_ON = ("lessons", "concepts", "glossary")  # pages that show progress


def current() -> Progress:
    """What the visitor has learned so far."""
    return st.session_state.get("progress", Progress())


def keep(found: Progress) -> None:
    """Replace it; the browser is told with the next drawing of the page (`remember`)."""
    st.session_state["progress"] = found


def recall(page: str) -> None:
    """Open a page, before it runs (it may stop early): add what the visitor's runs have done since, tell the browser what is
    known, and show what an exported link brings."""
    if "progress_recalled" not in st.session_state:  # on a shared server it goes along to another device
        st.session_state["progress_recalled"] = True
        brought = progress.from_address(remembered.recall(FIELD))[0]
        if brought != Progress():
            keep(current() | brought)
    note_achievements()
    _tell_browser("before", page in SHOWN_ON)
    _offer(st.query_params.get(FIELD, ""))


def remember() -> None:
    """At the end of a page: the browser keeps what it brought, and the workspace. No rerun, which would take the page's notes
    away."""
    remembered.remember(FIELD, progress.to_address(current()))
    if current() != st.session_state["progress_told"]:
        _tell_browser("after", False)


def _tell_browser(when: str, shown: bool) -> None:
    st.session_state["progress_told"] = current()
    with st.container(key=f"unseen_progress_{when}"):
        _meet_browser(when, shown)


@st.fragment
def _meet_browser(when: str, shown: bool) -> None:
    """The browser's answer redraws this alone, so that notes on the page stay; the page too where it shows progress."""
    if shown and current() != st.session_state["progress_told"]:
        st.rerun()
    show_store(current(), when)


def _offer(text: str) -> None:
    """Progress in a link is somebody's, perhaps another's: it is added only when the visitor says so."""
    decided = st.session_state.setdefault("progress_decided", set())
    if not text or text in decided:
        return
    found, note = progress.from_address(text)
    if note:
        st.warning(safe_md(note), icon=":material/link_off:")
    new = (
        len(found.passed - current().passed)
        + len(found.achievements - current().achievements)
        + (found.unlocked and not current().unlocked)
    )
    if not new:
        return
    with st.container(border=True, key="progress_offered"):
        st.markdown(
            f":material/move_to_inbox: **This link holds progress** (checks: {len(found.passed)}, "
            f"deeds: {len(found.achievements)}), {new} of it new here. Is it yours?"
        )
        with st.container(horizontal=True):
            st.button("Add it to mine", key="progress_add", on_click=_decide, args=(text, found), type="primary")
            st.button("Leave it out", key="progress_leave", on_click=_decide, args=(text, Progress()))


def _decide(text: str, found: Progress) -> None:
    st.session_state["progress_decided"].add(text)
    keep(current() | found)
    if FIELD in st.query_params:
        del st.query_params[FIELD]


def note_achievements() -> None:
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
        keep(
            current() | Progress(achievements=progress.achievements([run for run in known if run.id not in forgotten]))
        )


def note_visit(page: str) -> None:
    """A page has been shown to its end: with two different runs, that is an achievement, but for the pair that ships."""
    a, b = st.session_state.get("pick_a"), st.session_state.get("pick_b")
    achievement = progress.VISITS.get(page)
    if (
        achievement
        and a
        and b
        and a != b
        and achievement not in current().achievements
        and not (is_sample(a) and is_sample(b))
    ):
        keep(current() | Progress(achievements=frozenset({achievement})))


def start_over() -> None:
    """Forget it all; `undo` brings it back. Runs stay, but what they proved counts no longer."""
    st.session_state["progress_before"] = current()
    st.session_state["runs_forgotten"] = set(st.session_state.get("runs_over", ()))
    next_round()
    keep(Progress())


def undo() -> None:
    """What there was before *Start over*, and what came since."""
    next_round()
    keep(current() | st.session_state.pop("progress_before", Progress()))

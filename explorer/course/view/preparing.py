"""Before a class: the runs that the lesson shows, trained all at once, so that nobody waits for them in front of people."""

from collections.abc import Sequence

import streamlit as st

from explorer import jobs
from explorer.app.asking import all_runs, finished
from explorer.app.presenting import presenting
from explorer.app.words import safe_md
from explorer.course import lesson_runs
from explorer.errors import ExplorerError
from explorer.runs import Run
from explorer.runs.life import LIVE
from explorer.training.view.estimates import await_speed, estimate, speed_of, time_words
from explorer.training.view.starting import start


def offer_preparing() -> None:
    """A button of a box: which of the lesson's runs are still to be trained, how long that takes, and *Train them now*. Not for
    those who present: then it is too late."""
    if presenting():
        return
    box = st.popover("Before a class", icon=":material/co_present:", key="lesson_prepare", on_change="rerun")
    if box.open:  # told only then: listing runs and telling times cost time
        with box:
            _prepare(all_runs())


def _prepare(everything: Sequence[Run]) -> None:
    wanted, live = lesson_runs.missing(everything), _live(everything)
    total = len(lesson_runs.NAMES)
    there = total - len(wanted) - len(live)
    st.markdown(f"**{there} of the {total} runs that this lesson shows exist already.**")
    if problem := st.session_state.get("lesson_prepare_error"):
        st.error(safe_md(problem, 400), icon=":material/error:")
    if live:
        _follow(live)
    if wanted:
        st.markdown(f"Left to train: {'; '.join(lesson_runs.NAMES[word] for word in wanted)}.")
        _tell_time(wanted)
        st.button("Train them now", type="primary", icon=":material/play_arrow:", key="lesson_prepare_start",
                  on_click=_start, args=(tuple(wanted),))  # fmt: skip
    elif not live:
        st.caption("In class every step shows its runs at once. Guesses still come first: nothing is given away.")


def _live(everything: Sequence[Run]) -> list[Run]:
    """The lesson's runs that wait or are under way."""
    recipes = [lesson_runs.recipe_of(word) for word in lesson_runs.NAMES]
    return [now for run in everything if run.recipe in recipes and (now := jobs.lost(run)).state in LIVE]


def _tell_time(wanted: Sequence[str]) -> None:
    recipes = [lesson_runs.recipe_of(word) for word in wanted]
    unknown = [recipe for recipe in recipes if speed_of(recipe) is None]
    if unknown:
        if await_speed(unknown[0]):
            st.caption(
                ":material/timer: How long it takes will be shown in a moment: this machine's speed is being measured."
            )
        return
    known = finished()
    took = [seconds for recipe in recipes if (seconds := estimate(recipe, known)) is not None]
    if len(took) == len(recipes):
        st.caption(f":material/timer: It takes **{time_words(sum(took))}** on this machine.")


def _start(wanted: Sequence[str]) -> None:
    st.session_state.pop("lesson_prepare_error", None)
    try:
        for word in wanted:
            start(lesson_runs.recipe_of(word), by_visitor=False)
    except ExplorerError as error:
        st.session_state["lesson_prepare_error"] = str(error)


def _follow(live: Sequence[Run]) -> None:
    """How many are left; the page is drawn again when the last one has ended."""
    ids = {run.id for run in live}

    @st.fragment(run_every=2.0)
    def left() -> None:
        now = [run for run in _live(all_runs()) if run.id in ids]
        if not now:
            st.rerun()
        st.progress(1 - len(now) / len(ids), text=f"{len(now)} of {len(ids)} still to finish. You can close this box.")

    left()

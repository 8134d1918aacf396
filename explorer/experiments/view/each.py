"""A question asked of every finished run of an experiment: what is known, how many still wait, and a button that ends it."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from explorer import answers, jobs
from explorer.app.asking import await_too, error_box, others_await, owner
from explorer.errors import ExplorerError
from explorer.experiments.cells import Sweep
from explorer.question import Question

Asked = Callable[[str], Question[Any]]
"""A run's id → the question."""


def of_each(sweep: Sweep, asked: Asked, what: str) -> tuple[dict[str, Any], int, str]:
    """Run → answer, of the finished runs, all of which are asked; how many still wait; what went wrong, if anything."""
    found, waiting, wrong = {}, 0, ""
    for cell in sweep.cells:
        if cell.finished is None:
            continue
        answer = jobs.result(asked(cell.finished.id), owner())
        waiting += answer.waiting
        if answer.state in ("failed", "cancelled"):
            wrong = answer.error or f"{what} was cancelled."
        if answer.state == "done":
            try:
                found[cell.finished.id] = answers.load(answer.question.path)
            except (ExplorerError, OSError) as error:
                wrong = str(error)
    return found, waiting, wrong


def say_rest(sweep: Sweep, asked: Asked, there: int, waiting: int, wrong: str, words: str, key: str) -> None:
    """What went wrong, and while some wait how many there are; the page is drawn again with each."""
    if wrong:
        error_box(wrong, lambda: _again(sweep, asked), key=key)
    if waiting:
        asked_of = [asked(cell.finished.id) for cell in sweep.cells if cell.finished]
        _await(asked_of, there, words, key, f"{key} of {sweep.plan.key}")


def _await(asked: list[Question[Any]], there: int, words: str, key: str, watched: str) -> None:
    @st.fragment(run_every=1.5)
    def poll() -> None:
        await_too(watched)
        states = [jobs.status(one) for one in asked]
        done = sum(state is not None and state.state == "done" for state in states)
        if done != there or not any(state is not None and state.waiting for state in states):
            st.rerun()
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(done / len(asked), text=f"{done} of {len(asked)} {words}")
            st.button("Cancel", icon=":material/close:", key=f"{key}_stop", on_click=_cancel, args=(asked, watched))

    poll()


def _again(sweep: Sweep, asked: Asked) -> None:
    """Ask once more for what failed or was cancelled."""
    for cell in sweep.cells:
        if cell.finished:
            jobs.result(asked(cell.finished.id), owner(), retry=True)


def _cancel(asked: list[Question[Any]], watched: str) -> None:
    """End what waits, unless another visitor follows the same experiment, on runs that were published to both."""
    if others_await(watched):
        return
    for one in asked:
        state = jobs.status(one)
        if state is not None and state.waiting:
            jobs.cancel(one)

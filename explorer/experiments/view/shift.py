"""The shift test: every run scored on spoilt test images too, kind and severity chosen by the reader."""

from functools import partial

import streamlit as st

from explorer import answers, jobs
from explorer.app.address import keep, number
from explorer.app.asking import error_box, owner, predictions
from explorer.app.controls import segments
from explorer.app.drawing import draw, explain
from explorer.catalogue.shifts import SEVEREST, SHIFTS, USUAL
from explorer.errors import ExplorerError
from explorer.evidence import Together, points
from explorer.experiments import shift
from explorer.experiments.cells import Sweep
from explorer.experiments.figures.shift import shift_curves
from explorer.experiments.question import SpoiltQuestion
from explorer.experiments.shift import Held, Spoilt
from explorer.experiments.telling import title_of
from explorer.experiments.view.following import follow


def show_shift(sweep: Sweep) -> None:
    """The whole result of a shift test, as far as it is there."""
    left, right = st.columns(2, gap="large")
    with left:
        kind = segments("Shift", list(SHIFTS), "shift", "shift_kind", format_func=lambda name: SHIFTS[name].title)
    with right:
        keep("severity", "shift_severity", USUAL, number(1, SEVEREST))
        severity = st.slider("Severity", 1, SEVEREST, key="shift_severity", persist_state="session")
    found, waiting, wrong = _answers(sweep)
    follow(sweep, lambda fresh: _figure(fresh, found, kind, severity))
    if wrong:
        error_box(wrong, lambda: _again(sweep), key="shift")
    if waiting:
        _await(sweep, len(found))
    rows = shift.held(sweep, found, kind, severity, predictions)
    if len(rows) > 1:
        _result(rows, kind, severity)


def _answers(sweep: Sweep) -> tuple[dict[str, Spoilt], int, str]:
    """What is known of the finished runs, which are asked for; how many still wait; what went wrong, if anything."""
    found, waiting, wrong = {}, 0, ""
    for cell in sweep.cells:
        if cell.finished is None:
            continue
        answer = jobs.result(SpoiltQuestion(run=cell.finished.id), owner())
        waiting += answer.waiting
        if answer.state in ("failed", "cancelled"):
            wrong = answer.error or "Scoring on spoilt images was cancelled."
        if answer.state == "done":
            try:
                found[cell.finished.id] = answers.load(answer.question.path)
            except (ExplorerError, OSError) as error:
                wrong = str(error)
    return found, waiting, wrong


def _await(sweep: Sweep, there: int) -> None:
    """How many runs are scored on spoilt images; the page is drawn anew with each."""

    @st.fragment(run_every=1.5)
    def poll() -> None:
        asked = [SpoiltQuestion(run=cell.finished.id) for cell in sweep.cells if cell.finished]
        states = [jobs.status(one) for one in asked]
        done = sum(state is not None and state.state == "done" for state in states)
        if done != there or not any(state is not None and state.waiting for state in states):
            st.rerun()
        with st.container(horizontal=True, vertical_alignment="center"):
            st.progress(done / len(asked), text=f"{done} of {len(asked)} runs are scored on spoilt images")
            st.button("Cancel", icon=":material/close:", key="shift_stop", on_click=_cancel, args=(asked,))

    poll()


def _again(sweep: Sweep) -> None:
    """Ask once more for what failed or was cancelled."""
    for cell in sweep.cells:
        if cell.finished:
            jobs.result(SpoiltQuestion(run=cell.finished.id), owner(), retry=True)


def _cancel(asked: list[SpoiltQuestion]) -> None:
    for one in asked:
        state = jobs.status(one)
        if state is not None and state.waiting:
            jobs.cancel(one)


def _figure(sweep: Sweep, found: dict[str, Spoilt], kind: str, severity: int) -> None:
    lines = shift.lines(sweep, found, kind)
    if not lines:
        if sweep.live:
            st.caption("Lines appear when the first run has finished and was scored on spoilt images.")
            st.skeleton(height=380)
        return
    frozen = frozenset(title_of(arm) for arm in lines if not sweep.recipe(arm).tuned)
    n = len(next(iter(found.values())).rows)
    titled = {title_of(arm): values for arm, values in lines.items()}
    plan = partial(shift_curves, titled, frozen, SHIFTS[kind].title, severity, n)
    draw(plan, "shift_curves", code=("explorer/data/shifts.py", "shifted"))


def _result(rows: tuple[Held, ...], kind: str, severity: int) -> None:
    st.header("As they are, and spoilt")
    st.markdown(shift.turned_words(rows, {row.arm: title_of(row.arm) for row in rows}))
    st.table(held_table(rows), hide_index=True, alt="Accuracy of each strategy on test images as they are and spoilt")
    explain(
        f"{SHIFTS[kind].meaning.rstrip('.')} at severity {USUAL}; here severity {severity}. Who keeps a lead?",
        f"p-values are Holm's for {2 * (len(rows) - 1)} differences together. One kind of shift says nothing of another.",
    )


def held_table(rows: tuple[Held, ...]) -> dict[str, list[str]]:
    """One row a strategy."""
    return {
        "Strategy": [title_of(row.arm) for row in rows],
        "As they are": [_accuracy(row, "inside") for row in rows],
        "Spoilt": [_accuracy(row, "outside") for row in rows],
        "Lost, points": [f"{100 * row.drop:.1f}" for row in rows],
        "Over the first, as they are": [_gain(row.over_inside, row.p_inside) for row in rows],
        "Over the first, spoilt": [_gain(row.over_outside, row.p_outside) for row in rows],
    }


def _accuracy(row: Held, where: str) -> str:
    found = getattr(row, where)
    more = "" if found.deviation is None else f" ± {100 * found.deviation:.1f}"
    return f"{100 * found.mean:.1f}{more} % ({found.n} seed{'s' * (found.n > 1)}, n = {row.n})"


def _gain(found: Together | None, p_value: float) -> str:
    if found is None:
        return "–"
    low, high = found.ends
    return f"{points(found.value)} ({points(low)} to {points(high)}), p = {p_value:.2g}"

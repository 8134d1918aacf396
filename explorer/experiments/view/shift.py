"""The shift test: every run scored on corrupted test images too, kind and severity chosen by the reader."""

from functools import partial

import streamlit as st

from explorer.app.address import keep, number
from explorer.app.asking import predictions
from explorer.app.controls import segments
from explorer.app.drawing import draw, explain
from explorer.catalogue.shifts import SEVEREST, SHIFTS, USUAL
from explorer.experiments import shift
from explorer.experiments.cells import Sweep
from explorer.experiments.figures.shift import shift_curves
from explorer.experiments.numbers import gained, right
from explorer.experiments.question import SpoiltQuestion
from explorer.experiments.shift import Held, Spoilt
from explorer.experiments.telling import title_of
from explorer.experiments.view.each import of_each, say_rest
from explorer.experiments.view.following import follow


def show_shift(sweep: Sweep) -> None:
    """The whole result of a shift test, as far as it is there."""
    left, right = st.columns(2, gap="large")
    with left:
        kind = segments("Shift", list(SHIFTS), "shift", "shift_kind", format_func=lambda name: SHIFTS[name].title)
    with right:
        keep("severity", "shift_severity", USUAL, number(1, SEVEREST))
        severity = st.slider("Severity", 1, SEVEREST, key="shift_severity", persist_state="session")
    found, waiting, wrong = of_each(sweep, _asked, "Scoring on corrupted images")
    follow(sweep, lambda fresh: _figure(fresh, found, kind, severity))
    say_rest(sweep, _asked, len(found), waiting, wrong, "runs are scored on corrupted images", "shift")
    rows = shift.held(sweep, found, kind, severity, predictions)
    if len(rows) > 1:
        _result(rows, kind, severity)


def _asked(run: str) -> SpoiltQuestion:
    return SpoiltQuestion(run=run)


def _figure(sweep: Sweep, found: dict[str, Spoilt], kind: str, severity: int) -> None:
    lines = shift.lines(sweep, found, kind)
    if not lines:
        if sweep.live:
            st.caption("Lines appear when the first run has finished and was scored on corrupted images.")
            st.skeleton(height=380)
        return
    frozen = frozenset(title_of(arm) for arm in lines if not sweep.recipe(arm).tuned)
    n = len(next(iter(found.values())).rows)
    titled = {title_of(arm): values for arm, values in lines.items()}
    plan = partial(shift_curves, titled, frozen, SHIFTS[kind].title, severity, n)
    draw(plan, "shift_curves", code=("explorer/data/shifts.py", "shifted"))


def _result(rows: tuple[Held, ...], kind: str, severity: int) -> None:
    st.header("Clean and corrupted")
    st.markdown(shift.turned_words(rows, {row.arm: title_of(row.arm) for row in rows}))
    st.table(held_table(rows), hide_index=True, alt="Accuracy of each strategy on clean and corrupted test images")
    explain(
        f"{SHIFTS[kind].meaning.rstrip('.')} at severity {USUAL}; here severity {severity}. Which strategy keeps its lead?",
        f"p-values are corrected for {2 * (len(rows) - 1)} comparisons (Holm). One kind of shift says nothing about another.",
    )


def held_table(rows: tuple[Held, ...]) -> dict[str, list[str]]:
    """One row a strategy."""
    return {
        "Strategy": [title_of(row.arm) for row in rows],
        "Clean": [right(row.inside, row.n) for row in rows],
        "Corrupted": [right(row.outside, row.n) for row in rows],
        "Lost, points": [f"{100 * row.drop:.1f}" for row in rows],
        "Over the first, clean": [gained(row.over_inside, row.p_inside) for row in rows],
        "Over the first, corrupted": [gained(row.over_outside, row.p_outside) for row in rows],
    }

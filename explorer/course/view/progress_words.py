"""What a visitor has learned, as the lesson's pages ask for it and say it."""

import streamlit as st

from explorer.course import texts
from explorer.course.progress import Progress
from explorer.course.view.progress import current, keep, note_achievements


def note_check(code: str) -> None:
    """A check was passed, or a run of the lesson has finished: remember it.

    `code` is the check's (`4a`); an empty one only looks what the visitor's runs have done since.
    """
    note_achievements()
    if code and code not in current().passed:
        keep(current() | Progress(passed=frozenset({code})))


def passed() -> frozenset[str]:
    """Codes of the checks passed, here or before (what the browser kept or a file brought counts)."""
    return current().passed


def achievements() -> frozenset[str]:
    """Words of what was achieved; `explorer.course.progress.ACHIEVEMENTS` says what each of them is."""
    note_achievements()
    return current().achievements


def show_progress(step: int, language: str) -> None:
    """A thin line: how many of the step's checks are passed."""
    codes = [row.code for row in texts.checks(language).by_name.values() if row.step == step]
    if codes:
        done = len(passed().intersection(codes))
        st.progress(done / len(codes), text=f":small[Checks passed in this step: {done} of {len(codes)}]")

"""The lesson's checks by kind: a question, the reader's answer, and the truth as the live model gives it just then."""

from collections.abc import Callable, Sequence

import streamlit as st

from explorer.app.links import linked
from explorer.catalogue import Backbone
from explorer.course import texts
from explorer.course.texts import Check, filled
from explorer.course.view.answering import (
    answer_button,
    answers,
    commit,
    judged,
    next_case,
    tell,
    truth_of,
    turns,
    verdict,
)
from explorer.course.view.ordering import bug, lines, order
from explorer.course.view.progress import current
from explorer.course.view.progress_words import passed

_ICONS = {
    "choice": "rule",
    "guess": "query_stats",
    "order": "format_list_numbered",
    "bug": "bug_report",
    "lines": "reorder",
}
_VERBS = {
    "choice": "Choose",
    "guess": "Guess, then compute it",
    "order": "Put in order",
    "bug": "Find the line",
    "lines": "Put the lines in order",
}


def show_checks(step: int, language: str, row: Backbone, weights: str, but: Sequence[str] = ()) -> None:
    """All checks of a step but those that stand elsewhere on it."""
    for check in texts.checks(language).by_name.values():
        if check.step == step and check.code not in but:
            with st.container(border=True, key=f"check_{check.code}"):
                show_check(check, language, row, weights)


def predict(code: str, language: str, row: Backbone, weights: str) -> bool:
    """A check that comes before what would answer it; whether what follows may be shown: once an answer was given, here or
    before, or the reader does without, or a presenter has opened everything."""
    with st.container(border=True, key=f"check_{code}"):
        show_check(texts.checks(language).by_name[code], language, row, weights)
    skipped: set[str] = st.session_state.setdefault("lesson_skipped", set())
    if code in answers() or code in passed() or code in skipped or current().unlocked:
        return True
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(":material/visibility_off: What answers it comes next, once you have answered.", width="content")
        st.button(
            "Show it without a guess", type="tertiary", key=f"check_{code}_skip", on_click=skipped.add, args=(code,)
        )
    return False


def show_check(check: Check, language: str, row: Backbone, weights: str) -> None:
    """One question; what was answered stays until the reader takes it back."""
    check = check.cases[turns().get(check.code, 0) % len(check.cases)]
    head = st.empty()  # written at the end, when it is known whether the check was passed just now
    st.markdown(linked(check.question))
    _SHOWN[check.kind](check, language, row, weights)
    mark = " :green-badge[:material/check: passed]" if check.code in passed() else ""
    head.markdown(f":material/{_ICONS[check.kind]}: **{check.code} {check.title}** :small[{_VERBS[check.kind]}]{mark}")


def _choice(check: Check, language: str, row: Backbone, weights: str) -> None:
    options = check.options or {name: name for name in row.stage_names}
    picked = st.radio(
        "Answer", list(options), index=None, key=f"check_{check.code}_choice", label_visibility="collapsed",
        format_func=lambda key: options.get(key, key), persist_state="session",
    )  # fmt: skip
    answer_button(check, picked, picked is not None)  # it stays, or the keyboard's focus would go with it
    answer = answers().get(check.code)
    if answer is None or answer != picked:
        return
    truth = truth_of(check, language, row, weights)
    if truth is None:
        return
    judged(check.code, answer == truth.answer)
    if answer != truth.answer:
        verdict(False, f"Not here. {linked(filled(check.reason(answer), dict(truth.facts)))}")
        st.caption("Choose another answer above.")
        return
    verdict(True, "Right.")
    tell(check, truth)


# Guess


def guessed(check: Check, answer: float, value: float) -> str:
    """What is said of a guess: right where it reads as the answer does, else whether it is close enough."""
    within = f"{100 * check.within:g} %" if check.relative else f"{check.within:g}"
    said = f"You said {answer:,.6g}; it is **{value:,.4g}** {check.unit}."
    if f"{answer:,.6g}" == f"{value:,.4g}":
        return f"{said} Right."
    return (
        f"{said} Close enough (within {within})."
        if check.close(answer, value)
        else f"{said} Close enough would be within {within}."
    )


def _guess(check: Check, language: str, row: Backbone, weights: str) -> None:
    answer = answers().get(check.code)
    if answer is None:
        _box(check)
        return
    truth = truth_of(check, language, row, weights)
    if truth is None:
        return
    near = check.close(float(answer), truth.value)
    judged(check.code, near)
    verdict(near, guessed(check, float(answer), truth.value))
    tell(check, truth)
    if not near:
        words = "Guess again: another case" if check.others or turns().get(check.code) else "Guess again"
        st.button(
            words,
            icon=":material/refresh:",
            key=f"check_{check.code}_again",
            on_click=next_case,
            args=(check.code,),
        )


def _box(check: Check) -> None:
    """A box for the number, and the button that commits it."""
    whole = check.low == int(check.low) and check.high - check.low >= 10
    limits = (int(check.low), int(check.high), None) if whole else (check.low, check.high, None)
    with st.form(f"check_{check.code}_form", border=False):  # Enter commits, as the button does
        st.number_input(
            f"Your guess ({check.unit})", *limits, key=f"check_{check.code}_guess", width=260,
            format="%d" if whole else "%.4g", step=1 if whole else None,
        )  # fmt: skip
        st.form_submit_button(
            "Commit, and compute it", key=f"check_{check.code}_go", on_click=_commit_number, args=(check.code,)
        )
    if st.session_state.pop(f"check_{check.code}_blank", False):
        st.caption(":material/edit: Type a number first.")


def _commit_number(code: str) -> None:
    """What stands in the box at the click; the button is never disabled, or the first click would only leave the box."""
    number = st.session_state.get(f"check_{code}_guess")
    if number is None:
        st.session_state[f"check_{code}_blank"] = True
    else:
        commit(code, number)


# Order


_SHOWN: dict[str, Callable[[Check, str, Backbone, str], None]] = {
    "choice": _choice,
    "guess": _guess,
    "order": order,
    "bug": bug,
    "lines": lines,
}

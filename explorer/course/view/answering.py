"""What checks of every kind share: what the reader committed, the truth that is computed then, and the verdict."""

from typing import Any

import streamlit as st

from explorer.app.asking import ask
from explorer.app.links import linked
from explorer.catalogue import Backbone
from explorer.course.question.checks import CheckTruthQuestion, Truth
from explorer.course.texts import Check, filled
from explorer.course.view.progress_words import note_check
from explorer.course.view.runs import need_runs

RIGHT, WRONG = ":material/check_circle:", ":material/cancel:"


def answers() -> dict[str, Any]:
    """What the reader committed, by code of the check."""
    return st.session_state.setdefault("lesson_answers", {})


def turns() -> dict[str, int]:
    """How many guesses of a check were wrong: each draws the next of its cases."""
    return st.session_state.setdefault("lesson_turns", {})


def wrong() -> set[str]:
    """Codes of checks whose last answer was wrong: the guide says what to look at."""
    return st.session_state.setdefault("lesson_wrong", set())


def judged(code: str, right: bool) -> None:
    """The verdict on an answer."""
    if right:
        wrong().discard(code)
        note_check(code)
    else:
        wrong().add(code)


def next_case(code: str) -> None:
    turns()[code] = turns().get(code, 0) + 1
    st.session_state.pop(f"check_{code}_guess", None)
    retract(code)


def commit(code: str, answer: Any) -> None:
    answers()[code] = answer


def retract(code: str) -> None:
    answers().pop(code, None)
    st.session_state.pop(f"check_{code}_order", None)


def truth_of(check: Check, language: str, row: Backbone, weights: str) -> Truth | None:
    """The truth, computed now; the runs that it is read from are trained first where they are missing."""
    made = need_runs(check.runs, f"check_{check.code}", at_once=True) if check.runs else {}
    if made is None:
        return None
    ids = {word: run.id for word, run in made.items()}
    what = {"check": check.code, "language": language, "backbone": row.name, "weights": weights, "runs": ids}
    return ask(CheckTruthQuestion(**what, digest=check.digest), "Computing the answer on the live model", 0, soon=True)


def verdict(right: bool, words: str) -> None:
    (st.success if right else st.warning)(words, icon=RIGHT if right else WRONG)


def tell(check: Check, truth: Truth) -> None:
    """The explanation, with what was computed on what."""
    st.markdown(linked(filled(check.explained, dict(truth.facts))))
    st.caption(f":material/calculate: {truth.words}")


def answer_button(check: Check, answer: Any, ready: bool, words: str = "Check") -> None:
    st.button(words, key=f"check_{check.code}_go", on_click=commit, args=(check.code, answer), disabled=not ready)


def again_button(check: Check, words: str = "Try again") -> None:
    st.button(words, icon=":material/refresh:", key=f"check_{check.code}_again", on_click=retract, args=(check.code,))


# Choice

"""The lesson's checks: a question, the reader's answer, and the truth as the live model gives it just then."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from explorer.app.asking import ask
from explorer.app.links import linked
from explorer.app.words import safe_md
from explorer.catalogue import Backbone
from explorer.course import texts
from explorer.course.question.checks import CheckTruthQuestion, Trial, Truth, TryLinesQuestion
from explorer.course.texts import Check, filled, shuffled
from explorer.course.view.progress import kept
from explorer.course.view.progress_words import note_check, passed
from explorer.course.view.runs import need_runs

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
RIGHT, WRONG = ":material/check_circle:", ":material/cancel:"


def _answers() -> dict[str, Any]:
    """What the reader committed, by code of the check."""
    return st.session_state.setdefault("lesson_answers", {})


def _turns() -> dict[str, int]:
    """How many guesses of a check were wrong: each draws the next of its cases."""
    return st.session_state.setdefault("lesson_turns", {})


def wrong() -> set[str]:
    """Codes of checks whose last answer was wrong: the guide says what to look at."""
    return st.session_state.setdefault("lesson_wrong", set())


def _judged(code: str, right: bool) -> None:
    """What came of an answer."""
    if right:
        wrong().discard(code)
        note_check(code)
    else:
        wrong().add(code)


def _next_case(code: str) -> None:
    _turns()[code] = _turns().get(code, 0) + 1
    st.session_state.pop(f"check_{code}_guess", None)
    _retract(code)


def _commit(code: str, answer: Any) -> None:
    _answers()[code] = answer


def _retract(code: str) -> None:
    _answers().pop(code, None)
    st.session_state.pop(f"check_{code}_order", None)


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
    if code in _answers() or code in passed() or code in skipped or kept().unlocked:
        return True
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(":material/visibility_off: What answers it comes next, once you have answered.", width="content")
        st.button(
            "Show it without a guess", type="tertiary", key=f"check_{code}_skip", on_click=skipped.add, args=(code,)
        )
    return False


def show_check(check: Check, language: str, row: Backbone, weights: str) -> None:
    """One question; what was answered stays until the reader takes it back."""
    check = check.cases[_turns().get(check.code, 0) % len(check.cases)]
    head = st.empty()  # written at the end, when it is known whether the check was passed just now
    st.markdown(linked(check.question))
    _SHOWN[check.kind](check, language, row, weights)
    mark = " :green-badge[:material/check: passed]" if check.code in passed() else ""
    head.markdown(f":material/{_ICONS[check.kind]}: **{check.code} {check.title}** :small[{_VERBS[check.kind]}]{mark}")


def _truth(check: Check, language: str, row: Backbone, weights: str) -> Truth | None:
    """The truth, computed now; the runs that it is read from are trained first where they are missing."""
    made = need_runs(check.runs, f"check_{check.code}", at_once=True) if check.runs else {}
    if made is None:
        return None
    ids = {word: run.id for word, run in made.items()}
    what = {"check": check.code, "language": language, "backbone": row.name, "weights": weights, "runs": ids}
    return ask(CheckTruthQuestion(**what, digest=check.digest), "Computing the answer on the live model", 0, soon=True)


def _verdict(right: bool, words: str) -> None:
    (st.success if right else st.warning)(words, icon=RIGHT if right else WRONG)


def _told(check: Check, truth: Truth) -> None:
    """The explanation, with what was computed on what."""
    st.markdown(linked(filled(check.explained, dict(truth.facts))))
    st.caption(f":material/calculate: {truth.words}")


def _buttons(check: Check, answer: Any, ready: bool, words: str = "Check") -> None:
    st.button(words, key=f"check_{check.code}_go", on_click=_commit, args=(check.code, answer), disabled=not ready)


def _again(check: Check, words: str = "Try again") -> None:
    st.button(words, icon=":material/refresh:", key=f"check_{check.code}_again", on_click=_retract, args=(check.code,))


# Choice


def _choice(check: Check, language: str, row: Backbone, weights: str) -> None:
    options = check.options or {name: name for name in row.stage_names}
    picked = st.radio(
        "Answer", list(options), index=None, key=f"check_{check.code}_choice", label_visibility="collapsed",
        format_func=lambda key: options.get(key, key), persist_state="session",
    )  # fmt: skip
    _buttons(check, picked, picked is not None)  # it stays, or the keyboard's focus would go with it
    answer = _answers().get(check.code)
    if answer is None or answer != picked:
        return
    truth = _truth(check, language, row, weights)
    if truth is None:
        return
    _judged(check.code, answer == truth.answer)
    if answer != truth.answer:
        _verdict(False, f"Not here. {linked(filled(check.reason(answer), dict(truth.facts)))}")
        st.caption("Choose another answer above.")
        return
    _verdict(True, "Right.")
    _told(check, truth)


# Guess


def _guess(check: Check, language: str, row: Backbone, weights: str) -> None:
    answer = _answers().get(check.code)
    if answer is None:
        _box(check)
        return
    truth = _truth(check, language, row, weights)
    if truth is None:
        return
    near = check.close(float(answer), truth.value)
    _judged(check.code, near)
    within = f"{100 * check.within:g} %" if check.relative else f"{check.within:g}"
    said = f"You said {answer:,.6g}; it is **{truth.value:,.4g}** {check.unit}."
    _verdict(
        near, f"{said} Close enough (within {within})." if near else f"{said} Close enough would be within {within}."
    )
    _told(check, truth)
    if not near:
        words = "Guess again: another case" if check.others or _turns().get(check.code) else "Guess again"
        st.button(
            words, icon=":material/refresh:", key=f"check_{check.code}_again", on_click=_next_case, args=(check.code,)
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
        _commit(code, number)


# Order


def _arrange(check: Check, offered: Sequence[Any], shown: Callable[[Any], str], code: bool) -> list[Any]:
    """What the reader has put in order so far: a button for each that is left, one to take the last back."""
    key = f"check_{check.code}_order"
    placed: list[Any] = st.session_state.setdefault(key, [])
    if code and placed:
        st.code("\n".join(shown(item) for item in placed), language="python", line_numbers=True)
    elif placed:
        st.markdown("\n".join(f"{i}. {shown(item)}" for i, item in enumerate(placed, 1)))
    left = [i for i, item in enumerate(offered) if item not in placed]
    for i in left:  # named by its own place: a second click on one that moved away hits nothing
        words = f"`{shown(offered[i])}`" if code else shown(offered[i])
        st.button(words, key=f"{key}_{i}", on_click=_place, args=(placed, offered[i]), icon=":material/add:")
    if placed and left:
        st.button("Undo the last", icon=":material/undo:", key=f"{key}_back", on_click=_take_back, args=(placed,))
    return placed


def _place(placed: list[Any], item: Any) -> None:
    if item not in placed:
        placed.append(item)


def _take_back(placed: list[Any]) -> None:
    if placed:
        placed.pop()


def _order(check: Check, language: str, row: Backbone, weights: str) -> None:
    answer = _answers().get(check.code)
    offered = shuffled(check)
    if answer is None:
        placed = _arrange(check, offered, lambda key: check.options[key], code=False)
        if len(placed) == len(offered):
            with st.container(horizontal=True):
                _buttons(check, list(placed), True)
                _again(check, "Start over")
        return
    st.markdown("\n".join(f"{i}. {check.options[key]}" for i, key in enumerate(answer, 1)))
    truth = _truth(check, language, row, weights)
    if truth is None:
        return
    right = tuple(answer) == truth.order
    _verdict(right, "Right." if right else "Not in this order.")
    facts = dict(truth.facts)
    _judged(check.code, right)
    if right:
        st.markdown(
            "\n".join(f"{i}. {check.options[key]}: **{facts.get(key, '')}**" for i, key in enumerate(truth.order, 1))
        )
        _told(check, truth)
        return
    first = next(i for i, (mine, true) in enumerate(zip(answer, truth.order, strict=True), 1) if mine != true)
    st.caption(f"The first one out of place is at {first}.")
    _again(check)


# Code


def _try(check: Check, language: str, row: Backbone, weights: str, order: list[int]) -> Trial | None:
    what = {"check": check.code, "language": language, "backbone": row.name, "weights": weights, "order": order}
    return ask(TryLinesQuestion(**what, digest=check.digest), "Running it on the live model", 0, soon=True)


def _trial(found: Trial) -> None:
    """What lines printed, and whether the test held."""
    if found.output:
        st.code(found.output, language=None, wrap_lines=True)
    if found.error:
        _verdict(False, f"It fails. {safe_md(found.error, 300)}")
    else:
        _verdict(
            found.passed, "It does what it should." if found.passed else "It runs, but does not do what it should."
        )


def _bug(check: Check, language: str, row: Backbone, weights: str) -> None:
    if check.wrong is None or check.right is None:
        return
    st.code(check.wrong.code, language="python", line_numbers=True)
    lines = [str(i + 1) for i in range(len(check.wrong.code.split("\n")))]
    picked = st.segmented_control("The wrong line", lines, key=f"check_{check.code}_line", persist_state="session")
    _buttons(check, picked, picked is not None)
    answer = _answers().get(check.code)
    if answer is None or answer != picked:
        return
    if answer != str(check.faulty + 1):
        _judged(check.code, False)
        _verdict(False, f"Line {answer} is correct. {linked(check.reason(answer))}")
        return
    left, right = st.columns(2, gap="medium")
    tried = []
    for column, title, version, order in ((left, "As it stands", check.wrong, []), (right, "Mended", check.right, [0])):
        with column:
            st.markdown(f"**{title}**, run on {row.title}:")
            if version is check.right:
                st.code(version.code, language="python", line_numbers=True)
            tried.append(_try(check, language, row, weights, order))
            if tried[-1] is not None:
                _trial(tried[-1])
    if None not in tried:
        _judged(check.code, True)
        st.markdown(linked(check.explained))


def _lines(check: Check, language: str, row: Backbone, weights: str) -> None:
    offered = shuffled(check)
    answer = _answers().get(check.code)
    if answer is None:
        placed = _arrange(check, range(len(offered)), lambda i: offered[i], code=True)
        if len(placed) == len(offered):
            with st.container(horizontal=True):
                _buttons(check, list(placed), True, "Carry it out")
                _again(check, "Start over")
        return
    st.code("\n".join(offered[i] for i in answer), language="python", line_numbers=True)
    found = _try(check, language, row, weights, list(answer))
    if found is None:
        return
    _trial(found)
    _judged(check.code, found.passed)
    if found.passed:
        st.markdown(linked(check.explained))
    else:
        _again(check)


_SHOWN: dict[str, Callable[[Check, str, Backbone, str], None]] = {
    "choice": _choice,
    "guess": _guess,
    "order": _order,
    "bug": _bug,
    "lines": _lines,
}

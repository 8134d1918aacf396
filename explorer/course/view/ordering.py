"""Checks that are put in order, and checks of code: arranged by clicks, the code run on the live model."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from explorer.app.asking import ask
from explorer.app.links import linked
from explorer.app.words import safe_md
from explorer.catalogue import Backbone
from explorer.course.question.checks import Trial, TryLinesQuestion
from explorer.course.texts import Check, shuffled
from explorer.course.view.answering import (
    again_button,
    answer_button,
    answers,
    judged,
    tell,
    truth_of,
    verdict,
)


def _arrange(check: Check, offered: Sequence[Any], shown: Callable[[Any], str], code: bool) -> list[Any]:
    """What the reader has put in order so far: a button for each that is left, one to take the last back."""
    key = f"check_{check.code}_order"
    placed: list[Any] = st.session_state.setdefault(key, [])
    if code and placed:
        st.code("\n".join(shown(item) for item in placed), language="python", line_numbers=True, wrap_lines=True)
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


def order(check: Check, language: str, row: Backbone, weights: str) -> None:
    answer = answers().get(check.code)
    offered = shuffled(check)
    if answer is None:
        placed = _arrange(check, offered, lambda key: check.options[key], code=False)
        if len(placed) == len(offered):
            with st.container(horizontal=True):
                answer_button(check, list(placed), True)
                again_button(check, "Start over")
        return
    st.markdown("\n".join(f"{i}. {check.options[key]}" for i, key in enumerate(answer, 1)))
    truth = truth_of(check, language, row, weights)
    if truth is None:
        return
    right = tuple(answer) == truth.order
    verdict(right, "Right." if right else "Not in this order.")
    facts = dict(truth.facts)
    judged(check.code, right)
    if right:
        st.markdown(
            "\n".join(f"{i}. {check.options[key]}: **{facts.get(key, '')}**" for i, key in enumerate(truth.order, 1))
        )
        tell(check, truth)
        return
    first = next(i for i, (mine, true) in enumerate(zip(answer, truth.order, strict=True), 1) if mine != true)
    st.caption(f"The first one out of place is at {first}.")
    again_button(check)


# Code


def _try(check: Check, language: str, row: Backbone, weights: str, order: list[int]) -> Trial | None:
    what = {"check": check.code, "language": language, "backbone": row.name, "weights": weights, "order": order}
    return ask(TryLinesQuestion(**what, digest=check.digest), "Running it on the live model", 0, soon=True)


def _trial(found: Trial) -> None:
    """What lines printed, and whether the test held."""
    if found.output:
        st.code(found.output, language=None, wrap_lines=True)
    if found.error:
        verdict(False, f"It fails. {safe_md(found.error, 300)}")
    else:
        verdict(found.passed, "It does what it should." if found.passed else "It runs, but does not do what it should.")


def bug(check: Check, language: str, row: Backbone, weights: str) -> None:
    if check.wrong is None or check.right is None:
        return
    st.code(check.wrong.code, language="python", line_numbers=True, wrap_lines=True)
    lines = [str(i + 1) for i in range(len(check.wrong.code.split("\n")))]
    picked = st.segmented_control("The wrong line", lines, key=f"check_{check.code}_line", persist_state="session")
    answer_button(check, picked, picked is not None)
    answer = answers().get(check.code)
    if answer is None or answer != picked:
        return
    if answer != str(check.faulty + 1):
        judged(check.code, False)
        verdict(False, f"Line {answer} is correct. {linked(check.reason(answer))}")
        return
    left, right = st.columns(2, gap="medium")
    tried = []
    for column, title, version, order in (
        (left, "As it stands", check.wrong, []),
        (right, "Corrected", check.right, [0]),
    ):
        with column:
            st.markdown(f"**{title}**, run on {row.title}:")
            if version is check.right:
                st.code(version.code, language="python", line_numbers=True, wrap_lines=True)
            tried.append(_try(check, language, row, weights, order))
            if tried[-1] is not None:
                _trial(tried[-1])
    if None not in tried:
        judged(check.code, True)
        st.markdown(linked(check.explained))


def lines(check: Check, language: str, row: Backbone, weights: str) -> None:
    offered = shuffled(check)
    answer = answers().get(check.code)
    if answer is None:
        placed = _arrange(check, range(len(offered)), lambda i: offered[i], code=True)
        if len(placed) == len(offered):
            with st.container(horizontal=True):
                answer_button(check, list(placed), True, "Run it")
                again_button(check, "Start over")
        return
    st.code("\n".join(offered[i] for i in answer), language="python", line_numbers=True, wrap_lines=True)
    found = _try(check, language, row, weights, list(answer))
    if found is None:
        return
    _trial(found)
    judged(check.code, found.passed)
    if found.passed:
        st.markdown(linked(check.explained))
    else:
        again_button(check)

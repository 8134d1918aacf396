"""Widgets ask the session for one value, and show the same as where Streamlit copies all for them."""

from typing import Any

import pytest
from streamlit.runtime.state.safe_session_state import SafeSessionState
from streamlit.runtime.state.session_state import SessionState
from streamlit.testing.v1 import AppTest

from explorer.app import widget_state


def page() -> None:
    import streamlit as st

    st.session_state.setdefault("named", "b")
    st.session_state.setdefault("nothing", None)
    st.selectbox("Named", ["a", "b"], key="named")
    st.selectbox("Nothing", ["a", "b"], key="nothing")
    st.selectbox("Without a key", ["a", "b"], index=1)
    st.number_input("Number", 0, 9, key="number")
    st.number_input("No number", 0, 9, value=None, key="no_number")
    st.text_input("Text", key="text")
    st.radio("One", ["a", "b"], key="one")
    st.slider("Slide", 0, 9, key="slide")
    st.write(sorted(st.session_state), len(st.session_state), "named" in st.session_state, "other" in st.session_state)


def shown() -> list[Any]:
    app = AppTest.from_function(page).run()
    app.selectbox(key="named").select("a")
    app.number_input(key="no_number").set_value(3)
    app.run()
    assert not app.exception
    widgets = [*app.selectbox, *app.number_input, *app.text_input, *app.radio, *app.slider]
    return [[one.value for one in widgets], [one.value for one in app.markdown], [one.value for one in app.json]]


def test_a_page_is_the_same_and_nothing_is_copied_for_its_widgets(monkeypatch: pytest.MonkeyPatch) -> None:
    copies: list[int] = []
    whole: Any = SessionState.filtered_state
    monkeypatch.setattr(SessionState, "filtered_state", property(lambda one: copies.append(1) or whole.__get__(one)))
    monkeypatch.setattr(SafeSessionState, "filtered_state", SafeSessionState.filtered_state)  # put back at the end
    before, usual = shown(), len(copies)
    copies.clear()
    widget_state.ask_one_by_one()
    assert shown() == before
    assert usual > 14 and len(copies) <= 6, "only who lists the session gets a copy"

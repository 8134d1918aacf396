"""The language of the long texts: one choice for all pages that show them."""

import streamlit as st

from explorer import texts


def spoken(of: str) -> str:
    """The visitor's language where texts of this kind (`glossary`, `lessons`, `concepts`) are written in it, else the first."""
    wanted = st.session_state.get("language")
    languages = texts.languages(of) if wanted else ()
    return str(wanted) if wanted in languages else (languages or ("en",))[0]


def pick_language(of: str) -> str:
    """The language in which a page shows its texts; a control where there is a choice."""
    languages = texts.languages(of)
    if len(languages) > 1:
        st.session_state["pick_language"] = spoken(of)
        st.segmented_control("Language", languages, key="pick_language", required=True, on_change=_choose)
    return spoken(of)


def _choose() -> None:
    st.session_state["language"] = st.session_state["pick_language"]

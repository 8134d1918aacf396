"""What does this word mean, on the live model? And the questions people ask."""

import streamlit as st

from explorer.app import ui

st.title("Glossary")
view, terms, questions = ui.pick_glossary()
if view != "Terms":
    ui.show_questions(questions, terms)
    st.stop()
term = ui.pick_term(terms)
if term is not None:
    ui.show_term(term, terms)

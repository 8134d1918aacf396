"""What does this word mean, on the live model? And the questions people ask."""

import streamlit as st

from explorer.course.view.glossary import pick_glossary, pick_term, show_questions, show_term

st.title("Glossary")
view, terms, questions = pick_glossary()
if view != "Terms":
    show_questions(questions, terms)
    st.stop()
term = pick_term(terms)
if term is not None:
    show_term(term, terms)

"""What have I learned, what does each concept build on, and what should I learn next?"""

import streamlit as st

from explorer.course.view import concepts

st.title("Concept map")
st.markdown(
    "The concepts of the lesson and how they build on one another. A concept counts as done when you pass its questions in "
    "the lesson, or when one of your own runs demonstrates it."
)
language = concepts.pick_language("concepts")
known = concepts.need_concepts(language)
concepts.show_keeping()
concepts.show_map(known, language)
concepts.list_concepts(known)

"""Which concepts are mine by now, what does each of them need, and what comes next?"""

import streamlit as st

from explorer.course.view import concepts

st.title("Architecture map")
st.markdown(
    "The lesson's ideas and how they build on one another. One opens when you pass its checks in the lesson, or when you do "
    "in the app what it speaks of: the map reads that off the runs that you started."
)
language = concepts.pick_language("concepts")
known = concepts.need_concepts(language)
concepts.show_keeping()
concepts.show_map(known, language)
concepts.list_concepts(known)

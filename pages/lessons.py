"""The lesson: eight steps, each read, tried and proved on the live model."""

import streamlit as st

from explorer.course.view import steps

found = steps.pick_step()
if found is None:
    st.info("There is no lesson in this language. Put its texts under assets/lessons/, one file a step.")
    st.stop()
steps.show_step(*found)

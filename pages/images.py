"""Which images did tuning fix, and which did it break?"""

import streamlit as st

from explorer.app import ui

st.title("Which images")
ui.say("The test images as A and B see them: what tuning fixed, what it broke, and what is taken for what.")
pair = ui.two_runs("Then this page shows which images they disagree on.")
if pair is None:
    st.stop()
a, b = pair
ui.quadrants(a, b)
views = {"Images": ui.browse, "Confusion matrices": ui.matrices}
view = st.segmented_control(
    "View", list(views), default="Images", required=True, key="images_view", persist_state="session"
)
views[view](a, b)

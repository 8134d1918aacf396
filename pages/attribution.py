"""Where does each model look?"""

import streamlit as st

from explorer.app import ui

st.title("Where it looks")
ui.say(
    "The same picture, the same class, two networks: which places speak for the class in A, and which in B? "
    "An attribution marks them."
)
pair = ui.two_runs("Then this page shows where each of them looks.")
if pair is None:
    st.stop()
a, b = pair
picked = ui.pick_image(a, b)
if picked is None:
    st.stop()
view = st.segmented_control(
    "View",
    list(ui.ATTRIBUTION_VIEWS),
    default="One picture",
    required=True,
    key="attribution_view",
    persist_state="session",
)
look = ui.pick_look(a, b, *picked)
ui.ATTRIBUTION_VIEWS[view](look, *picked)
ui.words_of(look)

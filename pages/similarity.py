"""How far did each stage move?"""

import streamlit as st

from explorer.looks.pair.view.choosing import two_runs
from explorer.looks.similarity.view.stages import SIMILARITY_VIEWS

st.title("How far it moved")
pair = two_runs("Then this page measures how far each stage moved from A to B.")
if pair is None:
    st.stop()
a, b = pair
view = st.segmented_control(
    "View", list(SIMILARITY_VIEWS), default="Audit and distance", required=True, key="similarity_view",
    persist_state="session",
)  # fmt: skip
SIMILARITY_VIEWS[view or "Audit and distance"](a, b)

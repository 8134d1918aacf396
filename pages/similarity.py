"""How far did each stage move?"""

import streamlit as st

from explorer.app.controls import segments
from explorer.app.presenting import controls
from explorer.looks.pair.view.choosing import two_runs
from explorer.looks.similarity.view.stages import SIMILARITY_VIEWS

st.title("How far it moved")
pair = two_runs("Then this page measures how far each stage moved from A to B.")
if pair is None:
    st.stop()
a, b = pair
with controls("View"):
    view = segments("View", SIMILARITY_VIEWS, "view", "similarity_view")
SIMILARITY_VIEWS[view](a, b)

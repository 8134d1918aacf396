"""Where does each model look?"""

import streamlit as st

from explorer.course.view.glossary import say
from explorer.looks.attribution.view import ATTRIBUTION_VIEWS, pick_look, words_of
from explorer.looks.images.view.choosing import pick_image
from explorer.looks.pair.view.choosing import two_runs

st.title("Where it looks")
say(
    "The same picture, the same class, two networks: which regions support the class in A, and which in B? An "
    "attribution marks them."
)
pair = two_runs("Then this page shows where each of them looks.")
if pair is None:
    st.stop()
a, b = pair
picked = pick_image(a, b)
if picked is None:
    st.stop()
view = st.segmented_control(
    "View",
    list(ATTRIBUTION_VIEWS),
    default="One picture",
    required=True,
    key="attribution_view",
    persist_state="session",
)
look = pick_look(a, b, *picked)
ATTRIBUTION_VIEWS[view](look, *picked)
words_of(look)

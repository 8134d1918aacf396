"""Where does each model look?"""

import streamlit as st

from explorer.app.controls import segments
from explorer.app.links import say
from explorer.app.presenting import controls
from explorer.looks.attribution.view.entry import ATTRIBUTION_VIEWS
from explorer.looks.attribution.view.look import pick_look, words_of
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
with controls("View"):
    view = segments("View", ATTRIBUTION_VIEWS, "view", "attribution_view")
with controls("Settings"):
    look = pick_look(a, b, *picked)
ATTRIBUTION_VIEWS[view](look, *picked)
words_of(look)

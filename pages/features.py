"""What does this channel answer to, before and after?"""

import streamlit as st

from explorer.app.controls import segments
from explorer.app.links import say
from explorer.app.presenting import controls
from explorer.looks.features.view import FEATURE_VIEWS
from explorer.looks.images.view.choosing import pick_image
from explorer.looks.pair.view.choosing import two_runs, warn_unrelated

st.title("Features")
say(
    "One picture through both networks: how each channel responds in A and in B, and what fine-tuning added or removed."
)
pair = two_runs("Then this page shows the channels of both.")
if pair is None:
    st.stop()
a, b = pair
warn_unrelated(a, b)
picked = pick_image(a, b)
if picked is None:
    st.stop()
with controls("View"):
    view = segments("View", FEATURE_VIEWS, "view", "features_view")
FEATURE_VIEWS[view](a, b, *picked)

"""What does this channel answer to, before and after?"""

import streamlit as st

from explorer.app import ui

st.title("Features")
ui.say("One picture through both networks: what each channel answers in A, in B, and what tuning added or took away.")
pair = ui.two_runs("Then this page shows the channels of both.")
if pair is None:
    st.stop()
a, b = pair
ui.warn_unrelated(a, b)
picked = ui.pick_image(a, b)
if picked is None:
    st.stop()
st.session_state.setdefault("features_view", "The whole backbone")
view = st.segmented_control("View", list(ui.FEATURE_VIEWS), required=True, key="features_view", persist_state="session")
ui.FEATURE_VIEWS[view](a, b, *picked)

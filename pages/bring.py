"""Bring pictures of your own: drop them, look at what they are, keep them as a data set."""

import streamlit as st

from explorer.arriving.view.bringing import bring
from explorer.arriving.view.kept import kept_sets

st.title("Bring your own pictures")
left, right = st.columns([3, 2], gap="large")
with left:
    bring()
with right:
    kept_sets()

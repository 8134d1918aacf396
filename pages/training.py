"""Run a recipe, watch it, stop it."""

import streamlit as st

from explorer.app.asking import all_runs
from explorer.app.drawing import show_code
from explorer.bundle import page_file
from explorer.training.view.following import pick_followed, run_card
from explorer.training.view.form_address import recall_form
from explorer.training.view.recipe_form import recipe_form

st.title("Train")
recall_form()
left, right = st.columns([2, 3], gap="large")
with left:
    recipe_form()

with right:
    known = all_runs()
    if not known:
        st.caption("No runs yet. Start a recipe, and its curves appear here while it trains.")
        st.stop()
    run_card(pick_followed(known))
    show_code("explorer/training/compute/loop.py", "train")
    st.page_link(page_file("runs"), label="All runs", icon=":material/folder_open:")

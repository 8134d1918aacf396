"""Run a recipe, watch it, stop it."""

import streamlit as st

from explorer.app.asking import all_runs
from explorer.app.drawing import show_code
from explorer.bundle import page_file
from explorer.export.view.beside import show_script
from explorer.export.view.checkpoint import offer_checkpoint
from explorer.export.view.take_away import take_away
from explorer.looks.data.view.changing import edits_in_use
from explorer.recipe import Recipe
from explorer.training.view.following import pick_followed, run_card
from explorer.training.view.form_address import recall_form
from explorer.training.view.live import live_probe, live_switch
from explorer.training.view.recipe_form import recipe_form

st.title("Train")
recall_form()
left, right = st.columns([2, 3], gap="large")
with left:
    made = recipe_form(edits_in_use)
    if isinstance(made, Recipe):
        offer_checkpoint(made.row)
    live = live_switch()

with right:
    if live and isinstance(made, Recipe):
        live_probe(made)
        st.divider()
    show_script(made)
    known = all_runs()
    if not known:
        st.caption("No runs yet. Start a recipe, and its curves appear here while it trains.")
        st.stop()
    shown = pick_followed(known)
    run_card(shown)
    take_away(shown, "train")
    show_code("explorer/training/compute/loop.py", "train", label="Show the training loop")
    st.page_link(page_file("runs"), label="All runs", icon=":material/folder_open:")

"""Run a recipe, watch it, stop it."""

import streamlit as st

from explorer.app.asking import all_runs, error_box
from explorer.app.drawing import show_code
from explorer.app.words import run_label
from explorer.bundle import page_file
from explorer.looks.data.view.changing import edits_in_use
from explorer.recipe import Recipe
from explorer.training.view.following import follow, recipe_or_error, start_and_follow
from explorer.training.view.forms import (
    advanced_form,
    pick_backbone,
    pick_custom_stages,
    pick_dataset,
    pick_strategy,
    pick_weights,
)
from explorer.training.view.rates import offer_rates

st.title("Train")
left, right = st.columns([2, 3], gap="large")
with left:
    st.header("The recipe")
    row = pick_backbone()
    weights = pick_weights(row)
    data, folder = pick_dataset()
    edits = edits_in_use(data.name, folder)
    plan = pick_strategy(row)
    custom = pick_custom_stages(row) if plan.name == "custom" else {}
    per_class = st.number_input(
        "Training images per class", 1, 100_000, 25, key="train_per_class", persist_state="session"
    )
    everything = st.checkbox("Use all training images", key="train_all", persist_state="session")
    epochs = st.slider("Epochs", 1, 100, 10, key="train_epochs", persist_state="session")
    seed = st.number_input("Seed", 0, 2**31 - 1, 0, key="train_seed", persist_state="session")
    advanced = (
        advanced_form(plan, row, weights)
        if st.toggle("Advanced", key="train_advanced", persist_state="session")
        else {}
    )
    choices = {
        "backbone": row.name,
        "weights": weights,
        "dataset": data.name,
        "data_dir": folder,
        "edits": edits,
        "per_class": None if everything else int(per_class),
        "strategy": plan.name,
        "epochs": epochs,
        "seed": int(seed),
    }
    made = recipe_or_error(choices | custom | advanced)
    if advanced and isinstance(made, Recipe):
        offer_rates(made, plan)
    if st.button("Start", type="primary", icon=":material/play_arrow:", key="train_start", width="stretch"):
        start_and_follow(made)
    if "training_error" in st.session_state:
        error_box(st.session_state["training_error"])

with right:
    st.header("The run")
    known = all_runs()
    ids = [run.id for run in known]
    if st.session_state.get("following") not in ids:
        st.session_state["following"] = ids[0] if ids else None
    if not ids:
        st.caption("No runs yet. Start a recipe, and its curves appear here while it trains.")
        st.stop()
    labels = {run.id: run_label(run, scored=False) for run in known}
    shown = st.selectbox("Runs, latest first", ids, key="following", format_func=labels.__getitem__)
    follow(shown)
    show_code("explorer/training/compute/loop.py", "train")
    st.page_link(page_file("runs"), label="All runs", icon=":material/folder_open:")

"""Which run did best? Compare, look into, name, delete."""

import streamlit as st

from explorer.app.asking import all_runs
from explorer.app.visitor import choose
from explorer.bundle import page_file
from explorer.export.view.bring_run import offer_run
from explorer.export.view.take_away import take_away
from explorer.looks.pair.view.choosing import need_run
from explorer.looks.pair.view.details import compare_scored, run_details
from explorer.runs import FinishedRun
from explorer.runs.life import LIVE
from explorer.training.view.keeping import delete_button, deleted_runs, kept_outputs, kept_until
from explorer.training.view.listing import pick_runs
from explorer.training.view.publishing import presenter_buttons

st.title("Runs")
offer_run()
known = all_runs()
deleted_runs()
if not known:
    need_run("No runs yet.")
    st.stop()

chosen = pick_runs(known)
kept_until()
kept_outputs()
if not chosen:
    st.caption("Tick one run for its details, two or more to compare or delete them.")
    st.stop()

with st.container(horizontal=True):
    usable = len(chosen) == 1 and isinstance(chosen[0], FinishedRun)
    st.button("Use as A", icon=":material/looks_one:", disabled=not usable, on_click=choose, kwargs={"a": chosen[0].id})
    st.button("Use as B", icon=":material/looks_two:", disabled=not usable, on_click=choose, kwargs={"b": chosen[0].id})
    if len(chosen) == 2 and st.button("Compare these two", type="primary", icon=":material/compare_arrows:"):
        choose(a=chosen[1].id, b=chosen[0].id)
        st.switch_page(page_file("images"))
    delete_button(chosen, disabled=any(run.state in LIVE or run.sample for run in chosen))
    presenter_buttons(chosen)
    if len(chosen) == 1:
        take_away(chosen[0], "runs")

compare_scored(chosen)
if len(chosen) == 1:
    run_details(chosen[0])

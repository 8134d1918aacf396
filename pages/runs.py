"""Which run did best? Compare, look into, delete."""

import streamlit as st

from explorer.app.asking import all_runs
from explorer.app.visitor import choose
from explorer.bundle import page_file
from explorer.looks.pair.view.choosing import need_run
from explorer.looks.pair.view.details import compare_scored, run_details
from explorer.runs import FinishedRun
from explorer.runs.life import LIVE
from explorer.training.view.tables import (
    RUNS_COLUMNS,
    delete_runs,
    deleted_runs,
    kept_outputs,
    runs_table,
)

st.title("Runs")
known = all_runs()
deleted_runs()
if not known:
    need_run("No runs yet.")
    st.stop()

picked = st.dataframe(
    runs_table(known),
    hide_index=True,
    key="runs_table",
    on_select="rerun",
    selection_mode="multi-row",
    column_config=RUNS_COLUMNS,
    alt=f"Table of {len(known)} runs, latest first",
)
kept_outputs()
chosen = [known[i] for i in picked["selection"]["rows"] if i < len(known)]
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
    ids = [run.id for run in chosen]
    kept = any(run.state in LIVE or run.sample for run in chosen)
    st.button("Delete", icon=":material/delete:", disabled=kept, on_click=delete_runs, args=(ids,), key="runs_delete",
              help="Sample runs ship with Thaw and stay." if any(run.sample for run in chosen) else None)  # fmt: skip

compare_scored(chosen)
if len(chosen) == 1:
    run_details(chosen[0])

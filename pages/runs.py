"""Which run did best? Compare, look into, delete."""

import json
from functools import partial

import streamlit as st

from explorer import runs
from explorer.app.asking import all_runs
from explorer.app.drawing import draw
from explorer.app.figures.accuracies import Bar, accuracies
from explorer.app.visitor import choose
from explorer.app.words import command, group_of, safe_md, state_badge
from explorer.bundle import page_file
from explorer.looks.pair.view import compare_two, need_run
from explorer.runs import FinishedRun
from explorer.runs.life import LIVE
from explorer.training.view.following import result_line
from explorer.training.view.tables import (
    RUNS_COLUMNS,
    delete_runs,
    deleted_runs,
    distinct_label,
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
        st.switch_page(page_file("similarity"))
    ids = [run.id for run in chosen]
    busy = any(run.state in LIVE for run in chosen)
    st.button("Delete", icon=":material/delete:", disabled=busy, on_click=delete_runs, args=(ids,), key="runs_delete")

scored = [run for run in chosen if isinstance(run, FinishedRun) and run.test]
if len(scored) > 1:
    bars = [
        Bar(distinct_label(r, scored), r.test, r.recipe.tuned, r.recipe.weights == "random", r.grouped) for r in scored
    ]
    group = group_of(scored[0])
    code = ("explorer/evidence/shares.py", "wilson")
    draw(partial(accuracies, bars, None, group), "runs_accuracy", code=code)
    compare_two(scored)
    if len({run.recipe.dataset for run in scored}) > 1:
        st.warning(
            "These runs used different data sets: their accuracies cannot be compared.", icon=":material/warning:"
        )
if len(chosen) == 1:
    run = chosen[0]
    st.markdown(f"### {safe_md(run.title)} {state_badge(run.state)}")
    result_line(run)
    if run.recipe is not None:
        st.markdown("The same run from the command line:")
        st.code(command(run.recipe), language="bash", wrap_lines=True)
        st.markdown("The whole recipe, as stored:")
        st.code(json.dumps(run.recipe.model_dump(), indent=2), language="json", height=320)
    for name, reason in run.facts.get("skipped") or ():
        st.caption(safe_md(f"Skipped {name}: {reason}"))
    st.caption(f"Folder: `{runs.runs_folder() / run.id}`")

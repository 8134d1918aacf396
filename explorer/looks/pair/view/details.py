"""Runs that were ticked in the table: one in detail, several against each other."""

import json
from functools import partial

import streamlit as st

from explorer import runs
from explorer.app.asking import majority
from explorer.app.drawing import draw
from explorer.app.figures.accuracies import Bar, accuracies
from explorer.app.labels import run_labels
from explorer.app.words import command, group_of, safe_md, state_badge
from explorer.looks.pair.view.choosing import compare_two
from explorer.runs import FinishedRun, KnownRun, Run
from explorer.training.view.following import result_line
from explorer.training.view.keeping import name_run


def compare_scored(chosen: list[Run]) -> None:
    """Accuracies of several finished runs, and of two the difference on the same images."""
    scored = [run for run in chosen if isinstance(run, FinishedRun) and run.test]
    if len(scored) > 1:
        labels = run_labels(scored, brief=True)
        bars = [Bar(labels[r.id], r.test, r.recipe.tuned, r.recipe.drawn, r.grouped) for r in scored if r.test]
        group = group_of(scored[0])
        code = ("explorer/evidence/shares.py", "wilson")
        shares = {round(share, 6) for run in scored if (share := majority(run)) is not None}
        draw(partial(accuracies, bars, shares.pop() if len(shares) == 1 else None, group), "runs_accuracy", code=code)
        compare_two(scored)
        if len({run.recipe.dataset for run in scored}) > 1:
            st.warning(
                "These runs used different data sets: their accuracies cannot be compared.", icon=":material/warning:"
            )


def run_details(run: Run) -> None:
    """One run: how it ended, its command, its recipe, and where it lies."""
    st.markdown(f"### {safe_md(run.name)} {state_badge(run.state)}")
    name_run(run, "details")
    st.markdown(safe_md(run.title))
    if run.named.note:
        st.markdown(f":material/sticky_note_2: {safe_md(run.named.note)}")
    result_line(run)
    if isinstance(run, KnownRun):
        st.markdown("The same run from the command line:")
        st.code(command(run.recipe), language="bash", wrap_lines=True)
        st.markdown("The whole recipe, as stored:")
        st.code(json.dumps(run.recipe.model_dump(), indent=2), language="json", height=320)
    for name, reason in run.facts.get("skipped") or ():
        st.caption(safe_md(f"Skipped {name}: {reason}"))
    st.caption(f"Folder: `{runs.folder(run.id)}`")

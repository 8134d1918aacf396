"""The class's results as they come in, the queue with its controls, the server."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from explorer import jobs, workspaces
from explorer.app.asking import all_runs
from explorer.app.controls import menu
from explorer.app.drawing import draw
from explorer.app.mine import mark, presents
from explorer.app.presenting import controls
from explorer.app.words import plain, safe_md, short_title, state_badge
from explorer.classroom.figures import class_accuracies
from explorer.classroom.results import ClassResults, class_results, whose
from explorer.classroom.server import server, visitors
from explorer.errors import ExplorerError
from explorer.jobs.overview import Waiting, trainings
from explorer.jobs.pausing import pause, paused
from explorer.runs import FinishedRun, Run, known, names
from explorer.runs.question import TrainQuestion

EVERY = 2.0  # seconds between two looks at what came in
SHOWN = 12  # lines of the queue


def only_presenters() -> bool:
    """Whether the page may be shown; says so where it may not."""
    if presents():
        return True
    words = (
        "Only the presenter sees this page. Their link was printed where the server was started."
        if workspaces.shared()
        else "There is no class in local use. `python -m explorer serve --shared` gives each visitor a workspace, and the "
        "presenter this page."
    )
    st.info(words, icon=":material/co_present:")
    return False


@st.fragment(run_every=EVERY)
def results() -> None:
    """How far the class is, and everybody's accuracies; drawn again as runs finish."""
    if not presents():  # the right ended while the page was open
        st.rerun()
    workspaces.note_visit(mark())  # who watches is here
    with workspaces.everything():
        known = all_runs()
    owners = whose()
    found = class_results(known, owners)
    _counts(known, owners)
    if not found:
        st.info(
            "No visitor has finished a run yet. Dots appear here as runs finish, one for each, without names.",
            icon=":material/hourglass_empty:",
        )
        return
    draw(
        partial(class_accuracies, _picked(found)),
        "class_accuracies",
        code=("explorer/classroom/results.py", "class_results"),
    )


def _picked(found: list[ClassResults]) -> ClassResults:
    titles = {one.title: one for one in found}
    if len(titles) == 1:
        return found[0]
    with controls("Settings"):
        return titles[menu("Data and backbone", list(titles), "data", "class_data", width=420)]


def _counts(known: list[Run], owners: dict[str, str]) -> None:
    here, theirs = visitors(), [run for run in known if run.id in owners]
    states = Counter(run.state for run in theirs)
    tuned = {owners[run.id] for run in theirs if isinstance(run, FinishedRun) and run.recipe.tuned}
    cells = st.columns(5)
    for cell, (label, value) in zip(
        cells,
        (
            ("Visitors here", f"{here.active} of {here.active + here.idle}"),
            ("Have tuned a stage", str(len(tuned))),
            ("Runs finished", str(states["finished"])),
            ("Running", str(states["running"])),
            ("Waiting", str(states["queued"])),
        ),
        strict=True,
    ):
        cell.metric(label, value)


@st.fragment(run_every=EVERY)
def queue() -> None:
    """What trains and waits, each with *Cancel*, and the switch that holds the queue."""
    if not presents():
        st.rerun()
    st.header("Queue")
    tasks, held = trainings(), paused()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Resume the queue" if held else "Pause the queue",
            icon=":material/play_arrow:" if held else ":material/pause:",
            type="primary" if held else "secondary",
            key="class_pause",
            on_click=_told,
            args=(pause, not held),
            help="Trainings that run go on; those that wait do not start. Looks are still answered.",
        )
        if held:
            st.badge("Paused: nothing that waits will start", icon=":material/pause:", color="orange")
    if not tasks:
        st.caption("Nothing is training or waiting.")
    with workspaces.everything():
        titles = {run.id: short_title(run.recipe) for run in known(all_runs())} if tasks else {}
    for task in tasks[:SHOWN]:
        _line(task, titles.get(task.run, "a run"))
    if len(tasks) > SHOWN:
        st.caption(f"… and {len(tasks) - SHOWN} more wait.")


def _line(task: Waiting, title: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        said = f" · {plain(task.message)}" if task.message else ""
        took = f" · {task.seconds:.0f} s" if task.seconds else ""
        st.markdown(
            f"{state_badge(task.state)} {safe_md(names.generated(task.run))} · {safe_md(title + said + took, 200)}"
        )
        st.button(
            "Cancel",
            icon=":material/close:",
            key=f"class_cancel_{task.run}",
            on_click=_told,
            args=(jobs.cancel, TrainQuestion(run=task.run)),
            type="tertiary",
        )


def _told(act: Callable[[Any], object], what: object) -> None:
    """Do it, or say why it cannot be done: the right may have ended while the page was open."""
    try:
        act(what)
    except ExplorerError as error:
        st.toast(safe_md(str(error)), icon=":material/error:")


@st.fragment(run_every=5.0)
def machine() -> None:
    """Visitors, processes, memory, disk."""
    if not presents():
        st.rerun()
    st.header("Server")
    here, now = visitors(), server()
    left, right = st.columns(2)
    with left:
        st.markdown(
            f"**{here.active}** visitors here, **{here.idle}** idle for more than 5 minutes. Worker: {plain(now.worker)}."
        )
        on_devices = [(f"Memory of {safe_md(device.name)}", device.memory) for device in now.devices]
        for words, (used, whole) in (("Memory of the machine", now.memory), *on_devices, ("Disk", now.disk)):
            st.progress(used / whole, text=f"{words}: {used / 1e9:.1f} of {whole / 1e9:.1f} GB")
    with right:
        st.dataframe(
            {
                "Process": [process.what for process in now.processes],
                "Memory, MB": [round(process.memory / 1e6) for process in now.processes],
            },
            hide_index=True,
            height=38 + 35 * min(len(now.processes), 6),
        )

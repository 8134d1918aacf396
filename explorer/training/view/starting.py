"""Runs that a page starts: queue them, say why one cannot be, and start once what the home page shows."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from explorer import jobs, runs
from explorer.app.asking import all_runs, owner
from explorer.app.visitor import note_run
from explorer.app.words import safe_md
from explorer.errors import ExplorerError
from explorer.recipe import Recipe, make
from explorer.runs import Run, names
from explorer.runs.life import LIVE

_STARTING = threading.Lock()
ANCHOR = "the-run"  # of the header above the run that the Train page shows, for links


def start(recipe: Recipe, by_visitor: bool = True) -> str:
    """Queue a run for this visitor and return its id; `by_visitor` says that the visitor wanted it, not a page by itself."""
    run = jobs.train(recipe, owner())
    if by_visitor:
        note_run(run)
    return run


def recipe_or_error(choices: dict[str, Any]) -> Recipe | ExplorerError:
    """The recipe of a form, or what is wrong with it, to be told when the visitor starts it."""
    try:
        require_folder(choices)
        return make(**choices)
    except ExplorerError as error:
        return error


def require_folder(choices: Mapping[str, Any]) -> None:
    """Raises ExplorerError where a form says that the pictures lie in a folder and does not name it."""
    if choices.get("dataset") == "folder" and not choices.get("data_dir"):
        raise ExplorerError("Type the path of your folder above: one sub-folder per class, pictures inside.")


def start_and_follow(made: Recipe | ExplorerError) -> None:
    """Start the recipe, show it and say so, or say why it cannot be started."""
    st.session_state.pop("training_error", None)
    try:
        if isinstance(made, ExplorerError):
            raise made
        show(start(made), "is in the queue")
    except ExplorerError as error:
        st.session_state["training_error"] = str(error)


def show(run: str, news: str) -> None:
    """Show this very run on the Train page, and say so with the way to it: on a phone it stands below the form."""
    st.session_state["following"] = run
    st.toast(f"**{safe_md(names.name(run))}** {news}. [Show it](#{ANCHOR})", icon=":material/local_fire_department:")


def latest(recipe: Recipe, among: Sequence[Run] | None = None) -> Run | None:
    """The best that is known of a recipe: a finished run, else one under way, else the latest that went wrong.

    `among` are all runs, where the caller has listed them already: with hundreds of them a listing takes tens of milliseconds.
    """
    same = [jobs.lost(run) for run in (all_runs() if among is None else among) if run.recipe == recipe]
    for states in (("finished",), LIVE):
        found = next((run for run in same if run.state in states), None)
        if found:
            return found
    return same[0] if same else None


def home_runs(recipes: Sequence[Recipe]) -> list[Run]:
    """One run for each recipe; what nobody ever started is started now (once, however many visitors arrive)."""
    found = []
    with _STARTING:
        for recipe in recipes:
            run = latest(recipe)
            found.append(run if run is not None else runs.read(start(recipe, by_visitor=False)))
    return found

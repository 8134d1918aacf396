"""The page Experiments: which kind, then its form, what was started, and what it says."""

import streamlit as st

from explorer.app.controls import segments
from explorer.experiments.plan import KINDS, Kind
from explorer.experiments.view.budget import show_budget
from explorer.experiments.view.depth import show_depth
from explorer.experiments.view.following import plan_words, sweep_of
from explorer.experiments.view.planning import new_experiment, pick_experiment
from explorer.experiments.view.shift import show_shift
from explorer.race.view.entry import show_races

TITLES: dict[str, str] = {
    "race": "Which way of tuning wins here?",
    "budget": "How many images before tuning pays?",
    "depth": "How deep should tuning go?",
    "shift": "What is left on spoilt images?",
}
_ABOUT: dict[Kind, str] = {
    "budget": "The same strategies on more and more images of each class: where does one overtake another, and how sure is it?",
    "depth": "Every cut between frozen and trainable, from the head alone to everything; from pre-trained and random weights.",
    "shift": "Every run is also scored on its test images with noise, blur or little contrast: does a gain hold there?",
}
_SHOW = {"budget": show_budget, "depth": show_depth, "shift": show_shift}


def show_experiments() -> None:
    """The kind stands in the address; Race is the first."""
    kinds = {"race": "Race"} | KINDS
    place = st.empty()
    kind = segments("Experiment", list(kinds), "kind", "experiment_kind", format_func=kinds.__getitem__, wrap=True)
    place.title(TITLES[kind])
    if kind == "race":
        show_races()
    elif kind in ("budget", "depth", "shift"):
        _show(kind)


def _show(kind: Kind) -> None:
    st.markdown(_ABOUT[kind])
    new_experiment(kind)
    shown = pick_experiment(kind)
    if shown is None:
        st.info(
            "No experiment of this kind yet. Choose above and start: results appear here as they come, and can be stopped."
        )
        return
    st.caption(plan_words(shown))
    _SHOW[kind](sweep_of(shown))

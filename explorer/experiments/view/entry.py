"""The page Experiments: which kind, then its form, what was started, and what it says."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from explorer.app.controls import segments
from explorer.experiments.cells import Sweep
from explorer.experiments.plan import KINDS, Kind
from explorer.experiments.view.batchnorm import show_batchnorm
from explorer.experiments.view.block import show_block
from explorer.experiments.view.budget import show_budget
from explorer.experiments.view.depth import show_depth
from explorer.experiments.view.following import plan_words, sweep_of
from explorer.experiments.view.planning import new_experiment, pick_experiment
from explorer.experiments.view.rates import show_rates
from explorer.experiments.view.shift import show_shift
from explorer.experiments.view.start import show_start
from explorer.race.view.entry import show_races

TITLES: dict[str, str] = {
    "race": "Which way of tuning wins here?",
    "budget": "How many images before tuning pays?",
    "depth": "How deep should tuning go?",
    "block": "Which block should be trained?",
    "rates": "At which learning rate do features break?",
    "batchnorm": "Which BatchNorm mode holds with small batches?",
    "shift": "What is left of a gain on corrupted images?",
    "start": "Pre-trained, or merely scaled?",
}
_ABOUT: dict[Kind, str] = {
    "budget": "The same strategies on more and more images of each class: where does one overtake another, and how sure is it?",
    "depth": "Every cut between frozen and trainable, from the head alone to everything; from pre-trained and random weights.",
    "block": "Each stage tuned alone, on clean and corrupted pictures: which gains most, and does the gradient predict it?",
    "rates": "Each strategy at backbone rates ten times smaller and larger: does accuracy fall where features move?",
    "batchnorm": "One strategy in every BatchNorm mode, with small and large batches: their validation curves in one figure.",
    "start": "Pre-trained weights against random ones of the same scale, and against plain random ones: was the gain learned?",
    "shift": "Every run is also scored on its test images with noise, blur or other colours: does a gain hold there?",
}
_SHOW: dict[str, Callable[[Sweep], None]] = {
    "budget": show_budget,
    "depth": show_depth,
    "block": show_block,
    "rates": show_rates,
    "batchnorm": show_batchnorm,
    "shift": show_shift,
    "start": show_start,
}


def show_experiments() -> None:
    """The kind stands in the address, or follows from the plan that a link names; Race is the first."""
    kinds = {"race": "Race"} | KINDS
    named = st.query_params.get("plan", "").split(";")[0]
    if named in KINDS and "kind" not in st.query_params and "experiment_kind" not in st.session_state:
        st.query_params["kind"] = named
    place = st.empty()
    kind: Any = segments("Experiment", list(kinds), "kind", "experiment_kind", format_func=kinds.__getitem__, wrap=True)
    place.title(TITLES[kind])
    if kind == "race":
        st.query_params.pop("plan", None)  # of another kind, which a reload would open
        show_races()
    elif kind in _SHOW:
        _show(kind)


def _show(kind: Kind) -> None:
    st.markdown(_ABOUT[kind])
    new_experiment(kind)
    shown = pick_experiment(kind)
    if shown is None:
        st.info(
            "No experiment of this kind yet. Choose above and start: results appear here as they come in, and you can stop it."
        )
        return
    st.caption(plan_words(shown))
    _SHOW[kind](sweep_of(shown))

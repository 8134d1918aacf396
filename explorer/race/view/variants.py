"""What every strategy of a new race may run in besides: BatchNorm mode, augmentation, found rates, a second backbone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from explorer import jobs
from explorer.app.asking import ask, finished
from explorer.app.words import safe_md
from explorer.catalogue import AUGMENTATIONS, STRATEGIES, Backbone
from explorer.catalogue.backbones import offered
from explorer.errors import ExplorerError
from explorer.race.view.titles import arm_titles
from explorer.recipe import Recipe, make
from explorer.training.cost import images_of
from explorer.training.question import FindRatesQuestion, RateSearch
from explorer.training.view.estimates import await_speed, estimate, time_words

VIEWS = 4
_NONE = "none"


@dataclass(frozen=True)
class Variants:
    """What `arms.recipes` takes besides strategies and seeds; `waiting` says that rates are still being found."""

    both_modes: bool = False
    more: tuple[Mapping[str, Any], ...] = ()
    rates: Mapping[str, Mapping[str, Any]] | None = None
    waiting: bool = False


def pick_variants(row: Backbone, names: Sequence[str], shared: Mapping[str, Any]) -> Variants:
    """The controls under *Run each strategy also*."""
    st.markdown("**Run each strategy also**")
    left, right = st.columns(2, gap="medium")
    with left:
        both = row.normalisation == "batch" and st.toggle(
            "in both BatchNorm modes",
            key="race_modes",
            persist_state="session",
            help="Where pre-trained stages are tuned: once with BatchNorm's statistics kept, once with those of the batch, as "
            "after a plain model.train().",
        )
        found = st.toggle(
            "at the rates that *Find learning rates* proposes",
            key="race_rates",
            persist_state="session",
            help="Raises the learning rate step by step on your images, for each strategy: seconds to minutes each. Where the "
            "default rates are kept, nothing is added.",
        )
    with right:
        more = _pick_more(row)
    rates, waiting = found_rates(names, shared) if found else ({}, False)
    return Variants(bool(both), tuple(more), rates, waiting)


def _pick_more(row: Backbone) -> list[Mapping[str, Any]]:
    """An augmentation and a second backbone, as fields with which every strategy runs once more."""
    augmentation = st.selectbox(
        "with augmentation",
        list(AUGMENTATIONS),
        key="race_augmentation",
        persist_state="session",
        format_func=lambda name: "No" if name == _NONE else AUGMENTATIONS[name],
    )
    rows = offered()
    others = [_NONE, *(name for name in rows if name != row.name and rows[name].offline())]
    if st.session_state.get("race_second") not in others:
        st.session_state.pop("race_second", None)
    second = st.selectbox(
        "on a second backbone",
        others,
        key="race_second",
        persist_state="session",
        format_func=lambda name: "No" if name == _NONE else rows[name].title,
        help="Those whose weights are on this machine.",
    )
    more: list[Mapping[str, Any]] = []
    if augmentation != _NONE:
        more.append({"augmentation": augmentation, "views": VIEWS})
    if second != _NONE:
        more.append({"backbone": second, "weights": "default"})
    return more


def found_rates(names: Sequence[str], shared: Mapping[str, Any]) -> tuple[dict[str, dict[str, float]], bool]:
    """Strategy → the rates proposed for it, where they differ from its own; and whether some are still being found."""
    found: dict[str, dict[str, float]] = {}
    kept, waiting = [], False
    for name in names:
        title = STRATEGIES[name].title.split(" (")[0]
        try:
            asked = FindRatesQuestion(recipe=make(strategy=name, **shared))
        except ExplorerError:  # said when the race is started
            continue
        answer = ask(asked, f"Rates of {title}", height=0)
        if answer is None:
            waiting = True
        elif rates := proposed(answer):
            found[name] = rates
        else:
            kept.append(title)
    if kept:
        st.caption(f"The default rates are kept for: {', '.join(kept)}.")
    return found, waiting


def proposed(search: RateSearch) -> dict[str, float]:
    """The rates as fields of a recipe; none where the recipe's own are kept."""
    curves = {"head_rate": search.head, "backbone_rate": search.backbone}
    if all(curve is None or curve.kept for curve in curves.values()):
        return {}
    return {name: curve.suggested for name, curve in curves.items() if curve is not None}


def show_arms(made: Sequence[Recipe] | ExplorerError, seeds: int) -> None:
    """The arms by name, how many runs that is, and how long it will take."""
    if isinstance(made, ExplorerError):
        st.caption(f":material/info: {safe_md(str(made))}")
        return
    first = made[: len(made) // seeds]
    known = finished()
    times = [estimate(recipe, known) for recipe in first]
    total = (
        None if any(time is None for time in times) else seeds * sum(time for time in times if time) / jobs.at_once()
    )
    counted = all(images_of(recipe, known) for recipe in first)
    waiting = "their time is being measured" if counted else "no run has counted the images of this folder yet"
    told = f"{time_words(total)} on this machine" if total is not None else waiting
    st.markdown(f":material/timer: **{len(made)} runs, {told}:** {'; '.join(arm_titles(first))}.")
    unknown = next((recipe for recipe, time in zip(first, times, strict=True) if time is None), None)
    if unknown is not None and counted:
        await_speed(unknown)

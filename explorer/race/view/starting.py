"""A new race: choose the strategies, the images and the seeds, and start; run again what is missing of one."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import streamlit as st

from explorer import jobs, runs
from explorer.app.asking import error_box, owner
from explorer.app.visitor import note_run
from explorer.app.words import safe_md
from explorer.arriving.view.choosing import labels_of
from explorer.catalogue import STRATEGIES, Backbone
from explorer.errors import ExplorerError
from explorer.looks.data.view.changing import edits_in_use
from explorer.race import arms, races
from explorer.race.races import Race
from explorer.race.view.variants import Variants, pick_variants, show_arms
from explorer.recipe import Recipe
from explorer.runs import Run
from explorer.training.view.forms import pick_backbone, pick_custom_stages, pick_dataset, pick_size, pick_weights
from explorer.training.view.starting import require_folder

_DEFAULT = ("linear_probe", "last_stage", "full")


def new_race(known: bool = False) -> None:
    """The form of a new race, folded away where there is one to look at (`known`); what went wrong is said under it."""
    recall_strategies()
    with st.expander("New race", icon=":material/flag:", expanded=race_form_open(known)):
        row, source = pick_source()
        names = pick_strategies()
        custom = pick_custom_stages(row) if "custom" in names else {}
        size, seeds = pick_race_size()
        shared = source | custom | size
        variants = pick_variants(row, names, shared)
        made = _recipes(names, seeds, variants, shared)
        show_arms(made, seeds)
        label = f"**Start {len(made)} runs**" if isinstance(made, list) else "**Start**"  # why not is said when pressed
        if st.button(label, type="primary", icon=":material/play_arrow:", key="race_start", width="stretch",
                     disabled=variants.waiting):  # fmt: skip
            st.session_state.pop("race_error", None)
            if isinstance(made, list):
                start_race(made)
            else:
                st.session_state["race_error"] = str(made)
    if "race_error" in st.session_state:
        error_box(st.session_state["race_error"])


def pick_source() -> tuple[Backbone, dict[str, Any]]:
    """The backbone and the data set, side by side; as a row, and as recipe fields."""
    left, right = st.columns(2, gap="medium")
    with left:
        row = pick_backbone()
        weights = pick_weights(row)
    with right:
        data, folder = pick_dataset()
        edits = edits_in_use(data.name, folder)
    source = {"backbone": row.name, "weights": weights, "dataset": data.name, "data_dir": folder}
    return row, source | {"labels": labels_of(), "edits": edits}


def _recipes(
    names: Sequence[str], seeds: int, variants: Variants, shared: dict[str, Any]
) -> list[Recipe] | ExplorerError:
    """The runs that the form stands for, or what is wrong with it."""
    try:
        require_folder(shared)
        return arms.recipes(names, seeds, variants.both_modes, variants.more, variants.rates, **shared)
    except ExplorerError as error:
        return error


def recall_strategies() -> None:
    """Take the strategies that an address names, `strategies=linear_probe,full`, once; what does not exist is said."""
    text = st.query_params.get("strategies", "")
    if not text or st.session_state.get("race_recalled") == text:
        return
    st.session_state["race_recalled"] = text
    wanted = [name.strip() for name in text.split(",") if name.strip()]
    known = [name for name in wanted if name in STRATEGIES]
    if known:
        st.session_state["race_strategies"] = known
    if wrong := [name for name in wanted if name not in STRATEGIES]:
        words = f"The address asked for the strategies {', '.join(wrong)[:64]!r}, which do not exist here."
        st.warning(
            safe_md(f"{words} {'Showing the others.' if known else 'Showing the default.'}"), icon=":material/link_off:"
        )


def pick_strategies() -> list[str]:
    """Pills of all strategies, with the meaning of those chosen; returned in the catalogue's order."""
    chosen = st.pills(
        f"Strategies ({arms.FEWEST} to {arms.MOST}, or one in variants)",
        list(STRATEGIES),
        selection_mode="multi",
        default=None if "race_strategies" in st.session_state else _DEFAULT,
        key="race_strategies",
        persist_state="session",
        wrap=True,
        format_func=_short,
    )
    names = [name for name in STRATEGIES if name in chosen]
    st.caption("  \n".join(f"**{_short(name)}:** {STRATEGIES[name].meaning}" for name in names))
    return names


def _short(name: str) -> str:
    return STRATEGIES[name].title.split(" (")[0]


def pick_race_size() -> tuple[dict[str, Any], int]:
    """Images per class and epochs, as recipe fields and as the Train page has them, and the number of seeds."""
    left, right = st.columns([2, 1], gap="medium")
    with left:
        size = pick_size()
    with right:
        seeds = st.slider("Seeds", 1, arms.MOST_SEEDS, 1, key="race_seeds", persist_state="session")
        st.caption("Each seed draws other training images, first weights and batches: several show how much is luck.")
    return size, seeds


def start_race(recipes: Sequence[Recipe]) -> None:
    """Queue the runs of a new race and show it; what could not be queued is said, what was stays visible."""
    name = races.new_id()
    queue_runs([partial(jobs.train, recipe, owner(), race=name) for recipe in recipes], name)
    st.rerun()  # folds the form, which stands above


def queue_runs(starts: Sequence[Callable[[], str]], race: str) -> None:
    """Queue the runs of a race and show it, unless none could be queued; what could not is said."""
    if queue_all(starts, "runs", "race_error") or not starts:
        st.session_state["race_form"] = False
        open_race(race)


def queue_all(starts: Sequence[Callable[[], str]], what: str, error_key: str) -> int:
    """Start one after the other, and note that this visitor did; returns how many were queued. The first that could not be ends
    it: why stands under `error_key` of the session, which is empty otherwise."""
    st.session_state.pop(error_key, None)
    for i, start in enumerate(starts):
        try:
            note_run(start())
        except ExplorerError as error:
            queued = f"{i} of {len(starts)} {what} were queued, the others were not. " if i else ""
            st.session_state[error_key] = queued + str(error)
            return i
    return len(starts)


def start_again(recipe: Recipe, run: Run | None, race: str = "") -> str:
    """Queue what has no result: the run from its checkpoint where it has one, else the recipe again; returns the run's id."""
    if run is not None and runs.resumable(run.id):
        jobs.resume(run.id, owner())
        return run.id
    return jobs.train(recipe, owner(), race=race)


def run_missing(race: Race) -> None:
    """Queue again what has no result: from its checkpoint where it has one, else from the beginning."""
    queue_runs([partial(start_again, recipe, run, race.id) for recipe, run in race.missing], race.id)


def race_form_open(known: bool) -> bool:
    """Whether the form of a new race is unfolded: where there is no race to look at (`known` says that there is one), or where
    strategies were chosen elsewhere for a new one."""
    asked = "race_strategies" in st.session_state  # by the address, or by a step of the lesson
    return st.session_state.setdefault("race_form", "race" not in st.query_params and (asked or not known))


def open_race(race: str) -> None:
    """Show this race; the address bar names it, so that it survives a reload."""
    st.session_state["race"] = st.query_params["race"] = race

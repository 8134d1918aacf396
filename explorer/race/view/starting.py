"""A new race: choose the strategies, the images and the seeds, and start; run again what is missing of one."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import streamlit as st

from explorer import jobs, runs
from explorer.app.asking import error_box, owner
from explorer.app.visitor import note_run
from explorer.arriving.view.choosing import labels_of
from explorer.catalogue import STRATEGIES, Backbone
from explorer.errors import ExplorerError
from explorer.race import arms, races
from explorer.race.races import Race
from explorer.recipe import Recipe
from explorer.training.view.forms import pick_backbone, pick_custom_stages, pick_dataset, pick_weights

_DEFAULT = ("linear_probe", "last_stage", "full")


def new_race() -> None:
    """The form of a new race, folded away once one was started; what went wrong is said under it."""
    with st.expander("New race", icon=":material/flag:", expanded=race_form_open()):
        left, right = st.columns(2, gap="medium")
        with left:
            row = pick_backbone()
            weights = pick_weights(row)
        with right:
            data, folder = pick_dataset("race")
        names = pick_strategies()
        both = pick_modes(row)
        custom = pick_custom_stages(row) if "custom" in names else {}
        size, seeds = pick_race_size()
        shared = {
            "backbone": row.name,
            "weights": weights,
            "dataset": data.name,
            "data_dir": folder,
            "labels": labels_of("race"),
        }
        label = start_label(names, seeds, both, **shared, **custom, **size)
        if st.button(label, icon=":material/play_arrow:", key="race_start", width="stretch"):
            st.session_state.pop("race_error", None)
            try:
                if data.name == "folder" and not folder:
                    raise ExplorerError(
                        "Type the path of your folder above: one sub-folder per class, pictures inside."
                    )
                start_race(arms.recipes(names, seeds, both, **shared, **custom, **size))
            except ExplorerError as error:
                st.session_state["race_error"] = str(error)
    if "race_error" in st.session_state:
        error_box(st.session_state["race_error"])


def pick_strategies() -> list[str]:
    """Pills of all strategies, with the meaning of those chosen; returned in the catalogue's order."""
    chosen = st.pills(
        f"Strategies ({arms.FEWEST} to {arms.MOST})",
        list(STRATEGIES),
        selection_mode="multi",
        default=_DEFAULT,
        key="race_strategies",
        persist_state="session",
        wrap=True,
        format_func=_short,
    )
    names = [name for name in STRATEGIES if name in chosen]
    st.caption("  \n".join(f"**{_short(name)}:** {STRATEGIES[name].meaning}" for name in names))
    return names


def pick_modes(row: Backbone) -> bool:
    """Whether strategies that tune run in both BatchNorm modes."""
    return row.normalisation == "batch" and st.toggle(
        "Both BatchNorm modes",
        key="race_modes",
        persist_state="session",
        help="Each strategy that tunes pre-trained stages runs twice: once with BatchNorm's statistics kept, once with those of "
        "the batch, as after a plain model.train(). Each counts as an arm of its own.",
    )


def _short(name: str) -> str:
    return STRATEGIES[name].title.split(" (")[0]


def pick_race_size() -> tuple[dict[str, Any], int]:
    """Images per class and epochs, as recipe fields, and the number of seeds."""
    left, middle, right = st.columns(3, gap="medium")
    with left:
        per_class = st.number_input(
            "Training images per class", 1, 100_000, 25, key="race_per_class", persist_state="session"
        )
        everything = st.checkbox("Use all training images", key="race_all", persist_state="session")
    with middle:
        epochs = st.slider("Epochs", 1, 100, 10, key="race_epochs", persist_state="session")
    with right:
        seeds = st.slider("Seeds", 1, arms.MOST_SEEDS, 1, key="race_seeds", persist_state="session")
        st.caption("Each seed draws other training images, first weights and batches: several show how much is luck.")
    return {"per_class": None if everything else int(per_class), "epochs": epochs}, seeds


def start_label(names: Sequence[str], seeds: int, both: bool, **shared: Any) -> str:
    """What the button says: how many runs it starts, where the choice makes a race."""
    try:
        return f"**Start {len(arms.recipes(names, seeds, both, **shared))} runs**"
    except ExplorerError:  # said when the button is pressed
        return "**Start**"


def start_race(recipes: Sequence[Recipe]) -> None:
    """Queue the runs of a new race and show it; what could not be queued is said, what was stays visible."""
    name = races.new_id()
    queue_runs([partial(jobs.train, recipe, owner(), race=name) for recipe in recipes], name)
    st.rerun()  # folds the form, which stands above


def queue_runs(starts: Sequence[Callable[[], object]], race: str) -> None:
    st.session_state.pop("race_error", None)
    for i, start in enumerate(starts):
        try:
            note_run(start())
        except ExplorerError as error:
            queued = f"{i} of {len(starts)} runs were queued, the others were not. " if i else ""
            st.session_state["race_error"] = queued + str(error)
            if not i:
                return
            break
    st.session_state["race_form"] = False
    open_race(race)


def run_missing(race: Race) -> None:
    """Queue again what has no result: from its checkpoint where it has one, else anew."""
    starts: list[Callable[[], object]] = []
    for recipe, run in race.missing:
        if run is not None and runs.resumable(run.id):
            starts.append(partial(jobs.resume, run.id, owner()))
        else:
            starts.append(partial(jobs.train, recipe, owner(), race=race.id))
    queue_runs(starts, race.id)


def race_form_open() -> bool:
    """Whether the form of a new race is unfolded: not where a race was started, or the address named one."""
    return st.session_state.setdefault("race_form", "race" not in st.query_params)


def open_race(race: str) -> None:
    """Show this race; the address bar names it, so that it survives a reload."""
    st.session_state["race"] = st.query_params["race"] = race

"""The form of an experiment: what is compared, on what, how often; how many runs that is, and how long they take."""

from collections.abc import Sequence
from functools import partial

import streamlit as st

from explorer import jobs
from explorer.app.asking import all_runs, error_box, finished
from explorer.app.words import safe_md
from explorer.errors import ExplorerError
from explorer.experiments import cells, kept
from explorer.experiments.cells import Sweep
from explorer.experiments.compared import MODES
from explorer.experiments.plan import Kind, Plan, plan, read
from explorer.experiments.view.advising import advise
from explorer.experiments.view.picking import PICKS
from explorer.race.arms import MOST_SEEDS
from explorer.race.view.starting import pick_source, queue_all, start_again
from explorer.recipe.defaults import EPOCHS, PER_CLASS
from explorer.training.cost import images_of
from explorer.training.view.estimates import await_speed, estimate, time_words
from explorer.training.view.forms import starts_at
from explorer.training.view.starting import require_folder


def new_experiment(kind: Kind) -> None:
    """The form, folded away while an experiment is shown; what went wrong is said under it."""
    with st.expander("New experiment", icon=":material/science:", expanded=form_open(kind)):
        made = _pick(kind)
        sweep = _planned(made)
        words = _size_words(sweep)
        if isinstance(sweep, Sweep):
            st.markdown(words)
        else:
            st.caption(f":material/info: {words}")
        if isinstance(made, Plan):
            size = st.session_state.get("train_per_class", PER_CLASS) if kind != "budget" else made.sizes[-1]
            advise(made.shared, size, kind)
        label = "**Start**"
        if isinstance(sweep, Sweep):
            label = f"**Run {len(sweep.missing)} cells**" if sweep.missing else "**Show it**"
        if st.button(label, icon=":material/play_arrow:", key=f"{kind}_start", width="stretch"):
            _start(sweep)
    if "experiment_error" in st.session_state:
        error_box(st.session_state["experiment_error"])


def _pick(kind: Kind) -> Plan | ExplorerError:
    chosen = pick_source()[1] | {"kind": kind} | PICKS[kind]()
    left, right = st.columns(2, gap="medium")
    with left:
        starts_at("experiment_seeds", 3)
        seeds = st.slider("Seeds", 1, MOST_SEEDS, key="experiment_seeds", persist_state="session")
    with right:
        starts_at("train_epochs", EPOCHS)
        epochs = st.slider("Epochs", 1, 100, key="train_epochs", persist_state="session")
    try:
        require_folder(chosen)
        return plan(**chosen, seeds=seeds, epochs=epochs)
    except ExplorerError as error:
        return error


def _planned(made: Plan | ExplorerError) -> Sweep | ExplorerError:
    """The experiment with what is there of it already."""
    try:
        return cells.fill(made, all_runs()) if isinstance(made, Plan) else made
    except ExplorerError as error:
        return error


def _size_words(sweep: Sweep | ExplorerError) -> str:
    if isinstance(sweep, ExplorerError):
        return safe_md(str(sweep))
    known, there = finished(), len(sweep.cells) - len(sweep.missing)
    already = f" {there} are there already." if there else ""
    count = f":material/timer: **{len(sweep.cells)} cells.**{already}"
    first = {(c.planned.arm, c.planned.size): c.planned.recipe for c in sweep.cells if c.planned.seed == 0}
    times = {place: estimate(recipe, known) for place, recipe in first.items()}
    if any(time is None for time in times.values()):
        unknown = next(recipe for place, recipe in first.items() if times[place] is None)
        if not images_of(unknown, known):
            return f"{count} How long they take will be shown once a run has counted the images of this folder."
        await_speed(unknown)
        return f"{count} Their time is being measured."
    total = sum(times[cell.planned.arm, cell.planned.size] or 0 for cell in sweep.missing) / jobs.at_once()
    return f"{count} What is missing takes **{time_words(total)}** on this machine." if sweep.missing else count


def _start(sweep: Sweep | ExplorerError) -> None:
    st.session_state.pop("experiment_error", None)
    if isinstance(sweep, ExplorerError):
        st.session_state["experiment_error"] = str(sweep)
        return
    run_missing(sweep)
    st.rerun()  # folds the form, which stands above


def run_missing(sweep: Sweep) -> None:
    """Queue what has no result, from its checkpoint where it has one. What could not be queued is said."""
    starts = [partial(start_again, cell.planned.recipe, cell.run) for cell in sweep.missing]
    if not queue_all(starts, "cells", "experiment_error") and starts:
        return
    kept.keep(sweep.plan)
    st.session_state[f"{sweep.plan.kind}_form"] = False
    show(sweep.plan)


def form_open(kind: Kind) -> bool:
    """Whether the form is unfolded: not where an experiment was started, or the address names one."""
    return st.session_state.setdefault(f"{kind}_form", not _of_kind(kind) and not _named(kind))


def _named(kind: Kind) -> bool:
    """Whether the address holds an experiment of the kind."""
    return st.query_params.get("plan", "").split(";")[0] == kind


def _of_kind(kind: Kind) -> list[Plan]:
    return [one for one in kept.started() if one.kind == kind]


def show(wanted: Plan) -> None:
    """Show this experiment; the address holds the whole plan, so that a link shows it on another machine too."""
    st.session_state[f"{wanted.kind}_plan"] = wanted
    st.query_params["plan"] = wanted.text


def pick_experiment(kind: Kind) -> Plan | None:
    """The experiment that the address holds, else the one shown before, else the latest; with a picker of several."""
    text, listed = st.query_params.get("plan", ""), _of_kind(kind)
    shown: Plan | None = st.session_state.get(f"{kind}_plan") or (listed[0] if listed else None)
    if text and (shown is None or text != shown.text):
        try:
            named = read(text)
            _ = cells.planned(named)
            shown = named if named.kind == kind else shown
        except ExplorerError as error:
            st.warning(
                safe_md(f"The address asks for an experiment that is not possible. {error}", 600),
                icon=":material/link_off:",
            )
    if shown is None:
        return None
    show(shown)
    listed = [shown, *(one for one in listed if one != shown)] if shown not in listed else listed
    if len(listed) > 1:
        by_key = {one.key: one for one in listed}
        st.session_state[f"{kind}_pick"] = shown.key
        st.selectbox(
            "Experiments, the latest first", list(by_key), key=f"{kind}_pick",
            format_func=lambda key: f"{title(by_key[key])} · {key[:4]}",
            on_change=partial(_picked, kind, by_key),
        )  # fmt: skip
    return shown


def _picked(kind: Kind, by_key: dict[str, Plan]) -> None:
    show(by_key[st.session_state[f"{kind}_pick"]])


def title(one: Plan) -> str:
    """`photo_patches · resnet10 · 3 strategies × 5 sizes × 3 seeds`."""
    where = one.data_dir.rstrip("/").rsplit("/", 1)[-1] if one.data_dir else one.dataset
    what = {
        "depth": "every cut",
        "start": "every start",
        "block": f"every block × {len(one.inputs)} inputs",
        "rates": f"{len(one.strategies)} strategies × {len(one.decades)} rates",
        "batchnorm": f"{len(MODES)} modes × {len(one.batches)} batches",
    }.get(one.kind, f"{len(one.strategies)} strategies")
    what += f" × {len(one.sizes)} sizes" * (one.kind == "budget")
    return f"{where} · {one.backbone} · {what} × {one.seeds} seed{'s' * (one.seeds > 1)}"


def sizes_words(sizes: Sequence[int | None]) -> str:
    """`2, 5, 10 and all`."""
    words = ["all" if size is None else str(size) for size in sizes]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"

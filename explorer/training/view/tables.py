"""Results as rows of plain words: a description, an audit, the runs."""

import time
from collections.abc import Sequence
from typing import Any

import streamlit as st

from explorer import cache, runs
from explorer.app.words import count, percent, plain, safe_md, short_title
from explorer.catalogue import STRATEGIES, Backbone
from explorer.catalogue.datasets import dataset
from explorer.errors import ExplorerError
from explorer.runs import FinishedRun, Run
from explorer.runs.records import Audit, StageAudit
from explorer.runs.steps import kept_steps, steps
from explorer.training.question import Description

FROZEN, LEARNS = ":blue[:material/ac_unit: frozen]", ":orange[:material/local_fire_department: trainable]"


def description_table(found: Description, normalisation: str) -> dict[str, list[str]]:
    """Per stage: parameters, how many learn, whether BatchNorm statistics move, output shape.

    `normalisation` is the backbone's: `batch`, `layer` (which keeps no statistics) or `none`.
    """
    rows = found.stages
    moves = [_statistics(row.normalisation_layers, row.statistics_move) for row in rows]
    return {
        "Stage": [safe_md(row.stage) for row in rows],
        "Role": [LEARNS if row.learns else FROZEN for row in rows],
        "Parameters": [count(row.parameters) for row in rows],
        "Trainable": [count(row.learned) for row in rows],
        "Norm layers": [str(row.normalisation_layers) for row in rows],
        "Their statistics": moves if normalisation == "batch" else ["none"] * len(rows),
        "Output for one image": [" × ".join(map(str, row.output)) for row in rows],
    }


def _statistics(layers: int, move: bool) -> str:
    if not layers:
        return "none"
    return ":orange[move]" if move else "stay"


def strategies_table(row: Backbone) -> dict[str, list[str]]:
    """Every strategy that this backbone can take: what it means, and when to prefer it."""
    rows = [plan for plan in STRATEGIES.values() if row.normalisation != "none" or not plan.affine]
    return {
        "Strategy": [safe_md(plan.title) for plan in rows],
        "What it trains": [safe_md(plan.meaning) for plan in rows],
        "Prefer it for": [safe_md(plan.prefer) for plan in rows],
    }


def audit_table(audit: Audit) -> dict[str, list[str]]:
    """Per stage: declared, trainable parameters, largest change, BatchNorm drift, mode, in the optimizer, verdict.

    The mode is what its modules were seen in while learning (in audits of older runs, what was declared)."""
    rows = audit.stages
    return {
        "Stage": [safe_md(row.stage) for row in rows],
        "Declared": [FROZEN if row.declared == "frozen" else LEARNS for row in rows],
        "Trainable parameters": [count(row.learned) for row in rows],
        "Largest weight change": [_change(row.max_change, row.declared == "learns" and not row.leaked) for row in rows],
        "BatchNorm drift": [_drift(row) for row in rows],
        "Mode while learning": [_mode(row) for row in rows],
        "In optimizer": ["yes" if row.in_optimizer else "no" for row in rows],
        "Verdict": [
            ":green[:material/check: as declared]" if row.clean else ":red[**:material/close: not as declared**]"
            for row in rows
        ],
    }


def kept_words(run: Run) -> str:
    """What a run keeps: `epoch 3 of 10, after 42 of its 140 steps`; empty where that is not known."""
    chosen, kept, every = run.facts.get("chosen_epoch"), kept_steps(run), steps(run)
    if not chosen or kept is None:
        return ""
    return f"epoch {chosen} of {len(run.epochs)}, after {kept:,} of its {every:,} steps"


def _change(value: float, fine: bool) -> str:
    words = "0.0" if value == 0 else f"{value:.3g}"
    return words if fine or value == 0 else f":red[**{words}**]"


def _drift(row: StageAudit) -> str:
    """How far the statistics moved; where they stayed and batches were counted all the same, how many."""
    fine = "moved" not in row.found
    if row.batchnorm_drift or not row.counted:
        return _change(row.batchnorm_drift, fine)
    return "0.0" if fine else f":red[**0.0**, counted {row.counted} more batches]"


def _mode(row: StageAudit) -> str:
    """`eval`, `train`, or `train, statistics kept`; in red with what was not as declared."""
    kept = row.mode == "train" and row.batchnorm_mode == "eval"
    words = safe_md(row.mode) + (", statistics kept" if kept else "")
    return f":red[**{words}** ({safe_md(row.misplaced)})]" if row.misplaced else words


_FOUND = {
    "moved": "{} {was} to stay and moved",
    "mode": "{} was in another mode than declared while training ({misplaced})",
    "gradient": "other weights of {} required gradients than declared",
    "optimizer": "the optimizer held other weights of {} than declared",
    "still": "{} {was} to learn and did not move",
}


def audit_words(audit: Audit) -> str:
    """What an audit found that was not as declared, fault by fault, with the stages."""
    said = []
    for fault, words in _FOUND.items():
        rows = [row for row in audit.stages if fault in row.found]
        odd = {kind for row in rows for kind in row.misplaced.split(", ") if kind}
        if rows:
            names = ", ".join(f"**{safe_md(row.stage)}**" for row in rows)
            was = "were" if len(rows) > 1 else "was"
            said.append(words.format(names, was=was, misplaced=safe_md(", ".join(sorted(odd)) or "its modules")))
    if audit.recomputed:
        said.append(f"stored features differ from those of the network by up to {audit.recomputed:.1g}")
    return "; ".join(said)


RUNS_COLUMNS: dict[str, Any] = {
    "accuracy": st.column_config.NumberColumn("Test accuracy", format="%.1f %%"),
    "interval": st.column_config.TextColumn("95 % interval"),
    "grouped": st.column_config.TextColumn(
        "For other groups",
        help="95 % interval where images come in groups (patches of one photo, pictures of one patient): this "
        "interval is for other photos or other patients. The interval beside it is for more images of the same "
        "ones.",
    ),
    "balanced": st.column_config.NumberColumn(
        "Balanced", format="%.1f %%", help="Balanced accuracy: every class counts the same, however many images it has."
    ),
    "seconds": st.column_config.NumberColumn("Seconds", format="%.1f"),
    "steps": st.column_config.NumberColumn(
        "Steps kept", format="%d", help="Optimizer steps up to the epoch that is kept, the best on validation images."
    ),
    "learned": st.column_config.NumberColumn("Trainable parameters", format="compact"),
    "audit": st.column_config.TextColumn("Audit"),
    "made": st.column_config.DatetimeColumn("Made", format="D MMM, HH:mm"),
}


def runs_table(known: list[Run]) -> dict[str, list[Any]]:
    """One row a run, for a sortable table."""
    import datetime as dt

    recipes = [run.recipe for run in known]
    clean = {None: "", True: "clean", False: "not clean"}
    return {
        "Strategy": [short_title(r) if r else plain(run.id, 40) for r, run in zip(recipes, known, strict=True)],
        "Backbone": [r.row.title if r else "" for r in recipes],
        "Data": [plain(r.data_dir or dataset(r.dataset).title, 40) if r else "" for r in recipes],
        "State": [f"{run.state} (sample)" if run.sample else run.state for run in known],
        "accuracy": [100 * run.test.accuracy if run.test else None for run in known],
        "interval": [_interval(run) for run in known],
        "grouped": [_grouped(run) for run in known],
        "balanced": [100 * run.balanced.value if run.balanced else None for run in known],
        "seconds": [(run.facts.get("seconds") or {}).get("total") for run in known],
        "steps": [kept_steps(run) for run in known],
        "learned": [(run.facts.get("parameters") or {}).get("learned") for run in known],
        "audit": [clean[run.clean] for run in known],
        "made": [dt.datetime.fromtimestamp(run.created) for run in known],
    }


def _interval(run: Run) -> str:
    return percent(run.test).split("(", 1)[1].rstrip(")") if run.test else ""


def _grouped(run: Run) -> str:
    return f"{100 * run.grouped.low:.1f} to {100 * run.grouped.high:.1f}" if run.grouped else ""


def delete_runs(ids: list[str]) -> None:
    """Put runs aside and remember them for `undo_delete`."""
    for run in ids:
        runs.delete(run)
        st.session_state.setdefault("runs_deleted", {})[run] = time.time()


def undo_delete() -> None:
    """Bring back what this session deleted, and say what cannot be brought back any more."""
    for run in st.session_state.pop("runs_deleted", {}):
        try:
            runs.restore(run)
        except ExplorerError as error:
            st.toast(safe_md(str(error)), icon=":material/error:")


def deleted_runs() -> None:
    """How many runs this session deleted that can still be brought back, how long that lasts, and a button that does it."""
    known: dict[str, float] = st.session_state.get("runs_deleted", {})
    for run in [run for run, since in known.items() if time.time() - since > runs.UNDO]:
        del known[run]
    if not known:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f":material/delete: {len(known)} deleted. Undo works for {runs.UNDO / 60:.0f} minutes, or until the disk is "
            f"full; after that the space is freed."
        )
        st.button("Undo", icon=":material/undo:", key="runs_undo", on_click=undo_delete)


def kept_outputs() -> None:
    """How much disk the stored outputs of frozen stages take, and a button that clears them."""
    entries, size = cache.size()
    if not entries:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f":material/inventory_2: Cached features of frozen stages: {size / 1e6:,.0f} MB in {entries} files, "
            f"at most {cache.limit() / 1e9:g} GB; least recently used files are removed first."
        )
        st.button("Clear", icon=":material/delete_sweep:", key="runs_clear_cache", on_click=_clear_outputs)


def _clear_outputs() -> None:
    try:
        cache.clear()
    except ExplorerError as error:
        st.toast(safe_md(str(error)), icon=":material/error:")


def distinct_label(run: FinishedRun, among: Sequence[FinishedRun]) -> str:
    """A label for a figure: the strategy, with the backbone and the time where runs need them to be told apart."""
    label = short_title(run.recipe)
    if len({other.recipe.backbone for other in among}) > 1:
        label += f" · {run.recipe.row.title.removesuffix(' (built in)')}"
    alike = sum(short_title(other.recipe) == short_title(run.recipe) for other in among) > 1
    return plain(label + (f" · {run.id[9:11]}:{run.id[11:13]}:{run.id[13:15]}" if alike else ""), 60)

"""The controls of a recipe, shared by the pages that make one. Values survive a change of page."""

from typing import Any

import streamlit as st

from explorer.app.ui.visitor import choice, choose
from explorer.app.ui.words import count
from explorer.catalogue import BACKBONES, BATCHNORM_MODES, DATASETS, STRATEGIES, Backbone, Dataset, Strategy
from explorer.recipe import DEVICES, Recipe


def pick_backbone() -> Backbone:
    """A picker of backbones; those whose weights are on this machine come first and say so."""
    names = sorted(BACKBONES, key=lambda name: not BACKBONES[name].offline())
    st.session_state["pick_backbone"] = choice().backbone
    st.selectbox(
        "Backbone",
        names,
        key="pick_backbone",
        format_func=_backbone_label,
        on_change=lambda: choose(backbone=st.session_state["pick_backbone"], stage=""),
    )
    row = BACKBONES[choice().backbone]
    st.caption(row.summary)
    return row


def _backbone_label(name: str) -> str:
    row = BACKBONES[name]
    where = "on this machine" if row.offline() else "weights to download"
    return f"{row.title} · {count(row.parameters)} parameters · {where}"


def pick_weights(row: Backbone) -> str:
    """A picker of the backbone's weights; `random` is always offered and named so."""
    here = row.offline()
    names = [*(w.name for w in reversed(row.weights)), "random"]
    names.sort(key=lambda name: name not in here and name != "random")
    notes = {name: " (on this machine)" if name in here else " (to download)" for name in names}
    notes["random"] = " (no pre-training)"
    key = f"weights_{row.name}"
    return st.selectbox(
        "Weights",
        [n for n in names if n != "random"] + ["random"],
        key=key,
        persist_state="session",
        format_func=lambda name: name + notes[name],
    )


def pick_dataset(key: str = "train") -> tuple[Dataset, str | None]:
    """A picker of data sets; a folder of one's own asks for its path."""
    names = sorted(DATASETS, key=lambda name: not DATASETS[name].available_offline)
    st.session_state["pick_dataset"] = choice().dataset
    st.selectbox(
        "Data set",
        names,
        key="pick_dataset",
        format_func=lambda name: DATASETS[name].title + ("" if DATASETS[name].available_offline else " · to download"),
        on_change=lambda: choose(dataset=st.session_state["pick_dataset"]),
    )
    row = DATASETS[choice().dataset]
    st.caption(row.note)
    if row.name != "folder":
        return row, None
    folder = st.text_input(
        "Folder on the server",
        key=f"{key}_folder",
        persist_state="session",
        placeholder="/path/with/one/sub-folder/per/class",
        help="One sub-folder per class, with or without train/ and val/ or test/ above.",
    )
    return row, folder.strip() or None


def pick_strategy(row: Backbone) -> Strategy:
    """Which stages learn: one strategy, with what it means and when to prefer it."""
    name = st.selectbox(
        "What learns",
        list(STRATEGIES),
        key="strategy",
        persist_state="session",
        format_func=lambda name: STRATEGIES[name].title,
    )
    plan = STRATEGIES[name]
    st.caption(f"{plan.meaning} *Prefer it for:* {plan.prefer}")
    return plan


def pick_custom_stages(row: Backbone) -> dict[str, Any]:
    """The stages ticked for the strategy `custom`, as recipe fields."""
    ticked = st.pills(
        "Stages that learn",
        row.stage_names,
        selection_mode="multi",
        default=row.stage_names[-1:],
        key=f"stages_{row.name}",
        persist_state="session",
    )
    return {"stages": tuple(ticked)}


def advanced_form(plan: Strategy) -> dict[str, Any]:
    """Rates, batch size, BatchNorm mode and device, as recipe fields; starts at the strategy's defaults."""
    head = st.number_input(
        "Learning rate of the head", 0.0, 100.0, plan.head_rate, 1e-4, "%.6g", key=f"head_rate_{plan.name}"
    )
    rates = {"head_rate": head}
    if plan.backbone_rate:
        rates["backbone_rate"] = st.number_input(
            "Learning rate of the stages", 0.0, 100.0, plan.backbone_rate, 1e-4, "%.6g", key=f"stage_rate_{plan.name}"
        )
    batch = st.number_input("Batch size", 2, 1024, 32, key="train_batch", persist_state="session")
    mode = st.selectbox(
        "BatchNorm in frozen stages", list(BATCHNORM_MODES), key="train_batchnorm", persist_state="session"
    )
    st.caption(BATCHNORM_MODES[mode])
    device = st.selectbox("Device", DEVICES, key="train_device", persist_state="session")
    return {**rates, "batch_size": int(batch), "batchnorm": mode, "device": device}


def cost_words(recipe: Recipe) -> str:
    """What a run of this recipe spends its time on, in a sentence or two."""
    front, stages = len(recipe.frozen_front), recipe.row.stage_names
    if front == len(stages):
        return "The whole backbone runs once per image; after that an epoch trains only the head on stored features."
    if front:
        return f"The {front} frozen stages in front run once per image and are kept; each epoch runs the rest."
    return "Nothing in front is frozen, so each epoch runs the whole network on every image."

"""The controls of a recipe, shared by the pages that make one. Values survive a change of page."""

from collections.abc import Collection
from functools import partial
from typing import Any

import streamlit as st

from explorer import edits, limits
from explorer.app.visitor import choice, choose
from explorer.app.words import count, safe_md
from explorer.arriving.view.choosing import pick_own
from explorer.catalogue import BACKBONES, STRATEGIES, Backbone, Dataset, Strategy, own
from explorer.catalogue.backbones import backbone
from explorer.catalogue.backbones import offered as backbones_offered
from explorer.catalogue.datasets import offered
from explorer.catalogue.weights import matched
from explorer.recipe import Recipe
from explorer.recipe.defaults import EPOCHS, PER_CLASS
from explorer.training.view.by_name import offer_by_name


def pick_backbone() -> Backbone:
    """A picker of backbones; those whose weights are on this machine come first, the others say that theirs are elsewhere."""
    rows = backbones_offered()
    here = {name for name, row in rows.items() if row.offline()}
    names = sorted(rows, key=lambda name: (name not in BACKBONES, name not in here))
    st.session_state["pick_backbone"] = choice().backbone
    st.selectbox(
        "Backbone",
        names,
        key="pick_backbone",
        format_func=partial(_backbone_label, here=here, elsewhere=_elsewhere()),
        on_change=lambda: choose(backbone=st.session_state["pick_backbone"], stage=""),
    )
    row = backbone(choice().backbone)
    st.caption(row.summary)
    offer_by_name()
    return row


def _backbone_label(name: str, here: Collection[str], elsewhere: str) -> str:
    row = backbone(name)
    where = "" if name in here else f" · weights {elsewhere}" if row.weights else " · no weights"
    return f"{row.title} · {count(row.parameters)} parameters{where}"  # the menu cuts off what is longer


def _elsewhere() -> str:
    """What a menu says of what is not on this machine; to be asked once a menu, since it reads who is looking."""
    return "to download" if limits.downloads() else "not on this server"


def pick_weights(row: Backbone) -> str:
    """A picker of the backbone's weights; `random` is always offered and named so, and what matches pre-trained ones."""
    here = row.offline()
    names = [*(w.name for w in reversed(row.weights)), "random"]
    names.sort(key=lambda name: name not in here and name != "random")
    elsewhere = _elsewhere()
    notes = {name: " (on this machine)" if name in here else f" ({elsewhere})" for name in names}
    notes["random"] = " (no pre-training)"
    mine = {weights.name: weights.title for weights in own.known(row.name)}
    known = [name for name in names if name != "random"]
    alike = {matched(name): f"drawn, matched to {name}{notes[name] * (name not in here)}" for name in known}
    key, names = f"weights_{row.name}", [*known, *mine, *alike, "random"]
    if st.session_state.get(key) not in names:  # weights of the visitor's own may have been removed
        st.session_state.pop(key, None)
    return st.selectbox(
        "Weights",
        names,
        key=key,
        persist_state="session",
        format_func=lambda name: (mine | alike).get(name) or name + notes[name],
        help="Matched weights are drawn at random, each tensor with the mean and spread of the pre-trained one (Raghu et al. "
        "2019, arXiv 1902.07208): they keep the scale of pre-training and nothing that was learned.",
    )


def pick_dataset() -> tuple[Dataset, str | None]:
    """A picker of data sets; a folder of one's own asks for its path, which all pages share."""
    rows = offered()
    names = sorted(rows, key=lambda name: not rows[name].available_offline)
    elsewhere = _elsewhere()
    st.session_state["pick_dataset"] = choice().dataset if choice().dataset in rows else "photo_patches"
    st.selectbox(
        "Data set",
        names,
        key="pick_dataset",
        format_func=lambda name: rows[name].title + ("" if rows[name].available_offline else f" · {elsewhere}"),
        on_change=lambda: choose(dataset=st.session_state["pick_dataset"]),
        help=rows[st.session_state["pick_dataset"]].note,
    )
    row = rows[st.session_state["pick_dataset"]]
    note = row.note.split(". ")[0].split("; ")[0].rstrip(".") + "."
    st.caption(safe_md(note) if row.own else note)
    if row.name != "folder":
        return row, None
    kept = edits.known(choice().edits)  # a link with edits knows whose they are
    starts_at("train_folder", (kept.data_dir if kept else "") or "")
    return row, pick_own()


def pick_strategy(row: Backbone) -> Strategy:
    """Which stages learn: one strategy, with what it means and when to prefer it."""
    names = [name for name, plan in STRATEGIES.items() if row.normalisation != "none" or not plan.affine]
    if st.session_state.get("strategy") not in names:
        st.session_state.pop("strategy", None)
    name = st.selectbox(
        "Fine-tuning strategy",
        names,
        key="strategy",
        persist_state="session",
        format_func=lambda name: STRATEGIES[name].title,
    )
    plan = STRATEGIES[name]
    st.caption(f"{plan.meaning} *Prefer it for:* {plan.prefer}")
    return plan


def starts_at(key: str, value: Any) -> None:
    """What a control shows until somebody changes it, on whichever page. A default of its own would quarrel with what an address
    has set; and what is not written again counts on the page alone where it was chosen."""
    st.session_state[key] = st.session_state.get(key, value)


def pick_size() -> dict[str, Any]:
    """Images per class and epochs, as recipe fields: the same on every page that makes runs."""
    left, right = st.columns(2, gap="medium")
    with left:
        starts_at("train_all", False)
        starts_at("train_per_class", PER_CLASS)
        everything = st.session_state["train_all"]
        per_class = st.number_input(
            "Training images per class",
            1,
            100_000,
            key="train_per_class",
            persist_state="session",
            disabled=everything,
        )
    with right:
        starts_at("train_epochs", EPOCHS)
        epochs = st.slider("Epochs", 1, 100, key="train_epochs", persist_state="session")
    everything = st.checkbox(
        "Use all training images", key="train_all", persist_state="session"
    )  # too long for a column
    return {"per_class": None if everything else int(per_class), "epochs": epochs}


def pick_seed() -> int:
    """The seed of a run."""
    words = "Draws the training images, the head's first weights and the order of batches."
    starts_at("train_seed", 0)
    return int(st.number_input("Seed", 0, 2**31 - 1, key="train_seed", persist_state="session", help=words))


def pick_custom_stages(row: Backbone) -> dict[str, Any]:
    """The stages ticked for the strategy `custom`, as recipe fields."""
    starts_at(f"stages_{row.name}", list(row.stage_names[-1:]))
    ticked = st.pills(
        "Trainable stages",
        row.stage_names,
        selection_mode="multi",
        key=f"stages_{row.name}",
        persist_state="session",
    )
    return {"stages": tuple(ticked)}


def cost_words(recipe: Recipe) -> str:
    """What a run of this recipe spends its time on, in a sentence or two."""
    front, stages = len(recipe.frozen_front), recipe.row.stage_names
    if recipe.batchnorm == "moving":
        return (
            "BatchNorm statistics move even in frozen stages, so nothing is cached: each epoch runs the whole network."
        )
    if recipe.batchnorm == "affine":
        return "Every stage has trainable parameters, so nothing is cached: each epoch runs the whole network."
    if len(recipe.phases) > 1:
        return (
            f"The run has {len(recipe.phases)} phases. In the first, the whole backbone runs once per image. Each later phase "
            f"unfreezes more of it, and the stages that stay frozen run once per image again."
        )
    if front == len(stages):
        return "The whole backbone runs once per image. After that, an epoch trains only the head on cached features."
    if front:
        return f"The {front} frozen stages in front run once per image, and their output is cached. Each epoch runs the rest."
    return "The first stage is not frozen, so nothing is cached: each epoch runs the whole network."

"""The controls of a recipe, shared by the pages that make one. Values survive a change of page."""

from typing import Any

import streamlit as st

from explorer import edits
from explorer.app.visitor import choice, choose
from explorer.app.words import count, safe_md
from explorer.arriving.view.choosing import pick_own
from explorer.catalogue import (
    AUGMENTATIONS,
    BACKBONES,
    BATCHNORM_MODES,
    BATCHNORM_TITLES,
    LAYERNORM_MODES,
    LAYERNORM_TITLES,
    MOST_VIEWS,
    STRATEGIES,
    Backbone,
    Dataset,
    Strategy,
    own,
)
from explorer.catalogue.backbones import backbone
from explorer.catalogue.backbones import offered as backbones_offered
from explorer.catalogue.datasets import offered
from explorer.recipe import DEVICES, Recipe
from explorer.training.view.by_name import offer_by_name
from explorer.training.view.rates import rate_keys


def pick_backbone() -> Backbone:
    """A picker of backbones; those whose weights are on this machine come first and say so."""
    rows = backbones_offered()
    names = sorted(rows, key=lambda name: (name not in BACKBONES, not rows[name].offline()))
    st.session_state["pick_backbone"] = choice().backbone
    st.selectbox(
        "Backbone",
        names,
        key="pick_backbone",
        format_func=_backbone_label,
        on_change=lambda: choose(backbone=st.session_state["pick_backbone"], stage=""),
    )
    row = backbone(choice().backbone)
    st.caption(row.summary)
    offer_by_name()
    return row


def _backbone_label(name: str) -> str:
    row = backbone(name)
    where = "on this machine" if row.offline() else "weights to download" if row.weights else "no weights"
    return f"{row.title} · {count(row.parameters)} parameters · {where}"


def pick_weights(row: Backbone) -> str:
    """A picker of the backbone's weights; `random` is always offered and named so."""
    here = row.offline()
    names = [*(w.name for w in reversed(row.weights)), "random"]
    names.sort(key=lambda name: name not in here and name != "random")
    notes = {name: " (on this machine)" if name in here else " (to download)" for name in names}
    notes["random"] = " (no pre-training)"
    mine = {weights.name: weights.title for weights in own.known(row.name)}
    key, names = f"weights_{row.name}", [*(n for n in names if n != "random"), *mine, "random"]
    if st.session_state.get(key) not in names:  # weights of the visitor's own may have been removed
        st.session_state.pop(key, None)
    return st.selectbox(
        "Weights",
        names,
        key=key,
        persist_state="session",
        format_func=lambda name: mine.get(name) or name + notes[name],
    )


def pick_dataset() -> tuple[Dataset, str | None]:
    """A picker of data sets; a folder of one's own asks for its path, which all pages share."""
    rows = offered()
    names = sorted(rows, key=lambda name: not rows[name].available_offline)
    st.session_state["pick_dataset"] = choice().dataset if choice().dataset in rows else "photo_patches"
    st.selectbox(
        "Data set",
        names,
        key="pick_dataset",
        format_func=lambda name: rows[name].title + ("" if rows[name].available_offline else " · to download"),
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
        starts_at("train_per_class", 25)
        everything = st.session_state["train_all"]
        per_class = st.number_input(
            "Training images per class",
            1,
            100_000,
            key="train_per_class",
            persist_state="session",
            disabled=everything,
        )
        everything = st.checkbox("Use all training images", key="train_all", persist_state="session")
    with right:
        starts_at("train_epochs", 10)
        epochs = st.slider("Epochs", 1, 100, key="train_epochs", persist_state="session")
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


def advanced_form(plan: Strategy, row: Backbone, weights: str) -> dict[str, Any]:
    """Rates, schedule, BatchNorm mode, augmentation, weighting, batch size and device, as recipe fields; starts at the
    strategy's defaults."""
    mode = pick_batchnorm(plan, row, weights, "train_batchnorm")
    starts_at("train_batch", 32)
    batch = st.number_input("Batch size", 2, 1024, key="train_batch", persist_state="session")
    device = st.selectbox("Device", DEVICES, key="train_device", persist_state="session")
    weighted = st.checkbox(
        "Class-weighted loss",
        key="train_weighted",
        persist_state="session",
        help="Weights the loss so that rare classes count as much as common ones, and keeps the epoch with the best balanced "
        "accuracy on validation images.",
    )
    chosen = {"batch_size": int(batch), "batchnorm": mode, "device": device, "class_weights": weighted}
    return _pick_rates(plan, mode) | _pick_augmentation() | chosen


def _pick_rates(plan: Strategy, mode: str) -> dict[str, Any]:
    """The rates that this strategy has."""
    limits: dict[str, Any] = {
        "min_value": 0.0,
        "max_value": 100.0,
        "step": 1e-4,
        "format": "%.6g",
        "persist_state": "session",
    }
    head_key, stage_key = rate_keys(plan, mode)
    st.session_state.setdefault(head_key, plan.head_rate)
    rates: dict[str, Any] = {"head_rate": st.number_input("Learning rate of the head", key=head_key, **limits)}
    usual = plan.backbone_rate or (STRATEGIES["bn_only"].backbone_rate if mode == "affine" else 0.0)
    if usual:
        st.session_state.setdefault(stage_key, usual)
        rates["backbone_rate"] = st.number_input("Learning rate of the last stage", key=stage_key, **limits)
        starts_at(f"decay_{plan.name}", plan.rate_decay)
        rates["rate_decay"] = st.slider(
            "Layer-wise learning-rate decay",
            0.1,
            1.0,
            step=0.05,
            key=f"decay_{plan.name}",
            persist_state="session",
            help="Each stage learns at this factor times the rate of the stage after it: below 1, early stages, which hold "
            "general features, learn more slowly than the last.",
        )
    if plan.unfreezes != "at once":
        every = st.number_input(
            "Epochs between unfreezing steps (0: spread evenly)",
            0,
            100,
            key=f"unfreeze_{plan.name}",
            persist_state="session",
        )
        rates["unfreeze_every"] = int(every) or None
    return rates


def pick_batchnorm(plan: Strategy, row: Backbone, weights: str, key: str) -> str:
    """The mode of normalisation layers, where there are any and the strategy leaves a choice; it starts at the strategy's."""
    batch, random = row.normalisation == "batch", weights == "random" or not plan.pretrained
    modes = BATCHNORM_MODES if batch else LAYERNORM_MODES
    if plan.affine or row.normalisation == "none":
        st.caption(modes["affine"] if plan.affine else f"{row.title} has no normalisation layers.")
        return "affine" if plan.affine else "frozen"
    titles = batchnorm_choices(plan, random) if batch else LAYERNORM_TITLES
    key += (
        "" if "frozen_everywhere" in titles else "_other"
    )  # ‘frozen’ there must not become the batch's statistics here
    if st.session_state.get(key) not in titles:
        st.session_state[key] = next(iter(titles))
    mode = st.segmented_control(
        "BatchNorm statistics" if batch else "LayerNorm in frozen stages", list(titles), required=True, wrap=True, key=key,
        format_func=titles.__getitem__,
    )  # fmt: skip
    mode = mode or next(iter(titles))  # `required` never gives None
    st.caption(modes["frozen" if titles[mode] == "Frozen" else mode])
    return mode


def batchnorm_choices(plan: Strategy, random: bool = False) -> dict[str, str]:
    """The BatchNorm modes that differ under a strategy, its own first, with their titles; `random` weights bring no
    statistics worth keeping. Where no stage learns, statistics are frozen everywhere or move."""
    rest = {mode: title for mode, title in BATCHNORM_TITLES.items() if mode not in ("frozen_everywhere", "frozen")}
    if not (plan.name == "custom" or plan.learns != slice(0, 0)):
        return {"frozen_everywhere": "Frozen"} | rest
    if random:
        return {"frozen": "Of the batch, in trainable stages"} | rest
    return {plan.batchnorm: BATCHNORM_TITLES[plan.batchnorm]} | BATCHNORM_TITLES


def _pick_augmentation() -> dict[str, Any]:
    """Augmentation and the number of cached views."""
    name = st.selectbox(
        "Augmentation of training images",
        list(AUGMENTATIONS),
        key="train_augmentation",
        persist_state="session",
        format_func=lambda name: AUGMENTATIONS[name],
    )
    if name == "none":
        return {"augmentation": name}
    starts_at("train_views", 4)
    views = st.slider("Views of each image", 2, MOST_VIEWS, key="train_views", persist_state="session")
    st.caption(
        f"Where the first stages are frozen, their output for {views} fixed versions of each image is cached (the first is the "
        f"image itself); that takes {views} forward passes through the frozen stages, once. Where the first stage is not "
        f"frozen, every epoch draws new versions."
    )
    return {"augmentation": name, "views": int(views)}


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

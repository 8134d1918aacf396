"""The advanced controls of a recipe: rates, schedule, BatchNorm mode, augmentation, batch size and device."""

from typing import Any

import streamlit as st

from explorer.catalogue import (
    AUGMENTATIONS,
    BATCHNORM_MODES,
    BATCHNORM_TITLES,
    LAYERNORM_MODES,
    LAYERNORM_TITLES,
    MOST_VIEWS,
    Backbone,
    Strategy,
)
from explorer.catalogue.weights import drawn
from explorer.recipe import DEVICES
from explorer.recipe.defaults import BATCH_SIZE
from explorer.training.view.forms import starts_at
from explorer.training.view.rates import rate_keys

_ABOUT_RATE = (
    "The rate of the last stage; those of earlier stages follow from the layer-wise decay. Defaults were found on ResNet-10. "
    "On MobileNetV2 a third of the rate of full fine-tuning did better and is the default there: on another backbone try a "
    "third and a tenth before you believe that tuning loses."
)


def advanced_form(plan: Strategy, row: Backbone, weights: str) -> dict[str, Any]:
    """Rates, schedule, BatchNorm mode, augmentation, weighting, batch size and device, as recipe fields; starts at the
    strategy's defaults."""
    mode = pick_batchnorm(plan, row, weights, "train_batchnorm")
    starts_at("train_batch", BATCH_SIZE)
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
    return _pick_rates(plan, mode, row) | _pick_augmentation() | chosen


def _pick_rates(plan: Strategy, mode: str, row: Backbone) -> dict[str, Any]:
    """The rates that this strategy has."""
    limits: dict[str, Any] = {
        "min_value": 0.0,
        "max_value": 100.0,
        "step": 1e-4,
        "format": "%.6g",
        "persist_state": "session",
    }
    head_key, stage_key = rate_keys(plan, mode, row)
    st.session_state.setdefault(head_key, plan.head_rate)
    rates: dict[str, Any] = {"head_rate": st.number_input("Head learning rate", key=head_key, **limits)}
    usual = row.rate(plan, mode)
    if usual:
        st.session_state.setdefault(stage_key, usual)
        rates["backbone_rate"] = st.number_input("Backbone learning rate", key=stage_key, help=_ABOUT_RATE, **limits)
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
    batch, random = row.normalisation == "batch", drawn(weights) or not plan.pretrained
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

"""What an experiment of each kind is chosen by, beside the data set and the backbone."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from explorer.catalogue import STRATEGIES
from explorer.catalogue.shifts import SEVEREST, SHIFTS
from explorer.experiments.compared import BATCHES, CLEAN, DECADES, INPUTS, RATED, times
from explorer.experiments.plan import BUDGET, SHIFT, SIZES
from explorer.recipe.defaults import PER_CLASS
from explorer.training.view.forms import starts_at

OFFERED: tuple[int | None, ...] = (1, 2, 5, 10, 25, 50, 100, None)
_MOST_ARMS = 5


def _pick_budget() -> dict[str, Any]:
    """Sizes and strategies."""
    starts_at("experiment_sizes", list(SIZES))
    sizes = st.pills(
        "Training images per class", OFFERED, selection_mode="multi", key="experiment_sizes", persist_state="session",
        wrap=True, format_func=lambda size: "all" if size is None else str(size),
    )  # fmt: skip
    starts_at("experiment_strategies", list(BUDGET))
    return {"sizes": tuple(sizes)} | _pick_strategies("experiment_strategies")


def _pick_strategies(key: str, tuned: bool = False) -> dict[str, Any]:
    """Some strategies; `tuned`: of those whose backbone has a rate."""
    offered = [name for name, row in STRATEGIES.items() if name != "custom" and (row.backbone_rate or not tuned)]
    names = st.pills(
        f"Strategies (up to {_MOST_ARMS})", offered, selection_mode="multi",
        key=key, persist_state="session", wrap=True, format_func=lambda name: STRATEGIES[name].title.split(" (")[0],
    )  # fmt: skip
    return {"strategies": tuple(name for name in STRATEGIES if name in names)}


def _pick_depth() -> dict[str, Any]:
    """How many images."""
    found = _pick_size()
    st.caption("Every cut, from the head alone to everything, from pre-trained and from random weights.")
    return found


def _pick_size() -> dict[str, Any]:
    starts_at("train_per_class", PER_CLASS)
    size = st.number_input("Training images per class", 1, 100_000, key="train_per_class", persist_state="session")
    return {"sizes": (int(size),)}


def _pick_shift() -> dict[str, Any]:
    """Strategies, and how many images."""
    starts_at("shift_strategies", list(SHIFT))
    return _pick_size() | _pick_strategies("shift_strategies")


def _pick_block() -> dict[str, Any]:
    """Kinds of input, how strongly they are corrupted, and how many images."""
    kinds = [CLEAN, *SHIFTS]
    starts_at("block_inputs", [how.partition("-")[0] for how in INPUTS])
    names = st.pills(
        "Pictures", kinds, selection_mode="multi", key="block_inputs", persist_state="session", wrap=True,
        format_func=lambda name: SHIFTS[name].title if name in SHIFTS else "Clean",
    )  # fmt: skip
    left, right = st.columns(2, gap="medium")
    with left:
        found = _pick_size()
    with right:
        starts_at("block_severity", 4)
        severity = st.slider("Severity", 1, SEVEREST, key="block_severity", persist_state="session")
    st.caption(
        "Training, validation and test images are corrupted alike. Recolouring leaves grey pictures as they are."
    )
    chosen = [name for name in kinds if name in names]
    return found | {"inputs": tuple(name if name == CLEAN else f"{name}-{severity}" for name in chosen)}


def _pick_rates() -> dict[str, Any]:
    """Strategies that tune the backbone, the powers of ten of their rates, and how many images."""
    starts_at("rates_strategies", list(RATED))
    found = _pick_size() | _pick_strategies("rates_strategies", tuned=True)
    starts_at("rates_decades", list(DECADES))
    decades = st.pills(
        "Backbone learning rate, as a multiple of the strategy's own", range(-3, 4), selection_mode="multi", key="rates_decades",
        persist_state="session", wrap=True, format_func=times,
    )  # fmt: skip
    st.caption("The linear probe runs beside them. At large rates a run may diverge, which is a result here.")
    return found | {"decades": tuple(decades)}


def _pick_batchnorm() -> dict[str, Any]:
    """One strategy, the sizes of batches, and how many images."""
    names = [
        name for name, row in STRATEGIES.items() if row.learns != slice(0, 0) and row.pretrained and not row.affine
    ]
    starts_at("batchnorm_strategy", "last_2_stages")
    name = st.selectbox(
        "Strategy",
        names,
        key="batchnorm_strategy",
        persist_state="session",
        format_func=lambda name: STRATEGIES[name].title,
    )
    starts_at("batchnorm_batches", list(BATCHES))
    batches = st.pills(
        "Batch size", (2, 4, 8, 16, 32, 64, 128), selection_mode="multi", key="batchnorm_batches",
        persist_state="session", wrap=True,
    )  # fmt: skip
    return _pick_size() | {"strategies": (name,), "batches": tuple(batches)}


def _pick_start() -> dict[str, Any]:
    """How many images."""
    found = _pick_size()
    st.caption("The head alone and everything, from pre-trained, from matched and from random weights.")
    return found


PICKS: dict[str, Callable[[], dict[str, Any]]] = {
    "budget": _pick_budget,
    "depth": _pick_depth,
    "block": _pick_block,
    "rates": _pick_rates,
    "batchnorm": _pick_batchnorm,
    "shift": _pick_shift,
    "start": _pick_start,
}
"""Kind → its part of the form, as fields of a plan."""

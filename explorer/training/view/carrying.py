"""The plan of *What to freeze*: kept in the address, and taken along to *Train*."""

from typing import Any

import streamlit as st

from explorer.app.visitor import choice
from explorer.app.words import safe_md
from explorer.bundle import page_file
from explorer.catalogue import Backbone, Strategy
from explorer.catalogue.weights import RANDOM, matched
from explorer.recipe import Recipe
from explorer.recipe.defaults import EPOCHS, PER_CLASS
from explorer.training.view.blocks import chosen_stages, stages_key, weights_key


def recall_plan(row: Backbone) -> None:
    """Take stages and weights from an address, once; what the backbone does not have is said. Strategy and BatchNorm mode are
    taken by `links.arrive`."""
    named = {name: st.query_params[name] for name in ("stages", "weights") if name in st.query_params}
    if not named or st.session_state.get("freezing_recalled") == named:
        return
    st.session_state["freezing_recalled"] = named
    stages = [stage for stage in named.get("stages", "").split(".") if stage]
    unknown = {"stages": [stage for stage in stages if stage not in row.stage_names]}
    weights = [named["weights"]] if "weights" in named else []
    known = [w.name for w in row.weights]
    unknown["weights"] = [name for name in weights if name not in {RANDOM, *known, *map(matched, known)}]
    if "stages" in named and not unknown["stages"]:
        st.session_state[stages_key(row)] = stages
    if weights and not unknown["weights"]:
        st.session_state[weights_key(row)] = weights[0]
    for name, wrong in unknown.items():
        if wrong:
            words = f"The address asked for {name} = {'.'.join(wrong)[:64]!r}, which {row.title} does not have."
            st.warning(safe_md(f"{words} Showing the default."), icon=":material/link_off:")


def keep_plan(row: Backbone, weights: str, plan: Strategy, batchnorm: str) -> dict[str, Any]:
    """The fields of the recipe that the page stands for, the images and epochs those of *Train*; the address says them too."""
    stages = chosen_stages(row) if plan.name == "custom" else None
    _write(
        {
            "strategy": plan.name if plan.name != "linear_probe" else "",
            "stages": ".".join(stages) if stages is not None else "",
            "weights": weights if weights != row.resolve("default") else "",
            "batchnorm": batchnorm if batchnorm not in ("frozen", plan.batchnorm) and not plan.affine else "",
        }
    )
    fields: dict[str, Any] = {"backbone": row.name, "weights": weights, "strategy": plan.name, "batchnorm": batchnorm}
    fields |= {"stages": stages} if stages is not None else {}
    folder = str(st.session_state.get("train_folder") or "").strip()
    if choice().dataset != "folder" or folder:
        fields |= {"dataset": choice().dataset, "data_dir": folder if choice().dataset == "folder" else None}
    size = None if st.session_state.get("train_all") else int(st.session_state.get("train_per_class", PER_CLASS))
    return fields | {"per_class": size, "epochs": int(st.session_state.get("train_epochs", EPOCHS))}


def _write(wanted: dict[str, str]) -> None:
    """Say the plan in the address; what stands there from now on has been taken."""
    now = st.query_params.to_dict()
    said = {name: value for name, value in wanted.items() if value}
    address = {name: value for name, value in now.items() if name not in wanted} | said
    if address != now:
        st.query_params.from_dict(address)
    st.session_state["arrived"] = ("freezing", {n: said[n] for n in ("strategy", "batchnorm") if n in said})
    st.session_state["freezing_recalled"] = {n: said[n] for n in ("stages", "weights") if n in said}


def train_this(recipe: Recipe) -> None:
    """A button that opens *Train* with all of this filled in; a BatchNorm mode that is not the usual one under *Advanced*."""
    if not st.button("Train this", type="primary", icon=":material/play_arrow:", key="freezing_train"):
        return
    for key in ("train_batchnorm", "train_batchnorm_other"):
        st.session_state[key] = recipe.batchnorm
    if recipe.batchnorm != recipe.usual_batchnorm:
        st.session_state["train_advanced"] = True
    st.switch_page(page_file("training"))

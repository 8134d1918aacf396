"""The adviser on a page: asked by a button, since it takes seconds; the same on Experiments, What to freeze and step 8."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from explorer.app.asking import ask
from explorer.app.drawing import explain, show_code
from explorer.app.links import linked
from explorer.app.visitor import choice
from explorer.app.words import safe_md
from explorer.arriving.view.choosing import labels_of
from explorer.bundle import page_file
from explorer.errors import ExplorerError
from explorer.experiments.advice import Advice, advice
from explorer.experiments.adviser import rule_for
from explorer.experiments.question import SignsQuestion
from explorer.recipe import Recipe, make


def advise(shared: Mapping[str, Any], images: int | None, key: str) -> None:
    """A button that asks, and what the adviser says of these images (`shared`: the source's fields; `images` per class)."""
    try:
        recipe = make(**shared, per_class=images, strategy="linear_probe")
    except ExplorerError as error:
        st.caption(f":material/info: {safe_md(str(error))}")
        return
    asked = st.session_state.setdefault("adviser_asked", set())
    if recipe.fingerprint not in asked:
        st.button(
            "Ask the adviser", icon=":material/lightbulb:", key=f"{key}_advise", on_click=asked.add, args=(recipe.fingerprint,),
            help="A probe at every stage and the distance to the source: about ten seconds, before any run.",
        )  # fmt: skip
        return
    found = ask(SignsQuestion(recipe=recipe), "A short probe at every stage", height=0, soon=True)
    if found is not None:
        _show(advice(found, rule_for(found)), recipe, key)


def _set_up(said: Advice, recipe: Recipe) -> None:
    """Fill the form of a data budget with the pick, what should run beside it, and the probe, up to all images."""
    most = recipe.per_class
    sizes: list[int | None] = [size for size in (2, 5, 10, 25, 50, 100) if most is None or size < most]
    st.session_state["experiment_strategies"] = [*dict.fromkeys(["linear_probe", said.take, said.rival])]
    st.session_state["experiment_sizes"] = [*sizes, None]
    st.session_state["experiment_kind"], st.session_state["budget_form"] = "budget", True


def advised_set() -> dict[str, Any]:
    """The visitor's data set, as fields of a recipe; nothing where a folder has not been named yet."""
    name = choice().dataset
    folder = st.session_state.get("train_folder") if name == "folder" else None
    if name == "folder" and not folder:
        return {}
    return {"dataset": name, "data_dir": folder or None, "labels": labels_of()}


def _show(said: Advice, recipe: Recipe, key: str) -> None:
    icon = (
        ":material/local_fire_department:" if said.take in ("full", "bn_only", "last_stage") else ":material/ac_unit:"
    )
    with st.container(border=True):
        st.markdown(linked(f"{icon} {' '.join(said.sentences)}"))
        st.markdown("\n".join(f"- {linked(line)}" for line in said.evidence))
        st.markdown(f"{said.sure} {said.more}")
        words = "Set up this experiment"
        if st.button(words, icon=":material/science:", key=f"{key}_to_budget", on_click=_set_up, args=(said, recipe)):
            st.switch_page(page_file("experiments"))
    explain(
        "The adviser saw validation images only: test images are kept for the runs that decide.",
        "It knows four strategies and ten sets. Where your images are like none of those, its count of draws says nothing.",
    )
    show_code("explorer/experiments/adviser.py", "rule_for")

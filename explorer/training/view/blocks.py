"""A backbone as a row of blocks to press: each thaws or freezes its stage, and the choice of strategy follows."""

import streamlit as st

from explorer.app.words import count
from explorer.catalogue import STRATEGIES, Backbone
from explorer.catalogue.strategies import named
from explorer.catalogue.weights import RANDOM
from explorer.palette import FROZEN, HATCH, LEARNS_DARK, WHITE
from explorer.recipe import Recipe
from explorer.training.question import Description

ROW = ".st-key-blocks { display: grid; grid-template-columns: repeat(auto-fit, minmax(6.6rem, 1fr)); gap: .5rem; }"
"""Blocks of one width, in as few rows as the page allows: a last one alone does not stretch."""
MODE = "freezing_batchnorm"
"""The key of the page's BatchNorm mode; where other modes are on offer it ends in `_other`."""


def stage_blocks(recipe: Recipe, found: Description | None) -> None:
    """The blocks, input first, the head last; with sizes once they are known."""
    names = (*recipe.row.stage_names, "head")
    sizes = {row.stage: row for row in found.stages} if found else {}
    st.html(f"<style>{ROW} {' '.join(_rules(recipe, name) for name in names)}</style>")
    with st.container(horizontal=True, gap="small", key="blocks"):
        for name in names:
            row = sizes.get(name)
            part = f"{count(row.learned)} of " if row and 0 < row.learned < row.parameters else ""
            size = " · " + f"{part}{count(row.parameters)}".replace(" ", "\N{NO-BREAK SPACE}") if row else ""
            icon, word = ("local_fire_department", "learns") if _learns(recipe, name) else ("ac_unit", "frozen")
            st.button(
                f"**{name}**  \n{word}{size}",
                key=f"block_{name}",
                icon=f":material/{icon}:",
                width="stretch",
                disabled=name == "head",
                on_click=toggle,
                args=(recipe, name),
                help="The new head is always trained." if name == "head" else None,
            )


def _learns(recipe: Recipe, name: str) -> bool:
    return name == "head" or name in recipe.learns


def _rules(recipe: Recipe, name: str) -> str:
    """The look of one block: blue where frozen, vermillion where it learns, hatched on random weights, with a vermillion foot
    where scale and shift of normalisation learn."""
    learns = _learns(recipe, name)
    ground = LEARNS_DARK if learns else FROZEN
    layers = [f"linear-gradient({ground}, {ground})"]
    if recipe.batchnorm == "affine" and not learns:
        layers = [f"linear-gradient(0deg, {LEARNS_DARK} .5rem, {FROZEN} .5rem)"]
    if recipe.drawn and name != "head":
        layers.insert(0, f"repeating-linear-gradient(135deg, {HATCH} 0 2px, transparent 2px 9px)")
    box = f".st-key-block_{name}"
    return (
        f"{box} {{ width: auto; min-width: 0; }} "
        f"{box} button, {box} button:disabled {{ background: {', '.join(layers)}; color: {WHITE}; border: 0; opacity: 1; "
        f"min-height: 4.2rem; padding: .4rem .2rem .9rem; }} "
        f"{box} button:disabled {{ cursor: default; }} "
        f"{box} button:not(:disabled):hover {{ filter: brightness(1.12); color: {WHITE}; }} "
        f"{box} button p {{ text-shadow: 0 0 3px {ground}; line-height: 1.35; white-space: normal; }}"
    )


def toggle(recipe: Recipe, stage: str) -> None:
    """Thaw the stage, or freeze it; the strategy becomes the one that this is, or `custom`."""
    row = recipe.row
    chosen = set(recipe.learns) ^ {stage}
    plan = STRATEGIES[recipe.strategy]
    if not plan.pretrained:  # what is seen stays: the same random weights
        st.session_state[weights_key(row)] = "random"
    name = named(row.stage_names, chosen, recipe.weights != RANDOM, recipe.batchnorm == "affine")
    if plan.affine:
        st.session_state[MODE] = st.session_state[f"{MODE}_other"] = "affine"
    st.session_state["strategy"] = name
    if name == "custom":
        st.session_state[stages_key(row)] = [s for s in row.stage_names if s in chosen]


def weights_key(row: Backbone) -> str:
    """The form's key of a backbone's weights."""
    return f"weights_{row.name}"


def stages_key(row: Backbone) -> str:
    """The form's key of the stages of the strategy `custom`."""
    return f"stages_{row.name}"


def chosen_stages(row: Backbone) -> tuple[str, ...]:
    """The stages of the strategy `custom` as the form holds them; the last one where nothing was chosen."""
    return tuple(st.session_state.get(stages_key(row), row.stage_names[-1:]))

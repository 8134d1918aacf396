"""Find learning rates for the recipe in the form, and take them over into it."""

from functools import partial

import streamlit as st

from explorer import jobs
from explorer.app import figures
from explorer.app.ui.asking import ask
from explorer.app.ui.drawing import draw
from explorer.catalogue import Strategy
from explorer.errors import ExplorerError
from explorer.recipe import Recipe, make
from explorer.results import RateSearch

_KEY = "rates_for"


def rate_keys(plan: Strategy, mode: str) -> tuple[str, str]:
    """The form's keys of the rates of the head and of the last stage."""
    return f"head_rate_{plan.name}", f"stage_rate_{plan.name}_{mode}"


def offer_rates(recipe: Recipe, plan: Strategy) -> None:
    """A button that asks for rates; once they are known, their curves and a button that takes them over."""
    wanted = _without_rates(recipe)
    if st.button(
        "Find learning rates",
        icon=":material/troubleshoot:",
        key="train_find_rates",
        help=f"Raises the rate step by step on your images until the loss runs away. {duration_words(recipe)}",
    ):
        st.session_state[_KEY] = wanted
    if st.session_state.get(_KEY) != wanted:
        return
    found = ask(jobs.task("find_rates", recipe=wanted), "Finding learning rates", height=360)
    if found is None:
        return
    draw(partial(figures.rate_curves, found), "rate_curves", code=("explorer/engine/rates.py", "find"))
    words = f"head {found.head.suggested:g}"
    if found.backbone is not None:
        words += f", last stage {found.backbone.suggested:g}"
    st.button(
        f"Use these rates: {words}",
        icon=":material/check:",
        key="train_use_rates",
        on_click=_take_over,
        args=(found, rate_keys(plan, recipe.batchnorm)),
    )


def duration_words(recipe: Recipe) -> str:
    """How long the search takes, as far as the recipe tells: it depends on whether frozen stages come first."""
    if not recipe.tuned and recipe.batchnorm != "moving":
        return "A few seconds, once the frozen stages have seen your images."
    if recipe.frozen_front and recipe.batchnorm != "moving":
        return (
            "Up to 60 steps through the stages that learn, once the frozen ones have seen your images: mostly seconds."
        )
    return (
        "No frozen stages come first, so it takes up to 60 training steps through the whole network: seconds for small "
        "inputs and networks, minutes for large ones on a processor."
    )


def _without_rates(recipe: Recipe) -> dict:
    """The recipe with its strategy's own rates, so that changing a rate does not ask for a new search."""
    given = recipe.model_dump() | {"head_rate": None, "backbone_rate": None}
    try:
        return make(**given).model_dump()
    except ExplorerError:
        return recipe.model_dump()


def _take_over(found: RateSearch, keys: tuple[str, str]) -> None:
    st.session_state[keys[0]] = found.head.suggested
    if found.backbone is not None:
        st.session_state[keys[1]] = found.backbone.suggested

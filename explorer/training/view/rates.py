"""Judge the rates of the recipe in the form, and take others over into it."""

from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from explorer.app.asking import ask
from explorer.app.drawing import draw
from explorer.catalogue import Backbone, Strategy
from explorer.recipe import Recipe
from explorer.training.figures.rates import rate_curves
from explorer.training.question import FindRatesQuestion, RateSearch

_KEY = "rates_for"


def rate_keys(plan: Strategy, mode: str, row: Backbone) -> tuple[str, str]:
    """The form's keys of the rates of the head and of the backbone; a backbone that has a rate of its own has its own key."""
    own = f"_{row.name}" if row.rate(plan, mode) != replace(row, rates=()).rate(plan, mode) else ""
    return f"head_rate_{plan.name}", f"stage_rate_{plan.name}_{mode}{own}"


def offer_rates(recipe: Recipe, plan: Strategy) -> None:
    """A button that judges the recipe's rates; once that is done, the curves, and a button that takes over what differs."""
    if st.button(
        "Find learning rates",
        icon=":material/troubleshoot:",
        key="train_find_rates",
        help="Raises the learning rate step by step on your images. It keeps the rates above where the loss falls fast at them "
        f"and proposes others where it does not. {duration_words(recipe)}",
    ):
        st.session_state[_KEY] = recipe.model_dump()
    asked = st.session_state.get(_KEY)
    if asked is None or _without_rates(asked) != _without_rates(recipe.model_dump()):
        return
    found = ask(FindRatesQuestion(recipe=asked), "Finding learning rates", height=360)
    if found is None:
        return
    draw(partial(rate_curves, found), "rate_curves", code=("explorer/training/compute/rates.py", "find"))
    rates = [("head", found.head, plan.head_rate)]
    if found.backbone is not None:
        rates.append(("backbone", found.backbone, recipe.row.rate(plan, recipe.batchnorm)))
    if all(curve.kept for _, curve, _ in rates):
        kept = (f"{part} {curve.own:g}{' (the default)' * (curve.own == usual)}" for part, curve, usual in rates)
        st.markdown(f"Nothing to change: {', '.join(kept)}.")
        return
    words = ", ".join(f"{part} {curve.suggested:g}{' (as it is)' * curve.kept}" for part, curve, _ in rates)
    st.button(
        f"Use these rates: {words}",
        icon=":material/check:",
        key="train_use_rates",
        on_click=_take_over,
        args=(found, rate_keys(plan, recipe.batchnorm, recipe.row)),
    )


def duration_words(recipe: Recipe) -> str:
    """How long the search takes, as far as the recipe tells: it depends on whether frozen stages come first."""
    if not recipe.tuned and recipe.batchnorm != "moving":
        return "A few seconds, once the frozen stages have processed your images."
    if recipe.frozen_front and recipe.batchnorm != "moving":
        return "Up to 60 steps through the trainable stages, once the frozen ones have processed your images: mostly seconds."
    return (
        "The first stage is not frozen, so it takes up to 60 training steps through the whole network: seconds for small "
        "inputs and networks, minutes for large ones on a processor."
    )


def _without_rates(recipe: dict[str, Any]) -> dict[str, Any]:
    """A recipe but for its rates, so that taking rates over does not hide what they were taken from."""
    return recipe | {"head_rate": None, "backbone_rate": None}


def _take_over(found: RateSearch, keys: tuple[str, str]) -> None:
    st.session_state[keys[0]] = found.head.suggested
    if found.backbone is not None:
        st.session_state[keys[1]] = found.backbone.suggested

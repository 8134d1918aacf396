"""What a recipe trains, as rows of blocks and in numbers."""

from collections.abc import Sequence

import streamlit as st

from explorer.app.drawing import explain
from explorer.app.words import count
from explorer.recipe import Recipe
from explorer.training.figures.strips import Strip, legend, strips
from explorer.training.question import Description
from explorer.training.view.forms import cost_words


def stage_strip(rows: Sequence[Strip]) -> None:
    """Networks as blocks, one row each: which stages stay frozen, which learn."""
    st.html(strips(rows))
    explain(legend(rows))


def plan_numbers(recipe: Recipe, found: Description) -> None:
    """How much of a network is trainable, what runs once only, and what a step costs."""
    total, learned = sum(s.parameters for s in found.stages), sum(s.learned for s in found.stages)
    numbers = st.columns(4)
    numbers[0].metric("Parameters", count(total), border=True, height="stretch")
    numbers[1].metric(
        "Trainable parameters",
        count(learned),
        f"{learned / total:.1%} of all",
        delta_color="off",
        delta_arrow="off",
        border=True,
        height="stretch",
    )
    numbers[2].metric(
        "Stages that run once", f"{len(recipe.frozen_front)} of {len(recipe.row.stages)}", border=True, height="stretch"
    )
    numbers[3].metric("Trained weights on disk", f"{learned * 4 / 1e6:.2g} MB", border=True, height="stretch")
    st.markdown(
        f":material/timer: **What it costs.** {cost_words(recipe)} The backward pass of a step "
        "runs from the loss to the first trainable stage."
    )

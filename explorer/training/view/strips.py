"""What a recipe trains, as rows of blocks and in numbers."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from explorer.app.drawing import explain
from explorer.app.words import count
from explorer.recipe import Recipe
from explorer.runs import FinishedRun
from explorer.training.cost import Images, images_of, memory
from explorer.training.figures.strips import Strip, legend, strips
from explorer.training.question import Anatomy, Description
from explorer.training.view.estimates import await_speed, estimate, megabytes, speed_of, time_words
from explorer.training.view.forms import cost_words


def stage_strip(rows: Sequence[Strip]) -> None:
    """Networks as blocks, one row each: which stages stay frozen, which learn."""
    st.html(strips(rows))
    explain(legend(rows))


def plan_numbers(recipe: Recipe, found: Description, anatomy: Anatomy, known: Sequence[FinishedRun]) -> None:
    """How much of a network is trainable, what learning takes in memory and time, and what runs once only."""
    total, learned = sum(s.parameters for s in found.stages), sum(s.learned for s in found.stages)
    numbers = st.columns(4)
    share = f"{100 * learned / total:.1f} % of {count(total)}"
    _number(numbers[0], "Trainable parameters", count(learned), share)
    images = images_of(recipe, known)
    took_up = memory(recipe, anatomy, speed_of(recipe), images)
    _number(numbers[1], "Memory while training", megabytes(took_up), f"a batch of {recipe.batch_size}")
    with numbers[2]:
        took = estimate(recipe, known)
        soon = took is None and images is not None
        words, work = ("…", "being measured") if soon else (time_words(took), _work(recipe, images))
        _number(st, "Time on this machine", words, work)
        if soon:
            await_speed(recipe)
    front = f"{len(recipe.frozen_front)} of {len(recipe.row.stages)}"
    _number(numbers[3], "Stages that run once", front, f"{megabytes(4 * learned)} to store")
    st.markdown(
        f":material/timer: **What it costs.** {cost_words(recipe)} The backward pass of a step "
        "runs from the loss to the first trainable stage."
    )


def _number(where: Any, label: str, value: str, more: str) -> None:
    where.metric(label, value, more, delta_color="off", delta_arrow="off", border=True, height="stretch")


def _work(recipe: Recipe, images: Images | None) -> str:
    """What the time is for."""
    if images is None:
        return "folder not yet read"
    return f"{recipe.epochs} × {images.train:,} images"

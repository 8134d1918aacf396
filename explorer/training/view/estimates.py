"""How long a recipe will take on this machine, told before it is started."""

from collections.abc import Sequence

import streamlit as st

from explorer import cache, jobs
from explorer.app.asking import owner, stored
from explorer.errors import ExplorerError
from explorer.recipe import Recipe
from explorer.runs import FinishedRun
from explorer.training.cost import Images, correction, images_of, seconds
from explorer.training.question import Speed, SpeedQuestion


def speed_of(recipe: Recipe) -> Speed | None:
    """How fast this machine runs the recipe's backbone; None until it is measured, which begins when this first asks."""
    answer = jobs.result(SpeedQuestion(backbone=recipe.backbone, pixels=recipe.preprocessing.crop), owner())
    if answer.state != "done":
        return None
    try:
        return stored(answer.question)
    except (ExplorerError, OSError):
        return None


def await_speed(recipe: Recipe) -> bool:
    """Draw the page again once the speed of the recipe's backbone is measured; whether anybody is measuring it."""
    asked = SpeedQuestion(backbone=recipe.backbone, pixels=recipe.preprocessing.crop)

    @st.fragment(run_every=2.0)
    def poll() -> None:
        answer = jobs.status(asked)
        if answer is None or not answer.waiting:
            st.rerun()

    now = jobs.status(asked)
    waiting = now is not None and now.waiting
    if waiting:
        poll()
    return waiting


def estimate(recipe: Recipe, known: Sequence[FinishedRun]) -> float | None:
    """Seconds from the beginning to the end of a run, corrected by what this machine's latest runs of the backbone took; None
    where the speed or the number of images is not known (yet).

    What an earlier run has left in the cache of frozen stages is not computed again.
    """
    images, speed = images_of(recipe, known), speed_of(recipe)
    if images is None or speed is None:
        return None
    alike = [run for run in known if run.recipe.backbone == recipe.backbone and not run.sample]
    place = recipe.backbone, recipe.preprocessing.crop
    took = seconds(recipe, speed, images)
    saved = sum(stored_images(recipe, known, images)) * sum(speed.look[: len(recipe.frozen_front)])
    return (took - min(saved, 0.95 * took)) * correction(alike, {place: speed})


def stored_images(recipe: Recipe, known: Sequence[FinishedRun], images: Images) -> tuple[int, int]:
    """Of how many training images, and of how many others, the frozen front's output lies in the cache, as far as earlier runs
    tell: the others do not depend on the seed."""
    front = recipe.frozen_front
    if not front or cache.empty():
        return 0, 0
    alike = [run.recipe for run in known if not run.sample and run.recipe.frozen_front == front]
    same = ("backbone", "weights", "dataset", "data_dir", "labels", "edits", "spoilt", "split_seed", "input_size")
    alike = [other for other in alike if all(getattr(other, name) == getattr(recipe, name) for name in same)]
    drawn = ("seed", "per_class", "augmentation", "views")
    again = any(all(getattr(other, name) == getattr(recipe, name) for name in drawn) for other in alike)
    if not alike or (recipe.drawn and not again):
        return 0, 0
    return images.train * recipe.views if again else 0, images.val + images.test


def time_words(took: float | None) -> str:
    """`about 20 s`, `about 3 min`, `about 2 h`; rounded as roughly as it is known."""
    if took is None:
        return "not known yet"
    for limit, unit, name in ((90, 1, "s"), (90 * 60, 60, "min"), (float("inf"), 3600, "h")):
        if took < limit:
            number = took / unit
            step = 1 if number < 10 else 5 if number < 60 else 10
            return f"about {max(1, round(number / step) * step)} {name}"
    return ""


def megabytes(number: float) -> str:
    """`94 MB`, `1.2 GB`."""
    return (
        f"{number / 1e9:.2g} GB"
        if number >= 1e9
        else f"{number / 1e6:.2g} MB"
        if number < 1e8
        else f"{number / 1e6:.0f} MB"
    )

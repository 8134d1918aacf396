"""Do BatchNorm's pre-trained statistics fit the images at hand, and what follows for the mode?"""

from functools import partial
from typing import Any

import streamlit as st

from explorer.app.asking import ask
from explorer.app.drawing import draw
from explorer.arriving.view.choosing import labels_of
from explorer.catalogue import DATASETS, Backbone, Dataset
from explorer.question import Question
from explorer.recipe import make
from explorer.training.figures.statistics import statistics_shift
from explorer.training.question import FAR, NEAR, StatisticsShift, StatisticsShiftQuestion
from explorer.training.view.forms import pick_dataset

BESIDE = ("photo_patches", "shapes")
"""Two sets that ship: one near to what the built-in backbone was trained on, one far from it."""


def statistics_fit(row: Backbone, weights: str) -> None:
    """A data set, how far it lies from the running statistics, and what that says about the BatchNorm mode."""
    st.header("Do the statistics fit your images?")
    st.markdown(
        "BatchNorm normalises by running statistics from pre-training. How far from them are those of your training "
        "images? This is measured before training."
    )
    data, folder = pick_dataset()
    if data.name == "folder" and not folder:
        st.caption("Type the path of your folder: one sub-folder per class, pictures inside.")
        return
    found = distance(row, weights, data, folder, "freezing_statistics")
    if found is not None:
        st.markdown(f":material/lightbulb: {advice(found)}")


def distance(row: Backbone, weights: str, data: Dataset, folder: str | None, key: str) -> StatisticsShift | None:
    """The figure of how far a set lies from the running statistics, stage by stage, beside two sets that ship; what it shows."""
    found = ask(_task(row, weights, data.name, folder), "Measuring the statistics", height=300)
    if found is None:
        return None
    others = {DATASETS[n].title: ask(_task(row, weights, n), "Measuring", height=120) for n in BESIDE if n != data.name}
    beside = {title: other for title, other in others.items() if other is not None}
    code = ("explorer/training/compute/batchnorm_shift.py", "shifts")
    draw(partial(statistics_shift, data.title, found, beside), key, code=code)
    return found


def _task(row: Backbone, weights: str, dataset: str, folder: str | None = None) -> Question[Any]:
    labels = labels_of()
    wanted = make(backbone=row.name, weights=weights, dataset=dataset, data_dir=folder, labels=labels)
    return StatisticsShiftQuestion(recipe=wanted)


def advice(found: StatisticsShift) -> str:
    """What the distance says about BatchNorm's mode in trainable stages."""
    told = f"The mean distance is **{found.mean:.2f} nats** ({found.n} images)."
    if found.mean < NEAR:
        return f"{told} On sets this near, the BatchNorm mode made no clear difference in our runs."
    if found.mean < FAR:
        return (
            f"{told} This is between near and far, like chest X-rays, where keeping the statistics gained some "
            "points with few images. Keep them, or race both modes."
        )
    return (
        f"{told} This set is far from the running statistics. On such sets (digits, shapes) tuning with few images "
        "lost accuracy in our runs where trainable stages switched to the batch's statistics: keep them frozen "
        "everywhere."
    )

"""Answers of the page Data made up for tests of the light wing; and a set of drawn shapes that is quickly drawn."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from stand_ins import CLASSES

from explorer import evidence
from explorer.answers import save
from explorer.looks.calibration.question import Calibration, CalibrationQuestion, Reliability
from explorer.looks.data.question.census import Census, CensusQuestion, TrainingPictures, TrainingPicturesQuestion
from explorer.looks.data.question.faults import Copies, Faults, FaultsQuestion, SharedGroup, Thumbnails
from explorer.looks.data.question.labels import LabelIssues, LabelIssuesQuestion
from explorer.looks.neighbours.question import Neighbours, NeighboursQuestion
from explorer.recipe import Recipe

IDS = ("train/brick/0.png", "test/brick/9.png", "train/grass/1.png", "val/fur/2.png")


def images(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 255, (*shape, 3), np.uint8)


def census() -> Census:
    counts = np.array([[30, 10, 12], [5, 4, 4], [20, 6, 5]])
    sizes = np.array([[40, 40], [40, 40], [300, 200]])
    skipped = (("train/fur/x.png", "it is a copy of train/brick/0.png"),)
    return Census(CLASSES, counts, sizes, images(3, 8, 8), np.array([30, 10, 12]), "Note.", skipped)


def training_pictures() -> TrainingPictures:
    return TrainingPictures(images(3, 4, 8, 8), IDS[:3], np.array([0, 0, 1]), CLASSES, 0, 30)


def shown() -> Thumbnails:
    return Thumbnails(IDS, np.array([0, 0, 1, 2]), np.array([0, 2, 0, 1]), images(4, 8, 8))


def faults() -> Faults:
    copies = Copies(np.array([[0, 1], [2, 3]]), np.array([0.0, 1.5]), 2.5, 8.0, 160, 158)
    return Faults(
        60, CLASSES, shown(), copies, (3,), (2,), (), ("", "", "contrast 2.0", "8 × 80 pixels"),
        (SharedGroup("patient 7", (3, 0, 2)),), census().skipped, (("train/fur/x.png", "train/brick/0.png"),),
    )  # fmt: skip


def label_issues() -> LabelIssues:
    said = {"given": np.array([0.01, 0.02, 0.1, 0.3]), "likely": np.array([0.98, 0.9, 0.8, 0.5])}
    return LabelIssues(
        60, CLASSES, 4, shown(), np.array([1, 2, 2, 0]), said["given"], said["likely"], np.array([0.1, 0.4, 1.8, 3.9]),
        (0.0, 3.9, 8.0), 100, evidence.Score(60, 52),
    )  # fmt: skip


def neighbours() -> Neighbours:
    far = np.linspace(0.5, 0.6, 10)
    return Neighbours(
        images(10, 8, 8), tuple(f"train/{i}.png" for i in range(10)), np.arange(10) % 3, far, np.linspace(0.1, 0.7, 30),
        CLASSES, 0, 0.97, 200,
    )  # fmt: skip


def reliability() -> Reliability:
    ends = np.array([0.4, 0.7]), np.array([0.8, 1.0])
    return Reliability(np.array([0.6, 0.9]), np.array([0.5, 1.0]), np.array([4, 20]), 0.1, *ends, (0.02, 0.06, 0.12))


def calibration(run: str = "a") -> Calibration:
    return Calibration(run, reliability(), reliability(), 1.5, 30)


def of_runs(*runs: str) -> None:
    """Put what Which images asks of each run where it finds it, for test image 0 too."""
    for run in runs:
        save(calibration(run), CalibrationQuestion(run=run).path)
        save(neighbours(), NeighboursQuestion(run=run, image=0).path)


def answer(recipe: Recipe) -> None:
    """Put all answers that the page asks for where it finds them."""
    save(census(), CensusQuestion(recipe=recipe).path)
    seen = recipe.model_copy(update={"augmentation": "crop", "views": 4})
    save(training_pictures(), TrainingPicturesQuestion(recipe=seen).path)
    save(faults(), FaultsQuestion(recipe=recipe).path)
    save(label_issues(), LabelIssuesQuestion(recipe=recipe).path)


def examples() -> dict[str, Any]:
    """One of each result."""
    return {
        "Census": census(), "TrainingPictures": training_pictures(), "Thumbnails": shown(), "Faults": faults(),
        "Copies": faults().copies, "SharedGroup": faults().groups[0], "LabelIssues": label_issues(), "Neighbours": neighbours(),
        "Reliability": reliability(), "Calibration": calibration(),
    }  # fmt: skip


@contextmanager
def few_shapes() -> Iterator[None]:
    """The set `shapes` has 18 drawn pictures of each class, not 225, since whoever looks at them draws them anew."""
    from explorer.data import datasets, shapes
    from explorer.looks.pair import compute

    def forget() -> None:
        for kept in (compute._data, compute._pixels, compute._first):
            kept.cache_clear()  # they know a set by its name

    counts = {"train": 6, "val": 4, "test": 8}
    forget()  # an earlier file of the same process may have asked for the whole set
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(datasets.SOURCES, "shapes", lambda recipe: shapes.load(counts=counts))
            yield
    finally:
        forget()

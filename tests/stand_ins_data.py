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
    return Census(
        classes=CLASSES, counts=counts, sizes=sizes, means=images(3, 8, 8), averaged=np.array([30, 10, 12]),
        note="Note.", skipped=skipped,
    )  # fmt: skip


def training_pictures() -> TrainingPictures:
    return TrainingPictures(
        images=images(3, 4, 8, 8), ids=IDS[:3], labels=np.array([0, 0, 1]), classes=CLASSES, first=0, total=30
    )


def shown() -> Thumbnails:
    return Thumbnails(ids=IDS, labels=np.array([0, 0, 1, 2]), splits=np.array([0, 2, 0, 1]), images=images(4, 8, 8))


def faults() -> Faults:
    copies = Copies(
        pairs=np.array([[0, 1], [2, 3]]), distance=np.array([0.0, 1.5]), threshold=2.5, strangers=8.0, tried=160,
        found=158,
    )  # fmt: skip
    return Faults(
        n=60, classes=CLASSES, shown=shown(), copies=copies, odd=(3,), dark=(2,), blurred=(),
        words=("", "", "contrast 2.0", "8 × 80 pixels"), groups=(SharedGroup("patient 7", (3, 0, 2)),),
        skipped=census().skipped, contradictions=(("train/fur/x.png", "train/brick/0.png"),),
    )  # fmt: skip


def label_issues() -> LabelIssues:
    said = {"given": np.array([0.01, 0.02, 0.1, 0.3]), "likely": np.array([0.98, 0.9, 0.8, 0.5])}
    return LabelIssues(
        n=60, classes=CLASSES, flagged=4, shown=shown(), suggested=np.array([1, 2, 2, 0]), given=said["given"],
        likely=said["likely"], by_chance=np.array([0.1, 0.4, 1.8, 3.9]), chance=(0.0, 3.9, 8.0), draws=100,
        right=evidence.Score(60, 52),
    )  # fmt: skip


def neighbours() -> Neighbours:
    far = np.linspace(0.5, 0.6, 10)
    return Neighbours(
        images=images(10, 8, 8), ids=tuple(f"train/{i}.png" for i in range(10)), labels=np.arange(10) % 3,
        distance=far, usual=np.linspace(0.1, 0.7, 30), classes=CLASSES, predicted=0, probability=0.97, of=200,
    )  # fmt: skip


def reliability() -> Reliability:
    low, high = np.array([0.4, 0.7]), np.array([0.8, 1.0])
    return Reliability(
        confidence=np.array([0.6, 0.9]), right=np.array([0.5, 1.0]), counts=np.array([4, 20]), error=0.1, low=low,
        high=high, perfect=(0.02, 0.06, 0.12),
    )  # fmt: skip


def calibration(run: str = "a") -> Calibration:
    return Calibration(run=run, plain=reliability(), scaled=reliability(), temperature=1.5, validation=30)


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

"""A result that ought to carry a warning carries it, and one that need not carries none."""

import dataclasses
import math
from types import SimpleNamespace
from typing import Any

import pytest
import stand_ins

from explorer import runs
from explorer.evidence import Score
from explorer.recipe import Recipe, make
from explorer.runs import FinishedRun
from explorer.runs.cautions import COPY_OF, OF_ANOTHER, cautions

CLASSES = ("ant", "bee", "moth")
KEPT, MOVING = make(strategy="last_stage"), make(strategy="last_stage", batchnorm="frozen")
RANDOM, LAYERS = make(strategy="from_scratch"), make(strategy="last_stage", backbone="vit_b_16")


def a_run(
    right: int = 80,
    n: int = 100,
    losses: tuple[float, ...] = (0.9, 0.4),
    chosen: int = 2,
    batches: float = 0.5,
    recipe: Recipe = KEPT,
    **facts: Any,
) -> Any:
    """What cautions look at of a run; `batches` is the loss of an epoch's batches."""
    epochs: Any = [SimpleNamespace(train_loss=loss, batch_loss=batches) for loss in losses]
    known = {"classes": CLASSES, "chosen_epoch": chosen} | facts
    return FinishedRun("a", "finished", recipe, test=Score(n, right), epochs=epochs, facts=known)


CAUTIONED: dict[str, tuple[Any, float, str]] = {
    # the run, the share of the largest class, what is said
    "300 to 4": (a_run(right=69), 0.984, "always naming the largest class is right on 98.4 %"),
    "level": (a_run(right=36), 1 / 3, "always naming the largest class is right on 33.3 %"),
    "few images": (a_run(right=7, n=10), 0.5, "Not shown to be better than never looking"),
    "copies tested": (
        a_run(copies={"test": {"copied": 3, "of": 100, "example": ["a.png", "b.jpg"]}}), 0.3,
        "At least 3 of 100 test images are near-copies of training images (for one a.png of b.jpg)",
    ),
    "copies choose": (
        a_run(copies={"test": {"copied": 0, "of": 9}, "val": {"copied": 1, "of": 9, "example": ["v", "b"]}}), 0.3,
        "At least 1 of 9 validation images are near-copies",
    ),
    "exploded": (a_run(losses=(1e9, 471_843_274_752.0)), 0.3, "training exploded"),
    "hardly began": (a_run(losses=(1.3, 1.2), chosen=1), 0.3, "the 1.10 of a model that knows nothing"),
    "kept the worst": (a_run(losses=(9.0, 0.1), chosen=1), 0.3, "The training loss of the kept epoch is 9"),
    "statistics lag": (a_run(batches=0.05, recipe=MOVING), 0.3, "more steps, or keep the statistics frozen everywhere."),
    "not the rate": (a_run(batches=0.05, losses=(9.0, 45.0), recipe=MOVING), 0.3, "running statistics lag behind the weights"),
    "of random weights": (
        a_run(batches=0.05, recipe=RANDOM), 0.3, "0.05 on batches in train mode, and 0.4 on training images in eval mode",
    ),
    "the bug": (
        a_run(batches=0.03, losses=(0.5, 0.9), recipe=make(batchnorm="moving")), 0.3, "running statistics lag behind the weights",
    ),
    "one under two": (a_run(skipped=[("bee/1.png", f"{COPY_OF}ant/5.png")]), 0.3, "1 picture stands under two classes"),
    "by a table": (a_run(skipped=[("1.png", f"{COPY_OF}5.png{OF_ANOTHER} 'ant'")]), 0.3, "the labels contradict each other"),
    "in two splits": (
        a_run(skipped=[(f"train/bee/{i}.png", f"{COPY_OF}test/ant/{i}.png") for i in range(2)]), 0.3,
        "2 pictures stand under two classes (for one train/bee/0.png and test/ant/0.png)",
    ),
}  # fmt: skip
FINE: dict[str, tuple[Any, float | None]] = {
    "better": (a_run(), 0.6),
    "majority unknown": (a_run(right=10), None),
    "repeated within a class": (a_run(skipped=[("ant/1.png", f"{COPY_OF}ant/5.png")]), 0.3),
    "statistics that keep up": (a_run(batches=0.15, recipe=MOVING), 0.3),
    "statistics that are kept": (a_run(batches=0.05), 0.3),
    "of a probe they are kept": (a_run(batches=0.05, recipe=make()), 0.3),
    "no statistics": (a_run(batches=0.05, recipe=LAYERS), 0.3),
    "just learned": (a_run(losses=(math.log(3), 1.0)), 0.3),
}


@pytest.mark.parametrize("name", CAUTIONED)
def test_what_a_number_should_not_be_read_without(name: str) -> None:
    run, majority, words = CAUTIONED[name]
    (said,) = cautions(run, majority)
    assert words in said


@pytest.mark.parametrize("name", FINE)
def test_nothing_is_said_where_nothing_is_the_matter(name: str) -> None:
    assert cautions(*FINE[name]) == ()


@pytest.mark.parametrize(
    ("facts", "test", "said"),
    [
        ({}, (24, 22), []),
        ({}, (24, 9), ["never looking"]),
        ({"skipped": (("train/fur/x.png", "it is a copy of train/brick/y.png"),)}, (24, 22), ["under two classes"]),
        (
            {"skipped": (("1.png", "it is a copy of 0.png, but that one is of the class 'fur'"),)},
            (24, 22),
            ["1 picture stands"],
        ),
        ({"skipped": (("train/fur/x.png", "it is a copy of train/fur/y.png"),)}, (24, 22), []),
        ({"loss": 4e11}, (24, 9), ["never looking", "exploded"]),
    ],
)
def test_a_run_says_what_its_numbers_should_not_be_read_without(
    facts: dict[str, Any], test: tuple[int, int], said: list[str]
) -> None:
    run = runs.read(stand_ins.finished_run())
    epochs = [dataclasses.replace(e, train_loss=facts.get("loss", e.train_loss)) for e in run.epochs]
    known = {**run.facts, "classes": stand_ins.CLASSES, "chosen_epoch": len(epochs), **facts}
    made = dataclasses.replace(run, epochs=tuple(epochs), facts=known, test=Score(*test))
    found = cautions(made, 1 / 3)
    assert len(found) == len(said) and all(word in text for word, text in zip(said, found, strict=True))

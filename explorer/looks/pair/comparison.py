"""Two finished runs, A and B: whether they may be compared, why not and what to do; whether they started alike; and what B
fixed and broke on the same images.

Pages, the worker and the command line ask here; nothing else decides it.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from explorer import evidence, runs
from explorer.catalogue.datasets import dataset
from explorer.catalogue.shifts import behind
from explorer.errors import ExplorerError
from explorer.evidence import Paired
from explorer.home import stamp
from explorer.recipe import Recipe
from explorer.runs import FinishedRun, OpenedRun, Predictions


@dataclass(frozen=True)
class Incomparable:
    """Why two runs cannot be compared: what differs and what that means, what to do, and of which run (`A` or `B`) a match
    can be trained (empty: of neither); `images` says that what both say of the same test images can be compared."""

    why: str
    advice: str
    of: str = ""
    images: bool = False

    def __str__(self) -> str:
        return f"{self.why} {self.advice}"


def require(found: Incomparable | None) -> None:
    """Raises ExplorerError with the reason where there is one."""
    if found is not None:
        raise ExplorerError(str(found))


# Whether A and B may be compared

_IMAGES = ("dataset", "data_dir", "labels", "split_seed", "spoilt")
_ALIKE = ("backbone", *_IMAGES)


def apart(a: FinishedRun, b: FinishedRun) -> Incomparable | None:
    """Why A and B were not scored on the same test images through the same backbone and transform; None where they were.
    Raises ExplorerError where the predictions of one are missing."""
    if (found := images_apart(a, b)) is not None:
        return found
    if a.recipe.backbone != b.recipe.backbone:
        return Incomparable(
            f"A is a {a.recipe.row.title}, B a {b.recipe.row.title}: neither their stages nor their features can be compared. "
            "Their predictions on the same test images can: on the page Which images.",
            "For this page choose another B, or train one on A's backbone.",
            "A",
            True,
        )
    if a.recipe.preprocessing != b.recipe.preprocessing:
        return Incomparable(
            "A and B see the test images through different transforms, so a comparison would mix up the transform with the "
            f"training. A: {a.recipe.weights}, {_transform(a.recipe)}. B: {b.recipe.weights}, {_transform(b.recipe)}.",
            "Choose another B, or train one with A's weights and input size.",
            "A",
        )
    return None


def apart_by_image(a: FinishedRun, b: FinishedRun) -> Incomparable | None:
    """Why what A and B say of the same test images cannot be compared; None also for two different backbones on the same
    images. Raises ExplorerError where the predictions of one are missing."""
    found = apart(a, b)
    return None if found is not None and found.images else found


def kind(run: FinishedRun) -> tuple[object, ...] | None:
    """What two runs must share so that nothing keeps them `apart`; None for a run whose predictions cannot be read."""
    try:
        return *(getattr(run.recipe, name) for name in _ALIKE), run.recipe.preprocessing, images_of(run)
    except ExplorerError:
        return None


def comparable(a: FinishedRun, b: FinishedRun) -> bool:
    """Whether nothing keeps two runs apart; a run whose predictions cannot be read has no partner."""
    mine = kind(a)
    return mine is not None and mine == kind(b)


def comparable_by_image(a: FinishedRun, b: FinishedRun) -> bool:
    """The same of what two runs, perhaps of different backbones, say of the same test images."""
    with suppress(ExplorerError):
        return apart_by_image(a, b) is None
    return False


@dataclass(frozen=True)
class Tested:
    """The test images and classes of a run, in numbers: equal where they are the same ones in the same order."""

    images: int
    classes: int
    code: int

    def __str__(self) -> str:
        return f"{self.images} images of {self.classes} classes"


def images_of(run: FinishedRun) -> Tested:
    """What a run was tested on. ExplorerError without predictions."""
    if isinstance(run, OpenedRun):
        found = _tested(run.predictions)
    else:
        folder = runs.folder(run.id)
        found = _images_in(folder, stamp(folder / "predictions.csv"))
    return replace(found, code=hash((found.code, run.recipe.spoilt))) if run.recipe.spoilt else found


@lru_cache(maxsize=2048)
def _images_in(folder: Path, when: int) -> Tested:
    return _tested(runs.predictions(folder.name))


def _tested(predictions: Predictions) -> Tested:
    return _in_numbers(predictions.ids, predictions.classes, predictions.labels)


def _in_numbers(ids: tuple[str, ...], classes: tuple[str, ...], labels: np.ndarray) -> Tested:
    return Tested(len(ids), len(classes), hash((ids, classes, labels.astype(np.int64).tobytes())))


def alike(*predictions: Predictions) -> bool:
    """Whether all are of the same test images, in the same order, with the same classes and labels: only then may what
    one got right be compared with what another did."""
    return len({_tested(one) for one in predictions}) < 2


def tested_on(predictions: Predictions, ids: tuple[str, ...], classes: tuple[str, ...], labels: np.ndarray) -> bool:
    """Whether these are the test images of a run, in its order, with its classes and labels."""
    return _tested(predictions) == _in_numbers(ids, classes, labels)


def images_apart(a: FinishedRun, b: FinishedRun) -> Incomparable | None:
    """Why A and B cannot be compared image by image: they were tested on others. Raises ExplorerError where the
    predictions of one are missing."""
    if any(getattr(a.recipe, name) != getattr(b.recipe, name) for name in _IMAGES):
        return Incomparable(
            "A and B do not share their test images, so a comparison would mean nothing. "
            f"A: {_place(a.recipe)}. B: {_place(b.recipe)}.",
            "Choose another B, or train one on A's images.",
            "A",
        )
    if images_of(a) != images_of(b):
        place = "folder" if a.recipe.data_dir else "data set"
        newer = "A" if a.created > b.created else "B"
        return Incomparable(
            f"The {place} changed between the two runs: A was tested on {images_of(a)}, B on {images_of(b)}, and they are not "
            "the same ones.",
            f"Choose another run, or train a match for {newer}, the newer one, on the {place} as it is now.",
            newer,
        )
    return None


def stages_apart(a: Recipe, b: Recipe) -> Incomparable | None:
    """Why no stage of A is the same stage of B, and no channel the same channel: another backbone, or another transform."""
    if a.backbone != b.backbone:
        return Incomparable(
            f"A is a {a.row.title}, B a {b.row.title}, so neither their stages nor their weights can be compared.",
            "Choose two runs of one backbone.",
        )
    if a.preprocessing != b.preprocessing:
        return Incomparable(
            f"A and B see pictures through different transforms: {_transform(a, ' and')} in A, {_transform(b, ' and')} in B, so "
            "their answers cannot be compared.",
            "Choose two runs with the same weights' transform and input size.",
        )
    return None


def _place(recipe: Recipe) -> str:
    split = f", split seed {recipe.split_seed}" if recipe.split_seed else ""
    return f"{recipe.row.title} on {_set(recipe)}, {recipe.preprocessing.crop} px{split}"


def _set(recipe: Recipe) -> str:
    """The set by its title or folder, and how its pictures are corrupted."""
    return (recipe.data_dir or dataset(recipe.dataset).title) + behind(recipe.spoilt)


def _transform(recipe: Recipe, joint: str = ",") -> str:
    how = recipe.preprocessing
    return f"resized to {how.resize} px{joint} cut to {how.crop} px"


# Whether A and B started alike

_STRANGERS = {
    "channels": ": their channels do not correspond.",
    "axes": ": their features share no axes, so nobody can say how far an image moved.",
    "line": ". Networks that started from different weights lie in different valleys of the loss, and a mixture of them does "
    "not work as a network.",
}
"""What it means that two runs did not start from the same weights: for channels one by one, for distances, for mixtures."""


def same_start(a: Recipe, b: Recipe) -> bool:
    """Whether A and B started from the same weights of the same backbone: then channel 7 of A is channel 7 of B."""
    return a.start == b.start


def strangers(a: Recipe, b: Recipe, of: str) -> Incomparable | None:
    """Why a question about `channels`, `axes`, or the `line` between the weights has no answer: A and B did not start alike."""
    if same_start(a, b):
        return None
    return Incomparable(
        f"A started from {_start(a, b)}, B from {_start(b, a)}{_STRANGERS[of]}",
        "Choose two runs that started from the same weights.",
    )


def _start(recipe: Recipe, other: Recipe) -> str:
    """`BUILT_IN` or `random (seed 3)`; with the backbone in front where the other run is of another."""
    backbone = "" if recipe.backbone == other.backbone else f"{recipe.row.title} "
    return backbone + recipe.weights + (f" (seed {recipe.seed})" if recipe.drawn else "")


# What B fixed and broke


def paired(a: Predictions, b: Predictions, who: str = "A and B", advice: str = "Train both again.") -> Paired:
    """B against A, image by image, and group by group (A's groups) where images come in groups. Raises ExplorerError for
    other images, which says of `who` and what to do."""
    if not alike(a, b):
        raise ExplorerError(
            f"{who} were not scored on the same test images with the same labels ({_tested(a)}, and {_tested(b)}): the data "
            f"changed between them. {advice}"
        )
    return evidence.paired(a.right, b.right, a.groups)

"""What a recipe would take, worked out in the page: parameters, memory, seconds.

The worker says once for a backbone what its stages are made of (`Anatomy`) and how fast this machine runs them (`Speed`); every
choice of stages then follows by adding up.
"""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from explorer import machine
from explorer.catalogue.datasets import dataset
from explorer.recipe import Phase, Recipe
from explorer.runs import FinishedRun
from explorer.runs.steps import fact
from explorer.training.question import Anatomy, Description, Speed, StageDescription

SHARES = 0.67, 0.11, 0.22  # of a set's images: training, validation, test, where the catalogue does not know better
RESCORED = 256  # training images that are scored again after each epoch
SNAPSHOTS = 12  # epochs whose test features are kept
HEAD_STEP = 2e-3
"""Seconds that a step of a head alone takes: next to nothing, but there are many."""
START = 1.0
"""Seconds that any run takes: reading, the audit, writing."""
PASSES_A_STEP = 3
"""Images that are at least looked at in the time in which one is learned from: 3.6 (SqueezeNet 1.1) to 6.3 (ResNet-10) where
all stages learn, on one thread of a Xeon with AMX (`compute.measuring.speed`)."""
LARGE = 2**27
"""Bytes that are trained: of more, a copy with the optimizer's state takes more memory than it is worth."""
LIKE = 5  # runs of this machine that correct an estimate


@dataclass(frozen=True)
class Images:
    """How many images of each split a run goes through."""

    train: int
    val: int
    test: int


def classes_of(recipe: Recipe) -> int:
    """The classes of the recipe's data set; 2 where the folder decides."""
    return dataset(recipe.dataset).classes or 2


def describe(recipe: Recipe, anatomy: Anatomy) -> Description:
    """What the recipe does to each stage and the head, as `compute.freezing.describe` finds it on a network."""
    k, rows = classes_of(recipe), []
    for part in anatomy.stages:
        learns = part.stage in recipe.learns
        learned = part.parameters if learns else part.affine if recipe.batchnorm == "affine" else 0
        moves = recipe.batchnorm == "moving" or (learns and not recipe.keeps_statistics)
        has_statistics = recipe.row.normalisation == "batch" and part.normalisation_layers > 0
        rows.append(
            StageDescription(
                stage=part.stage, parameters=part.parameters, learned=learned, learns=learned > 0,
                normalisation_layers=part.normalisation_layers, statistics_move=moves and has_statistics, output=part.output,
            )
        )  # fmt: skip
    head = _head(recipe)
    rows.append(
        StageDescription(
            stage="head",
            parameters=head,
            learned=head,
            learns=True,
            normalisation_layers=0,
            statistics_move=False,
            output=(k,),
        )  # fmt: skip
    )
    return Description(backbone=recipe.backbone, weights=recipe.weights, strategy=recipe.strategy, stages=tuple(rows))


def _head(recipe: Recipe) -> int:
    """The head's parameters."""
    return (recipe.row.features + 1) * classes_of(recipe)


def memory(recipe: Recipe, anatomy: Anatomy, speed: Speed | None = None, images: Images | None = None) -> int:
    """Bytes that learning takes besides PyTorch itself and the pictures: all weights, and of those that learn the gradient and
    AdamW's two means; what the backward pass needs of a batch, from the first stage in which anything learns; all in float32.
    Where speed and images are known, the copy on which epochs are scored beside the next one's steps counts too."""
    rows = describe(recipe, anatomy).stages
    weights = 4 * sum(row.parameters for row in rows) + 12 * sum(row.learned for row in rows)
    first = next((i for i, row in enumerate(rows) if row.learned), len(rows))
    found = weights + recipe.batch_size * sum(part.kept for part in anatomy.stages[first:])
    return found + max(copied(recipe, phase, speed, images) for phase in recipe.phases) if speed and images else found


def images_of(recipe: Recipe, known: Iterable[FinishedRun] = ()) -> Images | None:
    """How many images the recipe's run goes through: as a finished run on the same images counted them, else as the catalogue
    lets one expect; None for a folder that no run has read."""
    of = ("dataset", "data_dir", "labels", "edits")  # corrupted or not, they are as many
    for run in known:
        same = all(getattr(run.recipe, name) == getattr(recipe, name) for name in of)
        counts = run.facts.get("counts") or {}
        if same and counts:
            found = Images(*(int(counts.get(split, 0)) for split in ("train", "val", "test")))
            if run.recipe.per_class == recipe.per_class:
                return found
            if recipe.per_class is not None:
                return Images(recipe.per_class * len(run.facts.get("classes", ())), found.val, found.test)
    row = dataset(recipe.dataset)
    if not row.size:
        return None
    most, val, test = row.splits or (round(share * row.size) for share in SHARES)
    wanted = most if recipe.per_class is None else min(most, recipe.per_class * row.classes)
    return Images(wanted, val, test)


def seconds(recipe: Recipe, speed: Speed, images: Images) -> float:
    """How long the recipe's run takes by the measured speed of its stages: the frozen front once for every image, each epoch
    the rest forward and back, and the scoring that no steps hide."""
    total = START
    for number, phase in enumerate(recipe.phases):
        front = recipe.front_of(phase.learns)
        first = len(front)
        look, learn = sum(speed.look[first:]), sum(speed.learn[first:])
        views = recipe.views if front else 1
        total += sum(speed.look[:first]) * (images.train * views + images.val + images.test)
        waited = 1 if copied(recipe, phase, speed, images) else phase.epochs  # the rest is computed beside steps
        snapshots = min(waited, SNAPSHOTS) * images.test if recipe.tuned else 0
        total += phase.epochs * images.train * learn + (waited * _scored(images) + snapshots) * look
        total += phase.epochs * images.train / recipe.batch_size * HEAD_STEP
        if number == 0:
            total += (images.train + images.test) * look  # what the head reads before the first step; test features
    return total + (images.train + 2 * images.test) * sum(speed.look[len(recipe.frozen_front) :])


def overlaps(images: Images, trained: int, passes: int, probe: bool) -> bool:
    """Whether an epoch is scored beside the next one's steps (`compute.overlapping`): training and estimate both ask here.

    It is where a core is free for it (`passes` at a time, see `machine.passes`), more than the head is left to run (`probe`),
    learning from `images.train` leaves the time to look at those scored and at `images.test`, whose features are kept, and a
    copy of the `trained` bytes is worth its memory.
    """
    hidden = _scored(images) + images.test <= PASSES_A_STEP * images.train
    return passes > 1 and not probe and hidden and trained <= LARGE


def copied(recipe: Recipe, phase: Phase, speed: Speed, images: Images) -> int:
    """Bytes of the copy on which epochs of a phase are scored beside the next one's steps: what is trained, and AdamW's two means
    of it; 0 where they are not, or none follows."""
    rows = zip(speed.stages, speed.parameters, speed.affine, strict=True)
    some = recipe.batchnorm == "affine"
    weights = sum(every if stage in phase.learns else affine * some for stage, every, affine in rows)
    trained = 4 * (weights + _head(recipe))
    device = speed.device if recipe.device == "auto" else recipe.device
    passes = machine.passes() if device == "cpu" else 1
    probe = recipe.front_of(phase.learns) == recipe.row.stage_names
    return 3 * trained if phase.epochs > 1 and overlaps(images, trained, passes, probe) else 0


def _scored(images: Images) -> int:
    """How many images an epoch is scored on."""
    return min(RESCORED, images.train) + images.val


def correction(known: Iterable[FinishedRun], speeds: dict[tuple[str, int], Speed]) -> float:
    """By how much longer this machine's latest runs took than was worked out for them: the median over those whose backbone and
    input size have been measured; 1 where there are none. Runs that found their front in the cache say little and are left
    out. A run of a build that waited for its scores took longer; it counts until `LIKE` later ones are there."""
    found = []
    for run in known:
        speed = speeds.get((run.recipe.backbone, run.recipe.preprocessing.crop))
        took, images = fact(run, "seconds", "total"), images_of(run.recipe, [run])
        if run.sample or speed is None or not took or images is None:
            continue
        expected = seconds(run.recipe, speed, images)
        if took > expected / 4:
            found.append(took / expected)
        if len(found) == LIKE:
            break
    return statistics.median(found) if found else 1.0

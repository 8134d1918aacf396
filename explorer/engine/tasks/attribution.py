"""Where A and B look, in one picture or in many, and whether the maps are to be trusted."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch

from explorer import runs
from explorer.catalogue import ATTRIBUTIONS
from explorer.catalogue.backbones import stage_of
from explorer.engine import attribution, backbones
from explorer.engine.tasks import lent
from explorer.errors import ExplorerError, unknown
from explorer.results import (
    Attribution,
    Attributions,
    Cascade,
    Faithfulness,
    OnObject,
    OrderedCurve,
    Randomisation,
)
from explorer.runs import Predictions

MOST = 16  # pictures side by side
CHUNK = 8  # pictures that one call takes
OBJECTS, OBJECTS_DEAR = 64, 16  # pictures of the pointing game; where a map takes many passes
OTHERS, OTHERS_DEAR = 7, 2  # pictures beside the shown one whose maps are compared while the weights go

Report = Callable[[float, str], None]


def _silent(done: float, words: str) -> None:
    """Tell nobody."""


def _spread(n: int, most: int) -> list[int]:
    """At most `most` numbers below n, evenly spread."""
    return sorted({int(i) for i in np.linspace(0, n - 1, min(n, most)).round()})


def _class(said: Predictions, target: str) -> int:
    if target not in said.classes:
        raise unknown("class", target, said.classes)
    return said.classes.index(target)


def _stage(run: str, stage: str) -> str:
    row = lent.network(run).row
    return stage_of(row, stage or row.stage_names[-1]).name


def _inputs(run: str, images: Sequence[int | str]) -> torch.Tensor:
    return torch.cat([lent.one(run, image)[1] for image in images])


def _maps(
    run: str, images: Sequence[int], targets: Sequence[int], how: tuple[str, str, str], report: Report = _silent
) -> tuple[np.ndarray, np.ndarray]:
    """Maps (n, h, w) of test images for a class each, and that class's probability (n,); `how`: method, stage, baseline."""
    net, maps, likely = lent.network(run), [], []
    for first in range(0, len(images), CHUNK):
        report(first / len(images), f"Picture {first + 1} of {len(images)}")
        some, classes = images[first : first + CHUNK], list(targets[first : first + CHUNK])
        x = _inputs(run, some)
        maps.append(attribution.attribute(net, x, classes, *how))
        likely.append(attribution.probabilities(net, x)[np.arange(len(some)), classes])
    return np.concatenate(maps), np.concatenate(likely)


def attribute(
    a: str,
    b: str,
    image: int | str,
    target: str,
    method: str = "gradcam",
    stage: str = "",
    baseline: str = "grey",
) -> Attribution:
    """Where A and B look for one pinned class in one picture, of the test set or a visitor's own."""
    index, where = _class(lent.same_images(a, b), target), _stage(b, stage)
    maps, likely, rises = [], [], []
    for run in (a, b):
        net, (picture, x) = lent.network(run), lent.one(run, image)
        maps.append(attribution.attribute(net, x, index, method, where, baseline)[0])
        likely.append(float(attribution.probabilities(net, x)[0, index]))
        rises.append(float(attribution.rise(net, x, index, method, baseline)[0]))
    return Attribution(method, where, image, target, picture, *maps, *likely, baseline, *rises)


def attribute_many(
    a: str,
    b: str,
    images: Sequence[int],
    target: str,
    method: str = "gradcam",
    stage: str = "",
    baseline: str = "grey",
    report: Report = _silent,
) -> Attributions:
    """Where A and B look for one pinned class in up to 16 test images."""
    said = lent.same_images(a, b)
    index, where = _class(said, target), _stage(b, stage)
    if not 1 <= len(images) <= MOST or any(not 0 <= i < len(said.labels) for i in images):
        raise ExplorerError(
            f"There is room for 1 to {MOST} test images, numbered from 0 to {len(said.labels) - 1}; got {list(images)}. "
            f"Select fewer, or others."
        )
    found = []
    for i, run in enumerate((a, b)):
        part = partial(_part, report, i / 2, 0.5, f"{'AB'[i]}: ")
        found.append(_maps(run, images, [index] * len(images), (method, where, baseline), part))
    (maps_a, likely_a), (maps_b, likely_b) = found
    numbers, pictures = np.array(images), lent.pictures(b)[list(images)]
    labels = said.labels[numbers]
    return Attributions(
        method, where, target, numbers, labels, pictures, maps_a, maps_b, likely_a, likely_b, said.classes, baseline
    )


def _part(report: Report, start: float, share: float, before: str, done: float, words: str) -> None:
    """Report a part of a whole."""
    report(start + share * done, before + words)


def faithfulness(
    a: str,
    b: str,
    image: int | str,
    target: str,
    method: str = "gradcam",
    stage: str = "",
    baseline: str = "grey",
    report: Report = _silent,
) -> Faithfulness:
    """What the class's probability does as the picture goes and comes in the order of A's and of B's own map."""
    index, where = _class(lent.same_images(a, b), target), _stage(b, stage)
    deletion, insertion, share = [], [], np.zeros(0)
    for i, run in enumerate((a, b)):
        net, (_, x) = lent.network(run), lent.one(run, image)
        heat = attribution.attribute(net, x, index, method, where, baseline)[0]
        part = partial(_part, report, i / 2, 0.5, f"{'AB'[i]}: ")
        found = attribution.curves(net, x, heat, index, report=part)
        share = found.share
        deletion.append(OrderedCurve(found.deletion, found.random_deletion))
        insertion.append(OrderedCurve(found.insertion, found.random_insertion))
    return Faithfulness(method, where, image, target, share, *deletion, *insertion, baseline)


def on_object(
    a: str, b: str, method: str = "gradcam", stage: str = "", baseline: str = "grey", report: Report = _silent
) -> OnObject:
    """Whether A's and B's maps, for each image's own class, lie on the object; over test images spread evenly."""
    said, where = lent.same_images(a, b), _stage(b, stage)
    masks = lent.masks(a)
    if masks is None:
        raise ExplorerError(
            f"Nobody said where the objects are in {lent.finished(a).dataset}. Choose two runs on shapes: there the mask of "
            f"each object is known."
        )
    images = _spread(len(said.labels), OBJECTS if ATTRIBUTIONS[method].passes == 1 else OBJECTS_DEAR)
    found = []
    for i, run in enumerate((a, b)):
        part = partial(_part, report, i / 2, 0.5, f"{'AB'[i]}: ")
        maps, _ = _maps(run, images, said.labels[images].tolist(), (method, where, baseline), part)
        found.append([attribution.inside(heat, masks[k]) for heat, k in zip(maps, images, strict=True)])
    (share_a, hit_a), (share_b, hit_b) = (map(np.array, zip(*rows, strict=True)) for rows in found)
    kept = masks[images]
    centre = kept[:, kept.shape[1] // 2, kept.shape[2] // 2]
    covered = kept.mean(axis=(1, 2))
    return OnObject(
        method, where, np.array(images), share_a, share_b, covered, hit_a, hit_b, centre.astype(bool), baseline
    )


def randomise(
    run: str,
    image: int | str,
    target: str,
    method: str = "gradcam",
    stage: str = "",
    baseline: str = "grey",
    against: str = "",
    report: Report = _silent,
) -> Randomisation:
    """What is left of a map while the network's weights are replaced, from the head down: of `method`, and of `against`.

    For the shown picture and `target`, and for other test images with their own classes.
    """
    said, net = runs.predictions(run), lent.network(run)
    index, where = _class(said, target), _stage(run, stage)
    dear = any(ATTRIBUTIONS[name].passes > 1 for name in (method, against) if name)
    others = [i for i in _spread(len(said.labels), OTHERS_DEAR if dear else OTHERS) if i != image]
    x = _inputs(run, [image, *others])
    targets = [index, *said.labels[others].tolist()]
    wanted = lent.finished(run)
    fresh = backbones.build(wanted.backbone, net.classes, "random", seed=wanted.seed + 1000)
    names, cascades, parts = [name for name in (method, against) if name], [], ()
    for i, name in enumerate(names):
        steps = []
        for step in attribution.cascade(net, fresh, x, targets, name, where, baseline):
            steps.append(step)
            share = (i + len(steps) / (len(net.row.stages) + 2)) / len(names)
            report(share, f"{ATTRIBUTIONS[name].title}: {step[0] or 'as it is'}")
        parts = tuple(part for part, _ in steps)
        likeness = np.stack([attribution.likeness(steps[0][1], maps) for _, maps in steps], axis=1)
        cascades.append(Cascade(name, np.stack([maps[0] for _, maps in steps]), likeness))
    shown = np.array([image if isinstance(image, int) else -1, *others])
    picture = lent.one(run, image)[0]
    return Randomisation(run, where, image, target, picture, shown, parts, tuple(cascades), baseline)

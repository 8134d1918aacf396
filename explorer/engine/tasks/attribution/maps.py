"""Where A and B look, in one picture or in many."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch

from explorer.catalogue.backbones import stage_of
from explorer.engine import attribution
from explorer.engine.tasks import lent
from explorer.errors import ExplorerError, unknown
from explorer.results import Attribution, Attributions, Cells
from explorer.runs import Predictions

MOST = 16  # pictures side by side
CHUNK = 8  # pictures that one call takes

Report = Callable[[float, str], None]


def silent(done: float, words: str) -> None:
    """Tell nobody."""


def spread(n: int, most: int) -> list[int]:
    """At most `most` numbers below n, evenly spread."""
    return sorted({int(i) for i in np.linspace(0, n - 1, min(n, most)).round()})


def class_of(said: Predictions, target: str) -> int:
    """The number of a class; ExplorerError for one that the run has not."""
    if target not in said.classes:
        raise unknown("class", target, said.classes)
    return said.classes.index(target)


def stage_or_last(run: str, stage: str) -> str:
    """The stage of that name in a run's backbone, its last where none is named; ExplorerError for one that it has not."""
    row = lent.network(run).row
    return stage_of(row, stage or row.stage_names[-1]).name


def inputs(run: str, images: Sequence[int | str]) -> torch.Tensor:
    """These pictures as a run's network sees them, (n, 3, h, w)."""
    return torch.cat([lent.one(run, image)[1] for image in images])


def maps_of(
    run: str, images: Sequence[int], targets: Sequence[int], how: tuple[str, str, str], report: Report = silent
) -> tuple[np.ndarray, np.ndarray]:
    """Maps (n, h, w) of test images for a class each, and that class's probability (n,); `how`: method, stage, baseline."""
    net, maps, likely = lent.network(run), [], []
    for first in range(0, len(images), CHUNK):
        report(first / len(images), f"Picture {first + 1} of {len(images)}")
        some, classes = images[first : first + CHUNK], list(targets[first : first + CHUNK])
        x = inputs(run, some)
        maps.append(attribution.attribute(net, x, classes, *how))
        likely.append(attribution.probabilities(net, x)[np.arange(len(some)), classes])
    return np.concatenate(maps), np.concatenate(likely)


def cells_of(run: str, how: tuple[str, str, str], maps: np.ndarray) -> Cells:
    """Where the cells of a run's maps (…, h, w) lie in its pictures; `how`: method, stage, baseline."""
    return attribution.cells_of(lent.network(run), *how[:2], maps.shape[-1], lent.finished(run).preprocessing.crop)


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
    index, where = class_of(lent.same_images(a, b), target), stage_or_last(b, stage)
    maps, cells, likely, rises = [], [], [], []
    for run in (a, b):
        net, (picture, x) = lent.network(run), lent.one(run, image)
        maps.append(attribution.attribute(net, x, index, method, where, baseline)[0])
        cells.append(cells_of(run, (method, where, baseline), maps[-1]))
        likely.append(float(attribution.probabilities(net, x)[0, index]))
        rises.append(float(attribution.rise(net, x, index, method, baseline)[0]))
    return Attribution(method, where, image, target, picture, *maps, *cells, *likely, baseline, *rises)


def attribute_many(
    a: str,
    b: str,
    images: Sequence[int],
    target: str,
    method: str = "gradcam",
    stage: str = "",
    baseline: str = "grey",
    report: Report = silent,
) -> Attributions:
    """Where A and B look for one pinned class in up to 16 test images."""
    said = lent.same_images(a, b)
    index, where = class_of(said, target), stage_or_last(b, stage)
    if not 1 <= len(images) <= MOST or any(not 0 <= i < len(said.labels) for i in images):
        raise ExplorerError(
            f"There is room for 1 to {MOST} test images, numbered from 0 to {len(said.labels) - 1}; got {list(images)}. "
            f"Select fewer, or others."
        )
    found, how = [], (method, where, baseline)
    for i, run in enumerate((a, b)):
        told = partial(part, report, i / 2, 0.5, f"{'AB'[i]}: ")
        found.append(maps_of(run, images, [index] * len(images), how, told))
    (maps_a, likely_a), (maps_b, likely_b) = found
    numbers, pictures = np.array(images), lent.pictures(b)[list(images)]
    cells_a, cells_b = (cells_of(run, how, maps) for run, maps in ((a, maps_a), (b, maps_b)))
    return Attributions(
        method, where, target, numbers, said.labels[numbers], pictures, maps_a, maps_b, cells_a, cells_b,
        likely_a, likely_b, said.classes, baseline,
    )  # fmt: skip


def part(report: Report, start: float, share: float, before: str, done: float, words: str) -> None:
    """Report a part of a whole."""
    report(start + share * done, before + words)

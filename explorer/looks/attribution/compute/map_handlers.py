"""Where A and B look, in one picture or in many."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from explorer.catalogue.backbones import stage_of
from explorer.cells import Cells
from explorer.errors import ExplorerError, unknown
from explorer.looks.attribution.compute import attribute as attribute_module
from explorer.looks.attribution.compute.attribute import cells_of, contrasted, rise
from explorer.looks.attribution.question.maps import Attribution, Attributions
from explorer.looks.pair import compute
from explorer.models import spare_card
from explorer.models.network import Network
from explorer.models.predicting import probabilities
from explorer.progress import ProgressCallback, silent
from explorer.runs import OpenedRun, Predictions, RunOrId

MOST = 16  # pictures side by side
CHUNK = 8  # pictures that one call takes
FINER = (1, 2, 4)  # how many times as fine as a stage's own a grid may be


def spread(n: int, most: int) -> list[int]:
    """At most `most` numbers below n, evenly spread."""
    return sorted({int(i) for i in np.linspace(0, n - 1, min(n, most)).round()})


def class_of(predictions: Predictions, target: str) -> int:
    """The number of a class; ExplorerError for one that the run lacks."""
    if target not in predictions.classes:
        raise unknown("class", target, predictions.classes)
    return predictions.classes.index(target)


@dataclass(frozen=True)
class How:
    """How a run is asked: method, stage, baseline, how many times as fine as the stage's grid, and the number of the class
    whose logit is taken off, -1 for none."""

    method: str
    stage: str
    baseline: str = "grey"
    times: int = 1
    other: int = -1

    def of(self, net: Network) -> Network:
        """The network that is asked: every logit less the other class's, which leaves all probabilities as they are."""
        return net if self.other < 0 else contrasted(net, self.other)

    def network(self, run: RunOrId) -> Network:
        """The network of a run that is asked, where it is quickest."""
        return self.of(placed(compute.network(run), run, self.method))

    def maps(self, network: Network, x: torch.Tensor, targets: int | Sequence[int]) -> np.ndarray:
        """Maps (n, h, w) of pictures (n, 3, H, W) for one class, or for a class each."""
        return attribute_module.attribute(network, x, targets, self.method, self.stage, self.baseline, self.times)

    def cells(self, run: RunOrId, maps: np.ndarray) -> Cells:
        """Where the cells of a run's maps (…, h, w) lie in its pictures."""
        net, size = compute.network(run), compute.finished(run).preprocessing.crop
        return cells_of(net, self.method, self.stage, maps.shape[-1], size, self.times)


def placed(network: Network, run: RunOrId, *methods: str) -> Network:
    """A network of a run's shape where these methods are quickest; one that draws stays where all draw alike."""
    if "gradient_shap" in methods:
        return network
    return spare_card.here.placed(network, compute.finished(run).preprocessing.crop)


def how_of(
    a: RunOrId, b: RunOrId, method: str, stage: str, baseline: str, times: int = 1, rather_than: str = ""
) -> tuple[Predictions, How]:
    """What A and B were tested on, and how they are asked; B's last stage where none is named.

    Raises ExplorerError for runs of other images, a stage or class that there is not, or a grid finer than four times.
    """
    b = compute.opened(b)
    said, row = compute.same_images(a, b), compute.network(b).row
    if times not in FINER:
        raise unknown("fineness of the grid", times, map(str, FINER))
    other = class_of(said, rather_than) if rather_than else -1
    return said, How(method, stage_of(row, stage or row.stage_names[-1]).name, baseline, times, other)


def inputs(run: OpenedRun, images: Sequence[int | str]) -> torch.Tensor:
    """These pictures as a run's network sees them, (n, 3, h, w)."""
    return torch.cat([compute.one(run, image)[1] for image in images])


def maps_of(
    run: OpenedRun, images: Sequence[int], targets: Sequence[int], how: How, report: ProgressCallback = silent
) -> tuple[np.ndarray, np.ndarray]:
    """Maps (n, h, w) of test images for a class each, and that class's probability (n,)."""
    net, maps, likely = how.network(run), [], []
    for first in range(0, len(images), CHUNK):
        report(first / len(images), f"Picture {first + 1} of {len(images)}")
        some, classes = images[first : first + CHUNK], list(targets[first : first + CHUNK])
        x = inputs(run, some)
        maps.append(how.maps(net, x, classes))
        likely.append(probabilities(net, x)[np.arange(len(some)), classes])
    return np.concatenate(maps), np.concatenate(likely)


def attribute(
    a: RunOrId,
    b: RunOrId,
    image: int | str,
    target: str,
    method: str = "gradcam",
    stage: str = "",
    baseline: str = "grey",
    times: int = 1,
    rather_than: str = "",
) -> Attribution:
    """Where A and B look for one pinned class in one picture, of the test set or a visitor's own; or for this class rather than
    another one, by the difference of their logits."""
    a, b = compute.opened(a), compute.opened(b)
    said, how = how_of(a, b, method, stage, baseline, times, rather_than)
    index = class_of(said, target)
    if index == how.other:
        raise ExplorerError(f"{target} rather than {target} cannot be asked. Choose two different classes.")
    maps, cells, likely, rises = [], [], [], []
    for run in (a, b):
        net, (picture, x) = how.network(run), compute.one(run, image)
        maps.append(how.maps(net, x, index)[0])
        cells.append(how.cells(run, maps[-1]))
        likely.append(float(probabilities(net, x)[0, index]))
        rises.append(float(rise(net, x, index, method, baseline)[0]))
    return Attribution(
        method=method, stage=how.stage, image=image, target=target, picture=picture, a=maps[0], b=maps[1],
        cells_a=cells[0], cells_b=cells[1], probability_a=likely[0], probability_b=likely[1], baseline=baseline,
        rise_a=rises[0], rise_b=rises[1], rather_than=rather_than,
    )  # fmt: skip


def attribute_many(
    a: RunOrId,
    b: RunOrId,
    images: Sequence[int],
    target: str,
    method: str = "gradcam",
    stage: str = "",
    baseline: str = "grey",
    times: int = 1,
    rather_than: str = "",
    report: ProgressCallback = silent,
) -> Attributions:
    """Where A and B look for one pinned class (rather than another) in up to 16 test images."""
    a, b = compute.opened(a), compute.opened(b)
    said, how = how_of(a, b, method, stage, baseline, times, rather_than)
    index = class_of(said, target)
    if not 1 <= len(images) <= MOST or any(not 0 <= i < len(said.labels) for i in images):
        raise ExplorerError(
            f"There is room for 1 to {MOST} test images, numbered from 0 to {len(said.labels) - 1}; got {list(images)}. "
            f"Select fewer, or others."
        )
    found = []
    for i, run in enumerate((a, b)):
        told = partial(part, report, i / 2, 0.5, f"{'AB'[i]}: ")
        found.append(maps_of(run, images, [index] * len(images), how, told))
    (maps_a, likely_a), (maps_b, likely_b) = found
    numbers, pictures = np.array(images), compute.pictures(b)[list(images)]
    return Attributions(
        method=method, stage=how.stage, target=target, images=numbers, labels=said.labels[numbers], pictures=pictures,
        a=maps_a, b=maps_b, cells_a=how.cells(a, maps_a), cells_b=how.cells(b, maps_b), probability_a=likely_a,
        probability_b=likely_b, classes=said.classes, baseline=baseline, rather_than=rather_than,
    )  # fmt: skip


def part(report: ProgressCallback, start: float, share: float, before: str, done: float, words: str) -> None:
    """Report a part of a whole."""
    report(start + share * done, before + words)

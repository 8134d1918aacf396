"""The training pictures nearest to a picture, and how far test images lie from theirs."""

import numpy as np
import torch

from explorer.catalogue import Preprocessing
from explorer.looks.neighbours.question import Neighbours, farther
from explorer.looks.pair import compute
from explorer.models.lending import lend
from explorer.models.network import Network
from explorer.models.predicting import probabilities
from explorer.models.spare_card import sent
from explorer.progress import ProgressCallback, silent
from explorer.runs import RunOrId, kept_by_run

K = 10
MOST = 4000  # training pictures that are looked at, each class in proportion
SHOWN = 96


def neighbours(run: RunOrId, image: int | str, report: ProgressCallback = silent) -> Neighbours:
    """The ten training pictures nearest to one picture in a run's features, beside what is usual for test images.

    Distances are Euclidean between features of length 1 (the angle counts, not the strength). The distance to the nearest
    training picture as a sign of the unknown: Sun et al. 2022, arXiv 2204.06507.
    """
    run = compute.opened(run)
    network, said = compute.network(run), run.predictions
    train, labels, ids = _training(run, report)
    _, x = compute.one(run, image)
    own = read(network, x)
    distance = np.linalg.norm(train - own, axis=1)
    near = np.argsort(distance, kind="stable")[:K]
    probability = probabilities(network, x)[0]
    rows = compute.training_rows(run, MOST)
    shown = compute.training_images(run).take(rows[near]).pixels(Preprocessing(SHOWN, SHOWN))
    return Neighbours(
        images=shown, ids=tuple(ids[i] for i in near), labels=labels[near], distance=distance[near],
        usual=_usual(run, report), classes=said.classes, predicted=int(probability.argmax()),
        probability=float(probability.max()), of=len(train),
    )  # fmt: skip


def read(network: Network, x: torch.Tensor) -> np.ndarray:
    """(n, d) float32: what the head reads of inputs (n, 3, h, w), each row of length 1."""
    with lend(network), torch.inference_mode():
        return of_length_1(torch.cat([network.features(sent(network, batch), None) for batch in x.split(32)]))


def of_length_1(features: torch.Tensor) -> np.ndarray:
    """(n, d) float32, each row of length 1."""
    found = features.float().cpu().numpy()
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)


class Familiar:
    """How unlike its test images a run finds pictures: its training and test images' features, computed once.

    Raises ExplorerError where those images cannot be read any more.
    """

    def __init__(self, run: RunOrId, report: ProgressCallback = silent) -> None:
        self.train = _training(run, report)[0]
        self.usual = _usual(run, report)

    def share(self, features: torch.Tensor) -> np.ndarray:
        """(m,) for what the head reads of m pictures, (m, d): see `farther`."""
        return farther(self.usual, _nearest(of_length_1(features), self.train))


@kept_by_run(most=4)
def _kept(run: RunOrId) -> dict[str, np.ndarray]:
    """Where features of a run stay: `train` and `test` rows once they are computed."""
    return {}


def _training(run: RunOrId, report: ProgressCallback) -> tuple[np.ndarray, np.ndarray, tuple[str, ...]]:
    """(features (m, d), labels (m,), ids) of the training pictures that are looked at."""
    rows, images = compute.training_rows(run, MOST), compute.training_images(run)
    part = images.take(rows)
    kept = _kept(run)
    if "train" not in kept:
        kept["train"] = _through(run, part.pixels(compute.finished(run).preprocessing), report, 0.0, 0.7)
    return kept["train"], part.labels, part.ids


def _usual(run: RunOrId, report: ProgressCallback) -> np.ndarray:
    """(n,) rising: how far each test image lies from its nearest training picture."""
    kept = _kept(run)
    if "usual" not in kept:
        test = _through(run, compute.pictures(run), report, 0.7, 0.3)
        parts = np.array_split(test, max(1, len(test) // 256))
        kept["usual"] = np.sort(np.concatenate([_nearest(part, kept["train"]) for part in parts]))
    return kept["usual"]


def _nearest(rows: np.ndarray, train: np.ndarray) -> np.ndarray:
    """(m,) the distance of each row (m, d) of length 1 from the nearest of the training rows."""
    return np.sqrt(np.maximum(2 - 2 * (rows @ train.T).max(axis=1), 0))


def _through(run: RunOrId, pixels: np.ndarray, report: ProgressCallback, start: float, width: float) -> np.ndarray:
    """Features of pixels (n, h, w, 3), with progress."""
    network, found = compute.quick_network(run), []
    for i in range(0, len(pixels), 32):
        found.append(read(network, compute.to_input(run, pixels[i : i + 32])))
        report(start + width * min(1.0, (i + 32) / len(pixels)), "Features of training and test images")
    return np.concatenate(found)

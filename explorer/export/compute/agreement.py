"""Whether a graph says what its run says: both on the first test images, which are read and passed through the run's network
once for all graphs of it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from explorer.errors import ExplorerError
from explorer.looks.pair import compute
from explorer.models import predicting
from explorer.runs import RunOrId, kept_by_run

CHECKED = 32
"""Test images on which a graph is compared with the run."""
MOST_APART = 1e-3
"""The largest difference in a probability with which a graph is handed out; rounding leaves about 1e-6."""
MOST_APART_RESIZED = 0.1
"""The same for a graph that resizes: its levels differ by 1 of 255 from Pillow's."""


def pixels(run: RunOrId) -> np.ndarray:
    """The first test images as the graph's input, (n, 3, h, w) uint8. Raises ExplorerError where they cannot be read any
    more."""
    return np.ascontiguousarray(compute.first_pictures(run, CHECKED).transpose(0, 3, 1, 2))


def parts(pixels: np.ndarray) -> Iterator[np.ndarray]:
    """One image alone, then the others: so the number of images is seen to be free."""
    yield pixels[:1]
    yield pixels[1:]


@dataclass(frozen=True)
class GraphDifference:
    """How far a graph is from the run on n images: the largest difference of a logit and of a probability, and on how many
    both name the same class."""

    n: int
    logit: float
    probability: float
    same: int


@kept_by_run(most=4)
def _ours(run: RunOrId) -> Tensor:
    """What the run's own network says of the first test images, (n, k) logits: once for all graphs of it."""
    return predicting.logits(compute.network(run), compute.to_input(run, compute.first_pictures(run, CHECKED)))


def differences(run: RunOrId, said: np.ndarray) -> GraphDifference:
    """What a graph said of the first test images (n, k) against the run's own network."""
    ours = _ours(run)
    theirs = torch.from_numpy(said)
    return GraphDifference(
        len(said),
        (ours - theirs).abs().max().item(),
        (ours.softmax(1) - theirs.softmax(1)).abs().max().item(),
        int((ours.argmax(1) == theirs.argmax(1)).sum()),
    )


def allow(apart: GraphDifference, most: float, runner: str) -> None:
    """Raises ExplorerError where probabilities are further apart than `most`."""
    if not apart.probability <= most:
        raise ExplorerError(
            f"The exported graph disagrees with the run: its probabilities differ by up to {apart.probability:.2g} on {apart.n} "
            f"test images ({runner}; allowed: {most:g}). Take the weights or the script instead."
        )

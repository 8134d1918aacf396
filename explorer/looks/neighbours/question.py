"""The training pictures nearest to one picture in a run's features. Letters: n test images, m neighbours, h w."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from explorer.question import Image, Question

RARE = 0.05
"""The share of test images below which a picture counts as unlike them."""


def farther(usual: np.ndarray, distance: np.ndarray) -> np.ndarray:
    """(m,) the share of test images that lie at least as far from their nearest training picture as a picture at each `distance`
    (m,) from its own; `usual` (n,) rises.

    The picture itself counts among them, so that the share is never 0: a p-value for "it is like the test images".
    """
    return (1 + len(usual) - np.searchsorted(usual, distance)) / (len(usual) + 1)


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """The nearest training pictures of a run, nearest first, in the features that its head reads.

    `images` (m, h, w, 3) uint8, `ids`, `labels` (m,) and `distance` (m,). `usual` (n,) is how far each test image lies from its
    own nearest training picture, rising. `predicted` is the class the run names, `probability` how sure it is. `of` counts the
    training pictures.
    """

    images: np.ndarray
    ids: tuple[str, ...]
    labels: np.ndarray
    distance: np.ndarray
    usual: np.ndarray
    classes: tuple[str, ...]
    predicted: int
    probability: float
    of: int

    @property
    def farther(self) -> float:
        """The share of test images that lie at least as far as this picture; see `farther`."""
        return float(farther(self.usual, self.distance[:1])[0])

    @property
    def times(self) -> float:
        """How many times farther than the middle test image it lies from its nearest training picture."""
        return float(self.distance[0] / max(float(np.median(self.usual)), 1e-12))


class NeighboursQuestion(Question[Neighbours]):
    """The ten training pictures nearest to one picture (of the test set or a visitor's own) in a run's features."""

    handler: ClassVar[str] = "explorer.looks.neighbours.compute:neighbours"
    reports: ClassVar[bool] = True
    slow: ClassVar[bool] = True
    patient: ClassVar[bool] = True
    run: str
    image: Image

"""What is in a data set: counts, sizes, mean pictures, and training pictures as the network will see them."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from explorer.question import Place, Question
from explorer.recipe import Recipe

SPLITS = ("train", "val", "test")


@dataclass(frozen=True, kw_only=True)
class Census:
    """A data set in numbers.

    `counts` (3, k) are pictures of each class in training, validation and test; `sizes` (m, 2) widths and heights, in
    pixels, of up to a few hundred of them; `means` (k, h, w, 3) uint8 the mean training picture of each class as the network
    sees it, of `averaged` (k,) pictures. `note` is what to know before believing a number, `skipped` (file, reason) what was
    left out.
    """

    classes: tuple[str, ...]
    counts: np.ndarray
    sizes: np.ndarray
    means: np.ndarray
    averaged: np.ndarray
    note: str
    skipped: tuple[tuple[str, str], ...]

    def majority(self, split: int) -> float:
        """The share of the largest class in a split (a place in SPLITS): what always naming it gets right."""
        return float(self.counts[split].max() / max(1, self.counts[split].sum()))


@dataclass(frozen=True, kw_only=True)
class TrainingPictures:
    """Some training pictures of a class as the network will see them: `images` (m, 4, h, w, 3) uint8, the picture after resize
    and crop, then three augmented versions; `first` of `total` in a fixed random order; `ids` and `labels` (m,)."""

    images: np.ndarray
    ids: tuple[str, ...]
    labels: np.ndarray
    classes: tuple[str, ...]
    first: int
    total: int


class CensusQuestion(Question[Census]):
    """How many pictures of which class and size are in each split of a data set, and their mean for each class."""

    handler: ClassVar[str] = "explorer.looks.data.compute.census:census"
    network: ClassVar[bool] = False
    large: ClassVar[bool] = True
    recipe: Recipe


class TrainingPicturesQuestion(Question[TrainingPictures]):
    """Training pictures of a class (all classes unless named) as the network will see them, with three augmented versions."""

    handler: ClassVar[str] = "explorer.looks.data.compute.census:training_pictures"
    network: ClassVar[bool] = False
    large: ClassVar[bool] = True
    recipe: Recipe
    kind: str = ""
    first: Place = 0

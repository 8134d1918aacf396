"""The test images, and what two runs say of them. Letters: n images, c channels, h w, d features, k classes."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from explorer.question import Image, Question


@dataclass(frozen=True, kw_only=True)
class Gallery:
    """The test images of a run with what it said of them: `images` (n, h, w, 3) uint8, `labels` and `predicted` (n,),
    `probability` (n, k), `ids` the images' names (file or patch)."""

    images: np.ndarray
    labels: np.ndarray
    predicted: np.ndarray
    probability: np.ndarray
    classes: tuple[str, ...]
    ids: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One picture as A and B see it: `picture` (h, w, 3) uint8, cut and scaled as their input; what each says of it,
    `probability_a`, `probability_b` (k,)."""

    picture: np.ndarray
    classes: tuple[str, ...]
    probability_a: np.ndarray
    probability_b: np.ndarray


@dataclass(frozen=True)
class Movement:
    """How far each test image's features at `stage` moved from A to B: `moved` (n,), the distance over the mean length of A's
    features (both centred on A's mean); 0.0 exactly where nothing moved."""

    stage: str
    moved: np.ndarray


class GalleryQuestion(Question[Gallery]):
    """The test images of a run as thumbnails, with what it said of them."""

    handler: ClassVar[str] = "explorer.looks.images.compute:gallery"
    large: ClassVar[bool] = True
    run: str


class SeeQuestion(Question[Seen]):
    """One picture, of the test set or a visitor's own, and what A and B say of it."""

    handler: ClassVar[str] = "explorer.looks.images.compute:see"
    a: str
    b: str
    image: Image


class MovementQuestion(Question[Movement]):
    """How far each test image moved from A to B in the features of the last stage."""

    handler: ClassVar[str] = "explorer.looks.images.compute:movement"
    a: str
    b: str


class ExamplesQuestion(Question[Gallery]):
    """One test image of each class as a thumbnail: what the pictures of a data set look like."""

    handler: ClassVar[str] = "explorer.looks.images.compute:examples"
    run: str

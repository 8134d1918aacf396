"""What the channels of a stage answer. Letters: n images, c channels, h w, d features, k classes, t top images."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from explorer.cells import Cells
from explorer.question import Image, Question


@dataclass(frozen=True, kw_only=True)
class FeatureMaps:
    """One image through one stage of A and of B: `a`, `b` (c, h, w) float32 for the `channels` (their indices, most changed
    first); of all channels, in their own order: `change` mean |B - A| and `strength` mean |activation|, over positions."""

    stage: str
    image: int | str
    picture: np.ndarray
    channels: np.ndarray
    a: np.ndarray
    b: np.ndarray
    change: np.ndarray
    strength: np.ndarray

    def take(self, channels: Sequence[int]) -> "FeatureMaps":
        """The same with the maps of these channels only, in this order."""
        place = {int(channel): i for i, channel in enumerate(self.channels)}
        rows = [place[int(channel)] for channel in channels]
        return replace(self, channels=self.channels[rows], a=self.a[rows], b=self.b[rows])


@dataclass(frozen=True, kw_only=True)
class StripStage:
    """A stage's strongest channels for one picture: their numbers (t,) in A and in B (the same ones where A and B started
    alike), their maps `a`, `b` (t, h, w) shrunk for display; the true grid is `rows` by `columns` of `channels` channels.
    `change` is mean |B - A| over mean |A| of all channels, exactly 0 where no bit differs; NaN where not comparable."""

    stage: str
    channels_a: np.ndarray
    channels_b: np.ndarray
    a: np.ndarray
    b: np.ndarray
    channels: int
    rows: int
    columns: int
    change: float


@dataclass(frozen=True, kw_only=True)
class FeatureStrip:
    """One picture through the whole backbone of A and of B, input first; `related` where both started from one set of
    weights, so that a channel is the same channel in both."""

    image: int | str
    picture: np.ndarray
    related: bool
    stages: tuple[StripStage, ...]


@dataclass(frozen=True, kw_only=True)
class StageSelectivity:
    """Class-selectivity index of each channel, `a`, `b` (c,) in [0, 1], and the class it prefers (c,), -1 for none.

    `chance` is the median index of B's channels once the classes are dealt out at random; `shifted` says that channels
    of this stage go below 0 and are counted from their lowest value.
    """

    stage: str
    a: np.ndarray
    b: np.ndarray
    prefers_a: np.ndarray
    prefers_b: np.ndarray
    chance: float
    shifted: bool


@dataclass(frozen=True, kw_only=True)
class Selectivity:
    """Class selectivity in A and B over the same `n` test images, one row a stage."""

    n: int
    classes: tuple[str, ...]
    stages: tuple[StageSelectivity, ...]


@dataclass(frozen=True, kw_only=True)
class StageExcitement:
    """The images that excite each channel most: `top_a`, `top_b` (c, t) image numbers, strongest first, with the highest
    activation `value_a`, `value_b` (c, t) and its cell `place_a`, `place_b` (c, t) = row · columns + column.

    `elsewhere_a` (c, t) is the rank that A's top images have in B, `elsewhere_b` the reverse, from 1. `lowest_a`,
    `lowest_b` (c,) is what the least exciting image gives; `correlation` (c,) Spearman's over all images, NaN where a
    channel answers all alike. `cells` says where the grid's cells lie in the input, `sight` where the pixels seen from a
    cell begin and end, counted from its centre, or (0, 0) for the whole picture. `same`: A and B have the same weights up
    to here, to the last bit.
    """

    stage: str
    rows: int
    columns: int
    cells: Cells
    sight: tuple[float, float]
    same: bool
    top_a: np.ndarray
    top_b: np.ndarray
    value_a: np.ndarray
    value_b: np.ndarray
    place_a: np.ndarray
    place_b: np.ndarray
    elsewhere_a: np.ndarray
    elsewhere_b: np.ndarray
    lowest_a: np.ndarray
    lowest_b: np.ndarray
    correlation: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Excitement:
    """What excites the channels of A and B, one row a stage, over `n` of the `total` test images; inputs are `size` pixels
    a side, cut from the middle `shown` of the picture's short side; `labels` (total,) are the images' classes."""

    n: int
    total: int
    size: int
    shown: float
    labels: np.ndarray
    classes: tuple[str, ...]
    shares: np.ndarray
    stages: tuple[StageExcitement, ...]


@dataclass(frozen=True, kw_only=True)
class Filters:
    """The first convolution's filters of A and B: `a`, `b` (f, 3, h, w) for the `kept` of `total` filters."""

    layer: str
    total: int
    kept: np.ndarray
    a: np.ndarray
    b: np.ndarray


class FeatureMapsQuestion(Question[FeatureMaps]):
    """What the channels of one stage answer to one picture, in A and in B."""

    handler: ClassVar[str] = "explorer.looks.features.compute.handlers:feature_maps"
    a: str
    b: str
    stage: str
    image: Image


class FeatureStripQuestion(Question[FeatureStrip]):
    """The strongest channels of every stage for one picture, in A and in B."""

    handler: ClassVar[str] = "explorer.looks.features.compute.handlers:feature_strip"
    a: str
    b: str
    image: Image


class SelectivityQuestion(Question[Selectivity]):
    """Which class each channel prefers, and how clearly, in A and in B."""

    handler: ClassVar[str] = "explorer.looks.features.compute.handlers:selectivity"
    a: str
    b: str


class ExcitementQuestion(Question[Excitement]):
    """The test images that excite each channel most, in A and in B, at every stage."""

    handler: ClassVar[str] = "explorer.looks.features.compute.handlers:excitement"
    reports: ClassVar[bool] = True
    slow: ClassVar[bool] = True
    a: str
    b: str


class FiltersQuestion(Question[Filters]):
    """The filters of the first convolution, in A and in B."""

    handler: ClassVar[str] = "explorer.looks.features.compute.handlers:filters"
    a: str
    b: str

"""What the lesson computes besides: a walk through a backbone, a new head, a run on one map with itself, points of a curve.

Letters: n images, c channels, h w, t channels shown, d features, k classes.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from explorer.course.lesson_runs import CURVE_SETS
from explorer.evidence import Score
from explorer.looks.features.question import Filters
from explorer.looks.projection.question import Projection
from explorer.question import Place, Question, Seed, among
from explorer.question import Projection as Layout


@dataclass(frozen=True, kw_only=True)
class WalkStage:
    """A stage on the way: the shape of its output (`channels`, `rows`, `columns`), its `parameters`, the maps (t, h, w) of its
    strongest `shown` channels (t,), shrunk for display, and the pixels along a side that its middle cell can see, first
    and last + 1 (0 and the picture's side where it sees from border to border)."""

    stage: str
    channels: int
    rows: int
    columns: int
    parameters: int
    shown: np.ndarray
    maps: np.ndarray
    sight: tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Walk:
    """One picture (h, w, 3) uint8, as the network sees it, on its way through a backbone, input first."""

    backbone: str
    weights: str
    image: int
    label: str
    picture: np.ndarray
    stages: tuple[WalkStage, ...]


@dataclass(frozen=True, kw_only=True)
class NewHead:
    """A head of `classes` classes that has not learned, on `features` features: how many `parameters` it has, and the
    1000-way head `old` that it replaces; of the pictures (n) the `probability` (k,) for one of them (`image`) and the
    largest probability of each, `top` (n,); the score on all where the classes are the data set's."""

    backbone: str
    weights: str
    classes: int
    features: int
    parameters: int
    old: int
    seed: int
    image: int
    label: str
    picture: np.ndarray
    probability: np.ndarray
    top: np.ndarray
    score: Score | None


@dataclass(frozen=True, kw_only=True)
class Stillness:
    """A run against the network it started from: the largest difference of any pooled feature of any test image, one each
    `stages` (s,), exactly 0.0 where no bit differs; and both on one `map` of the last stage (A: before learning)."""

    run: str
    stages: tuple[str, ...]
    largest: tuple[float, ...]
    map: Projection


@dataclass(frozen=True, kw_only=True)
class CurvePoint:
    """One small training: `arm` is `probe` (pre-trained, frozen) or `scratch`; its test score, and what it took."""

    dataset: str
    per_class: int
    arm: str
    seed: int
    score: Score
    images: int
    steps: int
    epochs: int
    pixels: int
    seconds: float


class BaseFiltersQuestion(Question[Filters]):
    """The filters of the first convolution of a backbone, before any run."""

    handler: ClassVar[str] = "explorer.course.compute.handlers:base_filters"
    backbone: str
    weights: str


class WalkQuestion(Question[Walk]):
    """One picture on its way through a backbone: shapes and strongest channels, stage by stage."""

    handler: ClassVar[str] = "explorer.course.compute.handlers:walk"
    backbone: str
    weights: str
    image: Place


class NewHeadQuestion(Question[NewHead]):
    """What a new, untrained head says of one picture."""

    handler: ClassVar[str] = "explorer.course.compute.handlers:new_head"
    backbone: str
    weights: str
    classes: Annotated[int, Field(ge=1, le=100_000)]
    seed: Seed
    image: Place


class BesideStartQuestion(Question[Stillness]):
    """A run on one map with the network that it began from."""

    handler: ClassVar[str] = "explorer.course.compute.handlers:beside_start"
    run: str
    method: Layout = "pca"


class CurvePointQuestion(Question[CurvePoint]):
    """One small run of the curve `how few images are enough`."""

    handler: ClassVar[str] = "explorer.course.compute.handlers:curve_point"
    reports: ClassVar[bool] = True
    slow: ClassVar[bool] = True
    dataset: Annotated[str, among("data set of the curve", CURVE_SETS)]
    per_class: Annotated[int, Field(ge=1, le=100_000)]
    arm: Annotated[str, among("arm of the curve", ("probe", "scratch"))]
    seed: Seed

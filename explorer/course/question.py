"""What the lesson computes besides: a walk through a backbone, a new head, a run on one map with itself, points of a curve.

Letters: n images, c channels, h w, t channels shown, d features, k classes.
"""

from dataclasses import dataclass

import numpy as np

from explorer.evidence import Score
from explorer.looks.projection.question import Projection


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Walk:
    """One picture (h, w, 3) uint8, as the network sees it, on its way through a backbone, input first."""

    backbone: str
    weights: str
    image: int
    label: str
    picture: np.ndarray
    stages: tuple[WalkStage, ...]


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Stillness:
    """A run against the network it started from: the largest difference of any pooled feature of any test image, one each
    `stages` (s,), exactly 0.0 where no bit differs; and both on one `map` of the last stage (A: before learning)."""

    run: str
    stages: tuple[str, ...]
    largest: tuple[float, ...]
    map: Projection


@dataclass(frozen=True)
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

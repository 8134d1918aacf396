"""How far B is from A, stage by stage and epoch by epoch. Letters: n images, d features, k classes, s stages."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from explorer.evidence import Grouped, Paired, Score
from explorer.question import Question

FEW = 30
"""With fewer images a CKA scatters too widely to be read without its interval."""


@dataclass(frozen=True, kw_only=True)
class StageChange:
    """How far one stage moved from A to B: debiased linear CKA, share of common nearest neighbours, relative weight change
    ‖B-A‖/‖A‖. `cka_random` is the control: CKA of A with each of several random networks of the same shape. `low` to `high`
    is the 95 % interval of `cka` over the choice of images (NaN below 5 of them)."""

    stage: str
    cka: float
    knn_overlap: float
    weight_change: float
    cka_random: tuple[float, ...] = ()
    low: float = float("nan")
    high: float = float("nan")


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two runs on the same test images: counted image by image, and stage by stage (none for runs of two backbones)."""

    a: str
    b: str
    paired: Paired
    stages: tuple[StageChange, ...]


@dataclass(frozen=True, kw_only=True)
class StagePairs:
    """Debiased linear CKA of every stage with every other, on n test images: (s, s), rows are stages of A.

    Columns are the stages of B in `ab`, of A itself in `aa`; `bb` is B with itself. `random` (r, s, s) is A against r random
    networks of the same shape. `interval` (2, s) holds both ends of the 95 % intervals on the diagonal of `ab`.
    """

    a: str
    b: str
    n: int
    stages: tuple[str, ...]
    ab: np.ndarray
    aa: np.ndarray
    bb: np.ndarray
    random: np.ndarray
    interval: np.ndarray


@dataclass(frozen=True, kw_only=True)
class StageProbe:
    """What a linear probe on the pooled features of one stage gets right in A (`grouped`: as far as that holds for other
    groups), and in B (paired with A)."""

    stage: str
    a: Score
    b: Paired
    grouped: Grouped | None = None


@dataclass(frozen=True, kw_only=True)
class StageProbes:
    """Linear probes from the input (mean colour) to the last stage, fitted on `trained` training images of B, scored on
    test; `chance` is what always naming the most frequent training class would score."""

    a: str
    b: str
    trained: int
    chance: float
    stages: tuple[StageProbe, ...]


@dataclass(frozen=True, kw_only=True)
class Drift:
    """The last stage of a run after each kept epoch (0: before the first), on n test images: CKA with the features of
    epoch 0 and its 95 % interval (`low` to `high`), share of the nearest neighbours of epoch 0 that are kept, accuracy of
    the 10 nearest neighbours."""

    run: str
    stage: str
    n: int
    epochs: tuple[int, ...]
    cka: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    overlap: tuple[float, ...]
    knn: tuple[Score, ...]


class CompareQuestion(Question[Comparison]):
    """How far B is from A: right and wrong on the same images, and stage by stage."""

    handler: ClassVar[str] = "explorer.looks.similarity.compute.distance_handlers:compare"
    revision: ClassVar[int] = 1
    a: str
    b: str


class StagePairsQuestion(Question[StagePairs]):
    """CKA of every stage of A with every stage of B."""

    handler: ClassVar[str] = "explorer.looks.similarity.compute.distance_handlers:stage_pairs"
    a: str
    b: str


class ProbeStagesQuestion(Question[StageProbes]):
    """What a linear probe reads at every stage of A and of B."""

    handler: ClassVar[str] = "explorer.looks.similarity.compute.reading_handlers:probe_stages"
    reports: ClassVar[bool] = True
    slow: ClassVar[bool] = True
    a: str
    b: str


class DriftQuestion(Question[Drift]):
    """How the last stage moved away from where it began, epoch by epoch."""

    handler: ClassVar[str] = "explorer.looks.similarity.compute.reading_handlers:drift"
    revision: ClassVar[int] = 2
    run: str

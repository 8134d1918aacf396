"""Other weights put into B: stages rewound, and mixtures of A and B. Letters: n images, k classes, s stages, m mixtures."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from explorer import evidence
from explorer.catalogue.shifts import SHIFTS
from explorer.evidence import Grouped, Paired, Score
from explorer.question import Question, among


@dataclass(frozen=True, kw_only=True)
class Reset:
    """A run with some stages rewound to its first weights (`to` "start") or to random ones ("random"), against the run
    itself: with the BatchNorm statistics that came with the weights (`plain`), and with those of `layers` layers
    re-estimated (`settled`). `control` is the run with no stage rewound but the same layers' statistics re-estimated, `beyond`
    the settled reset against that control. All three are None where nothing was to be estimated: no statistics from the
    first stage on differ from the run's. `identical`: every tensor was bitwise what it had been."""

    stages: tuple[str, ...]
    to: str
    identical: bool
    plain: Paired
    settled: Paired | None = None
    control: Paired | None = None
    beyond: Paired | None = None
    layers: int = 0

    def outcome(self, reestimated: bool) -> Paired:
        """The one to show: with re-estimated statistics where they are asked for and there are any."""
        return self.settled if reestimated and self.settled is not None else self.plain


@dataclass(frozen=True, kw_only=True)
class Rewind:
    """Which stages carry the task: `base` is the run as computed now, `recorded` as it was when it ended, on the same n
    images; `start` names its first weights, `images` counts the training images behind new statistics (0: no BatchNorm);
    of its `layers` BatchNorm layers learning moved the statistics of `moved`; `chance` as in `StageProbes`; `grouped` is
    `base` as far as it holds for other groups, where images come in groups."""

    run: str
    base: Score
    recorded: Score
    start: str
    images: int
    layers: int
    moved: int
    chance: float
    resets: tuple[Reset, ...]
    grouped: Grouped | None = None


@dataclass(frozen=True, kw_only=True)
class InterpolationScores:
    """What the networks between two say of n images of one kind (`validation`, `test`, or a kind of shift): `right` (m, n)
    bool, `loss` (m,) mean cross-entropy in nats; `of` counts the images there are. `controls` (2, n) bool is the same of A
    and of B with their statistics re-estimated, (0, n) where none were; `groups` (n,) str, where images come in groups."""

    images: str
    of: int
    right: np.ndarray
    loss: np.ndarray
    controls: np.ndarray
    groups: np.ndarray | None = None

    def score(self, i: int) -> Score:
        """Of the i-th mixture."""
        return Score(self.right.shape[1], int(self.right[i].sum()))

    def grouped(self, i: int) -> Grouped | None:
        """The i-th mixture's accuracy as far as it holds for other groups."""
        return None if self.groups is None else evidence.accuracy_by_group(self.right[i], self.groups)

    def against(self, i: int, reference: int) -> Paired:
        """The i-th mixture against another, on the same images."""
        return evidence.paired(self.right[reference], self.right[i], self.groups)

    def control(self, end: int) -> Paired:
        """A (0) or B (-1) with new statistics, against itself with those it has; IndexError where none were estimated."""
        return evidence.paired(self.right[end], self.controls[end], self.groups)


@dataclass(frozen=True, kw_only=True)
class Interpolation:
    """The line of weights from A (alpha 0) to B (alpha 1), for `alphas` (m,) on each kind of images.

    `common` is the last stage that A and B share to the last bit (empty: none), `layers` counts the BatchNorm layers
    behind it, `moved` those of them in whose statistics A and B differ, `settled` the training images from which these were
    re-estimated between the ends (0: mixed like the weights).
    `recorded_a`, `recorded_b`: the test scores of the runs as they ended.
    """

    a: str
    b: str
    alphas: tuple[float, ...]
    kinds: tuple[InterpolationScores, ...]
    common: str
    layers: int
    moved: int
    settled: int
    recorded_a: Score
    recorded_b: Score

    def on(self, images: str) -> InterpolationScores:
        """The mixtures on one kind of images; KeyError for a kind that was not asked for."""
        return {kind.images: kind for kind in self.kinds}[images]

    @property
    def chosen(self) -> int:
        """The mixture with most right on validation, then the least loss there."""
        kind = self.on("validation")
        return min(range(len(self.alphas)), key=lambda i: (-int(kind.right[i].sum()), float(kind.loss[i])))


class RewindQuestion(Question[Rewind]):
    """What a network still knows with stages rewound: each in turn, or `stages` `to` start, pretrained or random weights."""

    handler: ClassVar[str] = "explorer.looks.similarity.compute.rewind_handlers:rewind"
    reports: ClassVar[bool] = True
    slow: ClassVar[bool] = True
    run: str
    stages: tuple[str, ...] | None = None
    to: Annotated[str, among("weights to set back to", ("", "start", "random"))] = ""


KINDS = ("test", "validation", *SHIFTS)


class InterpolateQuestion(Question[Interpolation]):
    """Accuracy along the straight line between the weights of A and of B, on `images` (`test`, or ways they are corrupted)."""

    handler: ClassVar[str] = "explorer.looks.similarity.compute.interpolation_handlers:interpolate"
    reports: ClassVar[bool] = True
    slow: ClassVar[bool] = True
    a: str
    b: str
    images: Annotated[tuple[Annotated[str, among("kind of images", KINDS)], ...], Field(min_length=1)]
    settle: bool = False

"""How far B is from A. Letters: n images, c channels, h w, d features, k classes, s stages, m mixtures."""

from dataclasses import dataclass

import numpy as np

from explorer import evidence
from explorer.evidence import Score

FEW = 30
"""With fewer images a CKA scatters too widely to be read without its interval."""


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Comparison:
    """Two runs on the same test images; `quadrant` (n,) holds 0 both right, 1 fixed, 2 broken, 3 both wrong."""

    a: str
    b: str
    n: int
    both_right: int
    fixed: int
    broken: int
    both_wrong: int
    p_value: float
    verdict: str
    quadrant: np.ndarray
    stages: tuple[StageChange, ...]


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Paired:
    """A score, and against a reference on the same images how many it fixed and broke."""

    score: Score
    fixed: int
    broken: int

    @property
    def p_value(self) -> float:
        """Exact McNemar test against the reference."""
        return evidence.mcnemar(self.fixed, self.broken)


@dataclass(frozen=True)
class StageProbe:
    """What a linear probe on the pooled features of one stage gets right in A, and in B (paired with A)."""

    stage: str
    a: Score
    b: Paired


@dataclass(frozen=True)
class StageProbes:
    """Linear probes from the input (mean colour) to the last stage, fitted on `trained` training images of B, scored on
    test; `chance` is what always naming the most frequent training class would score."""

    a: str
    b: str
    trained: int
    chance: float
    stages: tuple[StageProbe, ...]


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class Reset:
    """A run with some stages set back to its first weights (`to` "start") or to random ones ("random"), against the run
    itself: with the BatchNorm statistics that came with the weights (`plain`), and with those of `layers` layers estimated
    anew (`settled`). `control` is the run with no stage set back but the same layers' statistics estimated anew, `beyond`
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

    def outcome(self, settled: bool) -> Paired:
        """The one to show: with new statistics where they are asked for and there are any."""
        return self.settled if settled and self.settled is not None else self.plain


@dataclass(frozen=True)
class Rewind:
    """Which stages carry the task: `base` is the run as computed now, `recorded` as it was when it ended, on the same n
    images; `start` names its first weights, `images` counts the training images behind new statistics (0: no BatchNorm);
    of its `layers` BatchNorm layers learning moved the statistics of `moved`; `chance` as in `StageProbes`."""

    run: str
    base: Score
    recorded: Score
    start: str
    images: int
    layers: int
    moved: int
    chance: float
    resets: tuple[Reset, ...]


@dataclass(frozen=True)
class Mixtures:
    """What the networks between two say of n images of one kind (`validation`, `test`, or a kind of shift): `right` (m, n)
    bool, `loss` (m,) mean cross-entropy in nats; `of` counts the images there are. `controls` (2, n) bool is the same of A
    and of B with their statistics estimated anew, (0, n) where none were."""

    images: str
    of: int
    right: np.ndarray
    loss: np.ndarray
    controls: np.ndarray

    def score(self, i: int) -> Score:
        """Of the i-th mixture."""
        return Score(self.right.shape[1], int(self.right[i].sum()))

    def against(self, i: int, reference: int) -> Paired:
        """The i-th mixture against another, on the same images."""
        return _paired(self.right[i], self.right[reference])

    def control(self, end: int) -> Paired:
        """A (0) or B (-1) with new statistics, against itself with those it has; IndexError where none were estimated."""
        return _paired(self.controls[end], self.right[end])


def _paired(new: np.ndarray, old: np.ndarray) -> Paired:
    """What is right, (n,) bool, against a reference on the same images."""
    return Paired(Score(len(new), int(new.sum())), int((new & ~old).sum()), int((~new & old).sum()))


@dataclass(frozen=True)
class Interpolation:
    """The line of weights from A (alpha 0) to B (alpha 1), for `alphas` (m,) on each kind of images.

    `common` is the last stage that A and B share to the last bit (empty: none), `layers` counts the BatchNorm layers
    behind it, `moved` those of them in whose statistics A and B differ, `settled` the training images from which these were
    estimated anew between the ends (0: mixed like the weights).
    `recorded_a`, `recorded_b`: the test scores of the runs as they ended.
    """

    a: str
    b: str
    alphas: tuple[float, ...]
    kinds: tuple[Mixtures, ...]
    common: str
    layers: int
    moved: int
    settled: int
    recorded_a: Score
    recorded_b: Score

    def on(self, images: str) -> Mixtures:
        """The mixtures on one kind of images; KeyError for a kind that was not asked for."""
        return {kind.images: kind for kind in self.kinds}[images]

    @property
    def chosen(self) -> int:
        """The mixture with most right on validation, then the least loss there."""
        kind = self.on("validation")
        return min(range(len(self.alphas)), key=lambda i: (-int(kind.right[i].sum()), float(kind.loss[i])))

"""The kinds of results: frozen dataclasses of arrays and facts.

Letters: n images, c channels, h w, d features, k classes.
"""

from dataclasses import dataclass

import numpy as np

from explorer.evidence import Score


@dataclass(frozen=True)
class Epoch:
    """One epoch of a run. Losses are mean cross-entropy in nats; `seconds` since the training began.

    `train_loss` and `train` are re-scored in eval mode after the epoch; `batch_loss` is the mean while learning.
    """

    epoch: int
    seconds: float
    batch_loss: float
    train_loss: float
    train: Score
    val_loss: float
    val: Score
    images_per_second: float = 0.0


@dataclass(frozen=True)
class StageDescription:
    """What a recipe does to one stage. `output` is the shape for one image, without the batch axis."""

    stage: str
    parameters: int
    learned: int
    learns: bool
    normalisation_layers: int
    statistics_move: bool
    output: tuple[int, ...]


@dataclass(frozen=True)
class Description:
    """What a recipe does to a backbone, stage by stage; the last row is the head."""

    backbone: str
    weights: str
    strategy: str
    stages: tuple[StageDescription, ...]


@dataclass(frozen=True)
class StageAudit:
    """Declared against actual for one stage.

    `max_change` is the largest absolute change of a parameter, `batchnorm_drift` of a BatchNorm running statistic;
    `mode` is the one the stage had while learning; `clean` says that actual agrees with declared; `leaked` is the largest
    change among the parameters that were to stay (all of them in a frozen stage, all but scale and shift where only
    normalisation learns).
    """

    stage: str
    declared: str
    learned: int
    max_change: float
    batchnorm_drift: float
    mode: str
    in_optimizer: bool
    clean: bool
    leaked: float = 0.0


@dataclass(frozen=True)
class Audit:
    """The freeze audit of a run. `recomputed` is the largest difference between the frozen features used in the run and
    those computed anew, from pixels, by the tuned network (0.0 unless something leaked)."""

    run: str
    clean: bool
    stages: tuple[StageAudit, ...]
    recomputed: float


@dataclass(frozen=True)
class StageChange:
    """How far one stage moved from A to B: debiased linear CKA, share of common nearest neighbours, relative weight
    change ‖B-A‖/‖A‖. `cka_random` is the control: CKA of A with a random network of the same shape."""

    stage: str
    cka: float
    knn_overlap: float
    weight_change: float
    cka_random: float = float("nan")


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
class Gallery:
    """The test images of a run with what it said of them: `images` (n, h, w, 3) uint8, `labels` and `predicted` (n,),
    `probability` (n, k), `ids` the images' names (file or patch)."""

    images: np.ndarray
    labels: np.ndarray
    predicted: np.ndarray
    probability: np.ndarray
    classes: tuple[str, ...]
    ids: tuple[str, ...]


@dataclass(frozen=True)
class FeatureMaps:
    """One image through one stage of A and of B: `a`, `b` (c, h, w) float32 for the `channels` that changed most (their
    indices, most changed first); `change` (all channels,) mean absolute difference of each channel."""

    stage: str
    image: int
    picture: np.ndarray
    channels: np.ndarray
    a: np.ndarray
    b: np.ndarray
    change: np.ndarray


@dataclass(frozen=True)
class Projection:
    """One shared map of the test images in A (before) and B (after): `a`, `b` (n, 2).

    `knn_a`, `knn_b`: leave-one-out 10-nearest-neighbour accuracy in the full space; `trust_a`, `trust_b`: trustworthiness
    of the map in [0, 1] (Venna, Kaski 2001); `mixing`: share of each point's map neighbours from the other model (0.5
    where nothing moved, near 0 for two islands); `unmoved`: the features are bitwise the same.
    """

    method: str
    stage: str
    a: np.ndarray
    b: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    ids: tuple[str, ...]
    knn_a: Score
    knn_b: Score
    trust_a: float
    trust_b: float
    mixing: float
    unmoved: bool


@dataclass(frozen=True)
class Attribution:
    """Where A and B look for one pinned class: `a`, `b` (h, w) float32 at the method's own resolution (a stage's grid for
    Grad-CAM), signed; `picture` (H, W, 3) uint8; probabilities of the class in each model."""

    method: str
    stage: str
    image: int
    target: str
    picture: np.ndarray
    a: np.ndarray
    b: np.ndarray
    probability_a: float
    probability_b: float


@dataclass(frozen=True)
class RateCurve:
    """One range test: the rates tried in rising order, the smoothed loss at each, in nats, and the rate proposed."""

    part: str
    rates: tuple[float, ...]
    losses: tuple[float, ...]
    suggested: float


@dataclass(frozen=True)
class RateSearch:
    """Proposed rates of the head and (where stages learn) of the last stage, found on n training images."""

    n: int
    batch_size: int
    head: RateCurve
    backbone: RateCurve | None

"""What a recipe does to each stage, and whether a run kept to it. Letters: n images, c channels, h w, d features, k classes."""

from dataclasses import dataclass


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
class StatisticsShift:
    """How far the BatchNorm statistics of `n` training images lie from the running ones that a network brings along: for each
    of `stages` the mean divergence of its channels, in `nats` (see `engine.batchnorm_shift.shifts`)."""

    n: int
    stages: tuple[str, ...]
    nats: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Over the stages, in nats."""
        return sum(self.nats) / len(self.nats)


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

"""What is recorded of a run as it learns, and the audit of what it was to leave alone."""

from dataclasses import dataclass

from explorer.evidence import Grouped, Score


@dataclass(frozen=True)
class Epoch:
    """One epoch of a run. Losses are mean cross-entropy in nats; `seconds` since the training began.

    `train_loss` and `train` are re-scored in eval mode after the epoch; `batch_loss` is the mean while learning. Where images
    come in groups, `val_grouped` is what `val` is for other groups (None in runs of before).
    """

    epoch: int
    seconds: float
    batch_loss: float
    train_loss: float
    train: Score
    val_loss: float
    val: Score
    images_per_second: float = 0.0
    val_grouped: Grouped | None = None


FAULTS = ("moved", "features", "mode", "gradient", "optimizer", "still")
"""What an audit may find, the gravest first: something frozen moved (a weight, a statistic, a counter of batches); stored
features are not those of the network; modules learned in another mode than declared; other weights required gradients,
or were in the optimizer; what was to learn did not move."""


@dataclass(frozen=True)
class StageAudit:
    """Declared against actual for one stage.

    `max_change` is the largest absolute change of a parameter, `batchnorm_drift` of a BatchNorm running statistic, in the
    epoch that is kept or after the last step; `mode` is the one the stage had while learning (`train` where any of its
    modules was); `clean` says that actual agrees with declared; `leaked` is the largest change among the parameters that
    were to stay (all of them in a frozen stage, all but scale and shift where only normalisation learns).

    Audits of older runs lack what follows. `counted` is by how many batches BatchNorm's counters went on, `requires_grad`
    the number of weights that required gradients while learning; `batchnorm_mode` is `train`, `eval` or `mixed` (empty:
    no such layer); `misplaced` names the kinds of modules that were in another mode than declared, and `faults` what of
    FAULTS was found, both parted by commas.
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
    counted: int = 0
    requires_grad: int | None = None
    batchnorm_mode: str = ""
    misplaced: str = ""
    faults: str = ""

    @property
    def found(self) -> tuple[str, ...]:
        """What of FAULTS was found; for a row of an older run, what its numbers say."""
        if self.clean or self.faults:
            return tuple(filter(None, self.faults.split(", ")))
        learns = self.declared == "learns"
        if self.in_optimizer != learns:
            return ("optimizer",)
        return ("still",) if learns and not self.max_change else ("moved",)


@dataclass(frozen=True)
class Audit:
    """The freeze audit of a run. `recomputed` is the largest difference between the frozen features used in the run and
    those computed again, from pixels, by the tuned network, on a drawn batch of training and of test images (0.0 unless
    something leaked). Where an earlier audit of the process passed the same pixels through bitwise the same stages, what came of
    that pass is compared."""

    run: str
    clean: bool
    stages: tuple[StageAudit, ...]
    recomputed: float

    @property
    def fault(self) -> str:
        """The gravest of FAULTS that was found; empty where the audit is clean."""
        found = {fault for row in self.stages for fault in row.found} | ({"features"} if self.recomputed else set())
        return next((fault for fault in FAULTS if fault in found), "")

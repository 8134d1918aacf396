"""What is measured as a run learns, or over a range of rates. Letters: n images, c channels, h w, d features, k classes."""

from dataclasses import dataclass

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

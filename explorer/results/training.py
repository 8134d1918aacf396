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
    """One range test: the rates tried in rising order, and the smoothed loss at each, in nats.

    `control` is the loss of the same steps without the part (empty for the head, without which nothing learns). `own` is
    the recipe's rate and `suggested` the one proposed: the same, where the loss falls fast there or nowhere clearly.
    `ran_away` says whether the loss rose above where it began, so that the test ended there; `falling` the first and last
    rate of the range in which it falls fast (empty: nowhere clearly); `steepest` the rate at which it does most.
    """

    part: str
    rates: tuple[float, ...]
    losses: tuple[float, ...]
    control: tuple[float, ...]
    own: float
    suggested: float
    ran_away: bool
    falling: tuple[float, ...]
    steepest: float

    @property
    def kept(self) -> bool:
        """Whether the recipe's own rate is what is proposed."""
        return self.suggested == self.own


@dataclass(frozen=True)
class RateSearch:
    """Rates of the head and (where stages learn) of the last stage, judged on n training images."""

    n: int
    batch_size: int
    head: RateCurve
    backbone: RateCurve | None

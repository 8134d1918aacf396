"""An epoch whose steps are done, on its way to being told: what is scored, the scores, and what a checkpoint needs of it."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from explorer.models.network import Network
from explorer.runs.records import Epoch


@dataclass(frozen=True)
class Ended:
    """An epoch whose steps are done: its number, the seconds since the training began, the mean loss of its batches, its images a
    second, the steps of the run so far, and the network as it left it."""

    epoch: int
    seconds: float
    batch_loss: float
    speed: float
    steps: int
    network: Network


@dataclass(frozen=True)
class Scored:
    """The scores of an epoch; `best` is what `Session.best` becomes where it is the best so far."""

    row: Epoch
    steps: int
    best: tuple[int, tuple[int, float, float], dict[str, Tensor]] | None


@dataclass(frozen=True)
class Left:
    """What an epoch left of a session that has gone on since: a copy of its network, the optimizer's state, the steps so far,
    and what the witness had seen."""

    network: Network
    optimizer: dict[str, Any]
    steps: int
    seen: dict[str, set[str]]


@dataclass(frozen=True)
class Pending:
    """An epoch that is being scored: its scores to come, what it left for a checkpoint, and who is to be told."""

    scored: Future[Scored]
    left: Left
    tell: Callable[[Epoch], None]

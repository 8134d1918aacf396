"""A run in the making: what it consists of, and passes of its images without learning."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from explorer.data.feature_cache.cached import CachedFeatures
from explorer.data.images import Data
from explorer.data.near_copies.across import Watch
from explorer.models import devices, memory
from explorer.models.network import Network
from explorer.recipe import Recipe
from explorer.runs.records import Audit
from explorer.training.compute import freezing
from explorer.training.compute.auditing import Witness
from explorer.training.compute.captured import Captures
from explorer.training.compute.ended import Left, Pending

SPLITS = ("train", "val", "test")
T = TypeVar("T")


@dataclass
class Session:
    """A run in the making."""

    recipe: Recipe
    data: Data
    place: devices.Device
    network: Network
    """The network that learns."""
    front: dict[str, CachedFeatures]
    """Split → what the learning part reads in this phase: the frozen front's outputs, or pixels."""
    before: dict[str, Tensor]
    """All tensors as they were before the first step, on the CPU."""
    pooled: dict[str, np.ndarray]
    """Stage → its test features then, (n, c)."""
    optimizer: torch.optim.Optimizer
    started: float
    """When it began, in seconds of `time.perf_counter`."""
    began: str = ""
    """The fingerprint of the backbone before the first step."""
    front_weights: str = ""
    """That of the front's stages as they were when it was run."""
    seconds: dict[str, float] = field(default_factory=dict)
    """What took how long: `features`, `training`."""
    phase: int = 0
    """Which phase it is in, a place in `recipe.phases`."""
    done: int = 0
    """Epochs that are done."""
    steps: int = 0
    """Optimizer steps that are done."""
    kept_steps: int = 0
    """Those up to the epoch that is kept."""
    best: tuple[int, tuple[int, float, float], dict[str, Tensor]] | None = None
    """The epoch to keep, how good it was (phase, share right, minus loss), and all its tensors (`freezing.state`)."""
    history: dict[int, np.ndarray] = field(default_factory=dict)
    """Epoch → the test features of the last stage after it, (n, c)."""
    following: tuple[int, Future[np.ndarray]] | None = None
    """The epoch of which they are still being computed."""
    pending: Pending | None = None
    """The epoch that is being scored beside the next (`overlapping.py`)."""
    left: Left | None = None
    """What the last epoch told left, where the session has gone on since."""
    followed: bool = True
    """Whether any are kept (`following.py`)."""
    witness: Witness = field(default_factory=Witness)
    """Notes what the network was while it learned in this phase."""
    earlier: set[tuple[str, str]] = field(default_factory=set)
    """The faults of the phases before: (stage, fault)."""
    recomputed: float = 0.0
    """The worst difference of what their fronts had stored."""
    closed: Audit | None = None
    """The audit at the end of the last phase."""
    opened: int = 0
    """The steps that were done by then."""
    chunk: int | None = None
    """How many images fit into memory at once while learning, where that is fewer than a batch."""
    portion: int | None = None
    """The same in passes without learning, where it is fewer than `CachedFeatures.BATCH`."""
    notes: list[str] = field(default_factory=list)
    """Sentences that the run says of itself."""
    watch: Watch | None = None
    """What tells near-copies across the splits, where the set is not one that ships."""
    choice: dict[str, float] = field(default_factory=dict)
    """Stage → the share right on validation of a head that reads it, where one was chosen."""
    splits: tuple[str, ...] = SPLITS
    captures: Captures = field(default_factory=Captures)
    """The steps of this phase that are replayed."""
    modes: freezing.Modes = field(default_factory=freezing.Modes)
    """The modes that its modules learn in."""

    @property
    def learns(self) -> tuple[str, ...]:
        """The stages that learn now."""
        return self.recipe.phases[self.phase].learns

    def short_of_memory(self, what: str, rest: str) -> None:
        """Note of what the memory did not hold enough, in place of what was noted of it before."""
        start = f"Out of memory on {self.place.device}: {what} "
        self.notes[:] = [n for n in self.notes if not n.startswith(start)] + [start + rest]

    def note_portion(self, fits: int) -> None:
        """Keep to the number of images that fitted from now on, and say so."""
        if fits < (self.portion or CachedFeatures.BATCH):
            self.portion = fits
            self.short_of_memory("passes", f"without gradients took {fits} images at once.")


def in_portions(session: Session, work: Callable[[int], T], most: int | None = None) -> T:
    """What `work(n)` gives, a pass without gradients that takes n images at once: as many as the memory holds, up to
    `most` (CachedFeatures.BATCH)."""
    most, crop = most or CachedFeatures.BATCH, session.recipe.preprocessing.crop
    spacious = session.captures.making_room
    tried = min(most, session.portion or most)
    found, fits = memory.fitting(lambda n: spacious(lambda: work(n)), tried, session.place, crop)
    if fits == most:
        return found
    session.note_portion(fits)
    return found


def pooled_test(session: Session) -> dict[str, np.ndarray]:
    """Pooled test features (n, c) of every stage, as the network is now."""
    return session.front["test"].pooled | pooled_tail(session)


def pooled_tail(session: Session, only: str | None = None, of: Network | None = None) -> dict[str, np.ndarray]:
    """Pooled test features (n, c) of the stages behind the frozen front (or of one of them), as the network (or `of`, a copy of
    it) is now."""
    front, network = session.front["test"], of or session.network
    network.eval()

    def pooled_of(batch: Tensor) -> dict[str, np.ndarray]:
        with torch.inference_mode(), session.place.autocast():
            found = front.pooled_stages(network, front.read(batch))
            return {stage: rows for stage, rows in found if only in (None, stage)}

    def run(size: int) -> dict[str, np.ndarray]:
        parts = [*front.each(pooled_of, torch.arange(len(front.labels)).split(size))]
        return {stage: np.concatenate([rows[stage] for rows in parts]) for stage in parts[0]}

    return in_portions(session, run)

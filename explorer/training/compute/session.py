"""A run in the making: what it consists of, how it begins, and how it goes from one phase to the next."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from explorer.catalogue.strategies import strategy
from explorer.data import datasets
from explorer.data.feature_cache.cached import CachedFeatures
from explorer.data.feature_cache.pixels import keep
from explorer.data.images import Data
from explorer.models import backbones, devices, memory
from explorer.models.network import Network
from explorer.progress import FractionCallback, ProgressCallback, silent
from explorer.recipe import Recipe
from explorer.runs.records import Audit
from explorer.training.compute import freezing, optimizing, reading
from explorer.training.compute.auditing import Witness
from explorer.training.compute.captured import Captures, recorder

FEATURES_SHARE = 0.3  # of the progress bar
SPLITS = ("train", "val", "test")
T = TypeVar("T")


@dataclass
class Session:
    """A run in the making: the network that learns, the frozen front's outputs for each split, and the optimizer.

    `front` maps a split's name to what the learning part reads in this `phase` (a place in `recipe.phases`); `before` holds
    all tensors as they were before the first step, `began` the backbone's fingerprint and `pooled` the test features of every
    stage then, (n, c) each, `front_weights` the fingerprint of the front when it was run. `done` counts epochs, `steps`
    optimizer steps; `best` is the epoch to keep, how good it was (phase, share right, minus loss), and all its tensors
    (`freezing.state`), `kept_steps` the steps up to it; `witness` notes what the network was while it learned in this phase;
    `earlier` has the faults (stage, fault) and `recomputed` the worst difference of the phases before, `closed` is the audit
    at the end of the last one and `opened` counts the steps done by then; `chunk` is the number of images that fit into memory
    at once while learning, where that is fewer than a batch, and `portion` that in passes without learning, where it is fewer
    than `CachedFeatures.BATCH`; `captures` are the steps of this phase that are replayed, `modes` those it learns in; `choice`
    is the share right on validation of each stage's head, where one was chosen; `history` holds the test features of the last
    stage after some epochs, `following` those still being computed, and `followed` tells whether any are kept
    (`following.py`).
    """

    recipe: Recipe
    data: Data
    place: devices.Device
    network: Network
    front: dict[str, CachedFeatures]
    before: dict[str, Tensor]
    pooled: dict[str, np.ndarray]
    optimizer: torch.optim.Optimizer
    started: float
    began: str = ""
    front_weights: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    phase: int = 0
    done: int = 0
    steps: int = 0
    kept_steps: int = 0
    best: tuple[int, tuple[int, float, float], dict[str, Tensor]] | None = None
    history: dict[int, np.ndarray] = field(default_factory=dict)
    following: tuple[int, Future[np.ndarray]] | None = None
    followed: bool = True
    witness: Witness = field(default_factory=Witness)
    earlier: set[tuple[str, str]] = field(default_factory=set)
    recomputed: float = 0.0
    closed: Audit | None = None
    opened: int = 0
    chunk: int | None = None
    portion: int | None = None
    notes: list[str] = field(default_factory=list)
    choice: dict[str, float] = field(default_factory=dict)
    splits: tuple[str, ...] = SPLITS
    captures: Captures = field(default_factory=Captures)
    modes: freezing.Modes = field(default_factory=freezing.Modes)

    @property
    def learns(self) -> tuple[str, ...]:
        """The stages that learn now."""
        return self.recipe.phases[self.phase].learns

    def short_of_memory(self, what: str, rest: str) -> None:
        """Note of what the memory did not hold enough, in place of what was noted of it before."""
        start = f"Out of memory on {self.place.device}: {what} "
        self.notes[:] = [n for n in self.notes if not n.startswith(start)] + [start + rest]


def prepare(
    recipe: Recipe,
    report: ProgressCallback = silent,
    splits: tuple[str, ...] = SPLITS,
    fronts: Mapping[str, CachedFeatures] | None = None,
) -> Session:
    """Load data and network, freeze, and run the frozen front once over every image of these splits, or take what it gave
    from `fronts`."""
    started = time.perf_counter()
    place = devices.choose(recipe.row, recipe.device)
    memory.reset_peak(place)
    report(0.0, "Loading the images")
    data = datasets.load(recipe)
    if recipe.phases[1:]:  # each runs another front over the same pictures
        data = keep(data, recipe.preprocessing)
    choice: dict[str, float] = {}
    if recipe.cuts and not recipe.reads:
        choice = reading.scores(recipe, data, place, report)
        recipe = recipe.model_copy(update={"reads": reading.best(choice)})
    built = recipe.backbone, len(data.classes), recipe.weights, recipe.seed, report
    network = backbones.build(*built, reads=recipe.reads)
    began = backbones.fingerprint(network)
    network = devices.laid_out(network, place)
    learns = recipe.phases[0].learns
    network = freezing.unfreeze(network, recipe, learns)
    before = freezing.snapshot(network)
    optimizer = optimizing.adamw(freezing.groups(network, recipe, learns), place)
    session = Session(recipe, data, place, network, {}, before, {}, optimizer, started, began, splits=splits)
    session.choice, session.captures = choice, Captures(recorder(place))
    begun = reading.SHARE if choice else 0.0
    if fronts is None:
        run_front(session, report, begun, FEATURES_SHARE - begun)
    session.front |= fronts or {}
    train = session.front["train"]
    if not recipe.drawn or train.probe:  # a random net's features change their scale as it learns
        network.standardise(_head_inputs(session))
    session.pooled = pooled_test(session) if "test" in splits else {}
    session.seconds["features"] = time.perf_counter() - started
    return session


def run_front(session: Session, report: ProgressCallback, start: float, width: float) -> None:
    """Run the frozen front of this phase over every split, or take from the cache what it gave before."""
    recipe, data, each = session.recipe, session.data, width / len(session.splits)
    front = recipe.front_of(session.learns)
    whole = front == session.network.row.stage_names and not session.steps
    weights = session.front_weights = session.began if whole else session.network.fingerprint(front) if front else ""
    for i, split in enumerate(session.splits):
        part = _share(report, start + each * i, each, f"{'Frozen stages' if front else 'Decoding'}, {split} images")
        found = CachedFeatures.over(
            getattr(data, split),
            session.network,
            recipe,
            session.place,
            part,
            pool=split == "test" or (not session.learns and recipe.batchnorm == "frozen"),
            learns=session.learns,
            fingerprint=data.fingerprint,
            views=recipe.views if split == "train" else 1,
            batch=session.portion,
            weights=weights,
        )
        _note_portion(session, found.batch)
        session.front[split] = found


def _share(report: ProgressCallback, start: float, width: float, message: str) -> FractionCallback:
    """A report over a part of the progress bar."""
    return lambda fraction: report(start + width * fraction, message)


def in_portions(session: Session, work: Callable[[int], T], most: int | None = None) -> T:
    """What `work(n)` gives, a pass without gradients that takes n images at once: as many as the memory holds, up to
    `most` (CachedFeatures.BATCH)."""
    most, crop = most or CachedFeatures.BATCH, session.recipe.preprocessing.crop
    spacious = session.captures.making_room
    tried = min(most, session.portion or most)
    found, fits = memory.fitting(lambda n: spacious(lambda: work(n)), tried, session.place, crop)
    if fits == most:
        return found
    _note_portion(session, fits)
    return found


def _note_portion(session: Session, fits: int) -> None:
    """Keep to the number of images that fitted from now on, and say so."""
    if fits < (session.portion or CachedFeatures.BATCH):
        session.portion = fits
        session.short_of_memory("passes", f"without learning took {fits} images at once.")


def _head_inputs(session: Session) -> Tensor:
    """What the head reads of the training images before the first step, (n, d)."""
    front, network = session.front["train"], session.network
    network.eval()

    def features_of(batch: Tensor) -> Tensor:
        with torch.no_grad(), session.place.autocast():
            return front.features(network, front.read(batch))

    every = torch.arange(len(front.labels))
    return in_portions(session, lambda size: torch.cat([*front.each(features_of, every.split(size))]))


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


def open_phase(session: Session, phase: int) -> None:
    """Unfreeze the stages of a phase. New parameters join the optimizer; what learned before keeps its momentum.

    A stage of which the normalisation layers learned before (BatchNorm mode `affine`) gets a second group, for the rest of
    it. Where everything joins at once (LP-FT), the head goes on at the rate of the backbone.
    """
    recipe, network = session.recipe, session.network
    session.captures.drop()
    session.phase, session.opened, session.witness, session.modes = phase, session.steps, Witness(), freezing.Modes()
    freezing.unfreeze(network, recipe, session.learns)
    known = {id(p) for group in session.optimizer.param_groups for p in group["params"]}
    for group in freezing.groups(network, recipe, session.learns):
        if fresh := [p for p in group["params"] if id(p) not in known]:
            session.optimizer.add_param_group(group | {"params": fresh})
    optimizing.place_rates(session.optimizer, session.place)
    _set_rates(session)


def _set_rates(session: Session) -> None:
    """The rate of every group in this phase: decay counts from the last stage, so that a group's rate never changes."""
    recipe = session.recipe
    rates = {g["name"]: g["rate"] for g in freezing.groups(session.network, recipe, session.learns)}
    if session.phase and strategy(recipe.strategy).unfreezes == "after the head":
        rates["head"] = recipe.backbone_rate
    for group in session.optimizer.param_groups:
        group["rate"] = rates[group["name"]]

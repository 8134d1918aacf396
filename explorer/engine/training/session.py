"""A run in the making: what it consists of, how it begins, and how it goes from one phase to the next."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from explorer.catalogue.strategies import strategy
from explorer.engine import backbones, datasets, devices, freezing, memory
from explorer.engine.backbones import Network
from explorer.engine.boundary import Front
from explorer.engine.datasets import Data
from explorer.recipe import Recipe

Report = Callable[[float, str], None]
FEATURES_SHARE = 0.3  # of the progress bar


def silent(fraction: float, message: str) -> None:
    """A report that nobody reads."""


@dataclass
class Session:
    """A run in the making: the network that learns, the frozen front's outputs for each split, and the optimizer.

    `front` maps a split's name to what the learning part reads in this `phase` (a place in `recipe.phases`); `before`
    holds all tensors as they were before the first step, `began` the backbone's fingerprint and `pooled` the test
    features of every stage then, (n, c) each. `done` counts epochs, `steps` optimizer steps; `best` is the epoch to
    keep, how good it was, and all its tensors; `early` names what moved before it was unfrozen, `recomputed` is the
    worst seen at the end of a phase; `chunk` is the number of images that fit into memory at once, where that is
    fewer than a batch.
    """

    recipe: Recipe
    data: Data
    place: devices.Place
    network: Network
    front: dict[str, Front]
    before: dict[str, Tensor]
    pooled: dict[str, np.ndarray]
    optimizer: torch.optim.Optimizer
    started: float
    began: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    phase: int = 0
    done: int = 0
    steps: int = 0
    best: tuple[int, tuple[float, float], dict[str, Tensor]] | None = None
    history: dict[int, np.ndarray] = field(default_factory=dict)
    early: set[str] = field(default_factory=set)
    recomputed: float = 0.0
    chunk: int | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def learns(self) -> tuple[str, ...]:
        """The stages that learn now."""
        return self.recipe.phases[self.phase].learns


def prepare(recipe: Recipe, report: Report = silent) -> Session:
    """Load data and network, freeze, and run the frozen front once over every image."""
    started = time.perf_counter()
    place = devices.place(recipe.row, recipe.device)
    memory.reset_peak(place)
    report(0.0, "Loading the images")
    data = datasets.load(recipe)
    network = backbones.build(recipe.backbone, len(data.classes), recipe.weights, recipe.seed, report)
    began = network.fingerprint()
    network = network.to(place.device, memory_format=torch.channels_last)
    learns = recipe.phases[0].learns
    network = freezing.apply(network, recipe, learns)
    before = freezing.snapshot(network)
    fused = place.device.type in ("cpu", "cuda")
    optimizer = torch.optim.AdamW(freezing.groups(network, recipe, learns), weight_decay=0.01, fused=fused)
    session = Session(recipe, data, place, network, {}, before, {}, optimizer, started, began)
    run_front(session, report, 0.0, FEATURES_SHARE)
    train = session.front["train"]
    if recipe.weights != "random" or train.probe:  # a random net's features change their scale as it learns
        network.standardise(_head_inputs(network, train, place))
    session.pooled = pooled_test(session)
    session.seconds["features"] = time.perf_counter() - started
    return session


def run_front(session: Session, report: Report, start: float, width: float) -> None:
    """Run the frozen front of this phase over every split, or take from the cache what it gave before."""
    recipe, data = session.recipe, session.data
    for i, split in enumerate(("train", "val", "test")):
        part = _share(report, start + width * i / 3, width / 3, f"Frozen stages, {split} images")
        session.front[split] = Front.over(
            getattr(data, split),
            session.network,
            recipe,
            session.place,
            part,
            pool=split == "test",
            learns=session.learns,
            fingerprint=data.fingerprint,
            views=recipe.views if split == "train" else 1,
        )


def _share(report: Report, start: float, width: float, message: str) -> Callable[[float], None]:
    """A report over a part of the progress bar."""
    return lambda fraction: report(start + width * fraction, message)


def _head_inputs(network: Network, front: Front, place: devices.Place) -> Tensor:
    """What the head reads of the training images before the first step, (n, d)."""
    network.eval()
    with torch.no_grad(), place.autocast():
        return torch.cat(
            [front.features(network, front.read(b)) for b in torch.arange(len(front.labels)).split(Front.BATCH)]
        )


def pooled_test(session: Session) -> dict[str, np.ndarray]:
    """Pooled test features (n, c) of every stage, as the network is now."""
    return session.front["test"].pooled | pooled_tail(session)


def pooled_tail(session: Session, only: str | None = None) -> dict[str, np.ndarray]:
    """Pooled test features (n, c) of the stages behind the frozen front (or of one of them), as the network is now."""
    front, network = session.front["test"], session.network
    network.eval()
    parts: dict[str, list[np.ndarray]] = {}
    with torch.inference_mode(), session.place.autocast():
        for batch in torch.arange(len(front.labels)).split(Front.BATCH):
            for stage, pooled in front.pooled_stages(network, front.read(batch)):
                if only in (None, stage):
                    parts.setdefault(stage, []).append(pooled)
    return {stage: np.concatenate(rows) for stage, rows in parts.items()}


def close_phase(session: Session) -> None:
    """Before more is unfrozen: note what moved although it was frozen until now, and check the front's stored output."""
    network, test = session.network, session.front["test"]
    found = test.recompute(network, session.data.test, session.recipe, session.place)
    session.recomputed = max(session.recomputed, found)
    rows = freezing.stage_audits(session.recipe, network, session.optimizer, session.before, session.learns)
    session.early |= {row.stage for row in rows if not row.clean}


def open_phase(session: Session, phase: int) -> None:
    """Unfreeze the stages of a phase. New ones join the optimizer; what learned before keeps its momentum.

    Where everything joins at once (LP-FT), the head goes on at the rate of the backbone.
    """
    recipe, network = session.recipe, session.network
    session.phase = phase
    freezing.unfreeze(network, recipe, session.learns)
    known = {group["name"] for group in session.optimizer.param_groups}
    for group in freezing.groups(network, recipe, session.learns):
        if group["name"] not in known:
            session.optimizer.add_param_group(group)
    _set_rates(session)


def open_last_phase(session: Session, report: Report = silent) -> None:
    """Unfreeze all that the recipe ever unfreezes, at once."""
    last = len(session.recipe.phases) - 1
    for phase in range(session.phase + 1, last + 1):
        open_phase(session, phase)
    if last:
        run_front(session, report, FEATURES_SHARE, 0.0)


def _set_rates(session: Session) -> None:
    """The rate of every group in this phase: decay counts from the last stage, so that a group's rate never changes."""
    recipe = session.recipe
    rates = {g["name"]: g["rate"] for g in freezing.groups(session.network, recipe, session.learns)}
    if session.phase and strategy(recipe.strategy).unfreezes == "after the head":
        rates["head"] = recipe.backbone_rate
    for group in session.optimizer.param_groups:
        group["rate"] = rates[group["name"]]

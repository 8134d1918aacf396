"""Carry out a recipe: build → frozen front once → loop, yielding one Epoch → outcome."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from explorer.engine import backbones, datasets, devices, freezing
from explorer.engine.backbones import Network
from explorer.engine.boundary import Front
from explorer.engine.datasets import Data
from explorer.errors import ExplorerError
from explorer.evidence import Score
from explorer.recipe import Recipe
from explorer.results import Audit, Epoch

Report = Callable[[float, str], None]
RESCORED = 256  # training images that are scored again, in eval mode, after each epoch
SNAPSHOTS = 12  # epochs whose test features are kept
FEATURES_SHARE = 0.3  # of the progress bar


def silent(fraction: float, message: str) -> None:
    """A report that nobody reads."""


@dataclass
class Session:
    """A run in the making: the network that learns, the frozen front's outputs for each split, and the optimizer.

    `front` maps a split's name to what the learning part reads; `before` holds all tensors as they were before the
    first step and `pooled` the test features of every stage then, (n, c) each.
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
    seconds: dict[str, float] = field(default_factory=dict)
    best: tuple[int, dict[str, Tensor]] | None = None
    history: dict[int, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What a finished run knows: scores on test and on all training images, test probabilities (n, k), the changed
    tensors, pooled test features (`before/<stage>`, `after/<stage>`, `epoch/<i>`), the audit, seconds and weights."""

    test: Score
    train: Score
    probability: np.ndarray
    learned: dict[str, Tensor]
    features: dict[str, np.ndarray]
    audit: Audit
    seconds: dict[str, float]
    parameters: dict[str, int]
    chosen_epoch: int


def prepare(recipe: Recipe, report: Report = silent) -> Session:
    """Load data and network, freeze, and run the frozen front once over every image."""
    started = time.perf_counter()
    place = devices.place(recipe.row, recipe.device)
    report(0.0, "Loading the images")
    data = datasets.load(recipe)
    network = backbones.build(recipe.backbone, len(data.classes), recipe.weights, recipe.seed, report)
    network = freezing.apply(network, recipe).to(place.device, memory_format=torch.channels_last)
    before = freezing.snapshot(network)
    front = {}
    for i, split in enumerate(("train", "val", "test")):
        images = getattr(data, split)
        part = _share(report, FEATURES_SHARE * i / 3, FEATURES_SHARE / 3, f"Frozen stages, {split} images")
        front[split] = Front.over(images, network, recipe, place, part, pool=split == "test")
    if recipe.weights != "random" or front["train"].probe:  # a random net's features change their scale as it learns
        network.standardise(_head_inputs(network, front["train"], place))
    fused = place.device.type in ("cpu", "cuda")
    optimizer = torch.optim.AdamW(freezing.groups(network, recipe), weight_decay=0.01, fused=fused)
    session = Session(recipe, data, place, network, front, before, {}, optimizer, started)
    session.pooled = front["test"].pooled | _pooled_tail(session)
    session.seconds["features"] = time.perf_counter() - started
    return session


def _head_inputs(network: Network, front: Front, place: devices.Place) -> Tensor:
    """What the head reads of the training images before the first step, (n, d)."""
    network.eval()
    with torch.no_grad(), place.autocast():
        return torch.cat(
            [front.features(network, front.read(b)) for b in torch.arange(len(front.labels)).split(Front.BATCH)]
        )


def _share(report: Report, start: float, width: float, message: str) -> Callable[[float], None]:
    """A report over a part of the progress bar."""
    return lambda fraction: report(start + width * fraction, message)


def train(session: Session, report: Report = silent) -> Iterator[Epoch]:
    """Yield one Epoch after each pass over the training images.

    Raises ExplorerError where the loss is no longer a number, and whatever `report` raises (Stopped).
    """
    recipe, labels = session.recipe, session.front["train"].labels
    order = torch.Generator().manual_seed(recipe.seed)
    steps = len(_batches(torch.arange(len(labels)), recipe.batch_size)) * recipe.epochs
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(session.optimizer, steps)
    began, best = time.perf_counter(), (-1.0, -math.inf)
    for epoch in range(1, recipe.epochs + 1):
        batches = _batches(torch.randperm(len(labels), generator=order), recipe.batch_size)
        with devices.seeded(recipe.seed * 1009 + epoch):  # dropout draws from torch's own generator
            batch_loss, speed = _learn(session, batches, schedule, epoch, report)
        row = _score_epoch(session, epoch, time.perf_counter() - began, batch_loss, speed)
        _check(row.train_loss, epoch, recipe)
        if (row.val.accuracy, -row.val_loss) > best:
            best = (row.val.accuracy, -row.val_loss)
            session.best = (epoch, _state(session.network))
        session.seconds["training"] = row.seconds
        yield row


def _batches(indices: Tensor, size: int) -> list[Tensor]:
    """Batches of `size`; a last batch of one joins its neighbour, since BatchNorm cannot train on one image."""
    batches = list(indices.split(size))
    if len(batches) > 1 and len(batches[-1]) == 1:
        batches[-2:] = [torch.cat(batches[-2:])]
    return batches


def _learn(
    session: Session,
    batches: list[Tensor],
    schedule: torch.optim.lr_scheduler.LRScheduler,
    epoch: int,
    report: Report,
) -> tuple[float, float]:
    """One pass; returns the mean loss while learning and the images a second."""
    front, network, recipe = session.front["train"], session.network, session.recipe
    freezing.set_modes(network, recipe)
    started, total = time.perf_counter(), torch.zeros((), device=session.place.device)
    for i, batch in enumerate(batches):
        done = (epoch - 1 + i / len(batches)) / recipe.epochs
        report(FEATURES_SHARE + (0.98 - FEATURES_SHARE) * done, f"Epoch {epoch} of {recipe.epochs}")
        with session.place.autocast():
            logits = front.tail(network, front.read(batch))
        loss = functional.cross_entropy(logits.float(), front.labels[batch].to(logits.device))
        session.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        session.optimizer.step()
        schedule.step()
        total += loss.detach() * len(batch)
    mean = total.item() / len(front.labels)
    _check(mean, epoch, recipe)
    return mean, len(front.labels) / (time.perf_counter() - started)


def _check(loss: float, epoch: int, recipe: Recipe) -> None:
    if not math.isfinite(loss):
        raise ExplorerError(
            f"The loss became {loss} in epoch {epoch}, so the run was ended there; the epochs before it are kept. The rates "
            f"were {recipe.head_rate:g} (head) and {recipe.backbone_rate:g} (backbone): try a tenth of them."
        )


def _score_epoch(session: Session, epoch: int, seconds: float, batch_loss: float, speed: float) -> Epoch:
    """Score the epoch in eval mode on validation and on (up to 256) training images; keep the test features."""
    train, val = session.front["train"], session.front["val"]
    some = torch.randperm(len(train.labels), generator=torch.Generator().manual_seed(0))[:RESCORED]
    train_loss, train_score, _ = _evaluate(session, train, some)
    val_loss, val_score, _ = _evaluate(session, val)
    if session.recipe.learns and epoch in _kept_epochs(session.recipe.epochs):
        last = session.recipe.row.stage_names[-1]
        session.history[epoch] = _pooled_tail(session, only=last)[last].astype(np.float16)
    return Epoch(epoch, seconds, batch_loss, train_loss, train_score, val_loss, val_score, speed)


def _kept_epochs(epochs: int) -> set[int]:
    return {int(e) for e in np.linspace(1, epochs, min(epochs, SNAPSHOTS)).round()}


def _evaluate(session: Session, front: Front, indices: Tensor | None = None) -> tuple[float, Score, np.ndarray]:
    """Mean loss, score and probabilities (n, k) in eval mode."""
    indices = torch.arange(len(front.labels)) if indices is None else indices
    session.network.eval()
    with torch.inference_mode(), session.place.autocast():
        parts = [front.tail(session.network, front.read(b)).float().cpu() for b in indices.split(Front.BATCH)]
    logits, labels = torch.cat(parts), front.labels[indices]
    loss = functional.cross_entropy(logits, labels).item()
    correct = int((logits.argmax(1) == labels).sum())
    return loss, Score(len(labels), correct), logits.softmax(1).numpy()


def _pooled_tail(session: Session, only: str | None = None) -> dict[str, np.ndarray]:
    """Pooled test features (n, c) of the stages behind the frozen front, as the network is now."""
    front, network = session.front["test"], session.network
    network.eval()
    parts: dict[str, list[np.ndarray]] = {}
    with torch.inference_mode(), session.place.autocast():
        for batch in torch.arange(len(front.labels)).split(Front.BATCH):
            for stage, pooled in front.pooled_stages(network, front.read(batch)):
                if only in (None, stage):
                    parts.setdefault(stage, []).append(pooled)
    return {stage: np.concatenate(rows) for stage, rows in parts.items()}


def _state(network: Network) -> dict[str, Tensor]:
    """A copy of all tensors, where they are; small beside what training needs."""
    return {name: tensor.detach().clone() for name, tensor in network.model.state_dict().items()}


def outcome(session: Session, run: str = "") -> Outcome:
    """Audit the network as its last step left it, then go back to the best epoch on validation and score that on test."""
    network, recipe, test = session.network, session.recipe, session.front["test"]
    recomputed = test.recompute(network, session.data.test, recipe, session.place)
    audit = freezing.audit(run, recipe, network, session.optimizer, session.before, recomputed)
    chosen = 0
    if session.best:
        chosen, state = session.best
        network.model.load_state_dict(state)
    network.fold()
    _, test_score, probability = _evaluate(session, test)
    _, train_score, _ = _evaluate(session, session.front["train"])
    features = {f"before/{s}": f for s, f in session.pooled.items()}
    features |= {f"after/{s}": f for s, f in (test.pooled | _pooled_tail(session)).items()}
    features |= {f"epoch/{e}": f for e, f in session.history.items()}
    learned = freezing.changed(session.before, freezing.snapshot(network))
    seconds = {"total": time.perf_counter() - session.started} | session.seconds
    counts = freezing.parameters(network)
    return Outcome(test_score, train_score, probability, learned, features, audit, seconds, counts, chosen)

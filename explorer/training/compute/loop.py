"""The loop: phases, epochs, steps; it yields one Epoch after each pass over the training images."""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import accumulate

import torch
from torch import Tensor
from torch.nn import functional

from explorer.catalogue.strategies import strategy
from explorer.models import devices, memory
from explorer.progress import ProgressCallback, silent
from explorer.recipe import Recipe
from explorer.runs.records import Epoch
from explorer.training.compute import following, head_alone, optimizing, overlapping, scoring
from explorer.training.compute.ended import Ended
from explorer.training.compute.judging import close_phase
from explorer.training.compute.preparing import FEATURES_SHARE, open_phase, run_front
from explorer.training.compute.scoring import check_loss
from explorer.training.compute.session import Session


def train(session: Session, report: ProgressCallback = silent) -> Iterator[Epoch]:
    """Yield one Epoch after each pass over the training images, from the first that is not done.

    Raises Diverged where the loss is no longer a number, and whatever `report` raises (Stopped).
    """
    for epoch, parts, began in _passes(session):
        ended = _pass(session, epoch, parts, began, report)
        check_loss(ended.batch_loss, epoch, session.recipe)
        yield _score(session, ended)
    _finish(session)


def train_overlapped(session: Session, tell: Callable[[Epoch], None], report: ProgressCallback = silent) -> None:
    """What `train` does, to the last bit, but where a core is free for it an epoch is scored beside the next one's steps.

    Each is told as soon as it is scored, in order, when the session may be inside the next; a checkpoint made in `tell` is of
    the epoch told. Whoever catches what this raises calls `overlapping.settle` to hear of the epoch that was being scored.
    """

    def listening(fraction: float, message: str) -> None:
        report(fraction, message)
        overlapping.tell_scored(session)

    for epoch, parts, began in _passes(session):
        ended = _pass(session, epoch, parts, began, listening)
        overlapping.settle(session)
        check_loss(ended.batch_loss, epoch, session.recipe)
        goes_on = epoch < session.recipe.epochs and phase_of(session.recipe, epoch + 1) == session.phase
        if goes_on and overlapping.fits(session):
            overlapping.begin(session, ended, tell)
        else:
            tell(_score(session, ended))
    _finish(session)


def _passes(session: Session) -> Iterator[tuple[int, list[Tensor], float]]:
    """The epochs that are not done, with the batches of each in the order that the seed draws, and when the first began."""
    recipe, images = session.recipe, len(session.front["train"].labels)
    began = time.perf_counter() - session.seconds.get("training", 0.0)
    order = torch.Generator().manual_seed(recipe.seed)
    for epoch in range(1, recipe.epochs + 1):
        drawn = torch.randperm(images, generator=order)
        if epoch > session.done:
            yield epoch, batches(drawn, recipe.batch_size), began


def _pass(session: Session, epoch: int, parts: list[Tensor], began: float, report: ProgressCallback) -> Ended:
    """All steps of an epoch."""
    _enter(session, phase_of(session.recipe, epoch), epoch, report)
    with devices.seeded(session.recipe.seed * 1009 + epoch):  # dropout draws from torch's own generator
        batch_loss, speed = _learn(session, parts, epoch, report)
    return Ended(epoch, time.perf_counter() - began, batch_loss, speed, session.steps, session.network)


def _score(session: Session, ended: Ended) -> Epoch:
    """Score an epoch at once; its test features may be computed beside the next."""
    row = scoring.keep(session, scoring.score_epoch(session, ended))
    following.follow(session, row.epoch)
    return row


def _finish(session: Session) -> None:
    following.settle(session)
    session.captures.drop()


def phase_of(recipe: Recipe, epoch: int) -> int:
    """The phase, a place in `recipe.phases`, to which an epoch (from 1) belongs."""
    ends = accumulate(phase.epochs for phase in recipe.phases)
    return next(i for i, end in enumerate(ends) if epoch <= end)


def _enter(session: Session, phase: int, epoch: int, report: ProgressCallback) -> None:
    """Go on to a later phase: check what was frozen, unfreeze more, run the front that is left."""
    if phase == session.phase:
        return
    following.settle(session)
    close_phase(session)
    open_phase(session, phase)
    run_front(session, report, _fraction(session.recipe, epoch, 0.0), 0.0)


def _fraction(recipe: Recipe, epoch: int, part: float) -> float:
    """How far the run is after `part` of an epoch, in [0, 1]."""
    return FEATURES_SHARE + (0.98 - FEATURES_SHARE) * (epoch - 1 + part) / recipe.epochs


def rate_share(recipe: Recipe, epoch: int, part: float) -> float:
    """The share of its rate at which everything learns after `part` of an epoch: half a cosine from 1 to 0
    (Loshchilov & Hutter 2017, arXiv 1608.03983) over the run, or over each of its two phases where LP-FT restarts."""
    first, length = 1, recipe.epochs
    if strategy(recipe.strategy).unfreezes == "after the head":
        phase = phase_of(recipe, epoch)
        first += sum(p.epochs for p in recipe.phases[:phase])
        length = recipe.phases[phase].epochs
    return 0.5 * (1 + math.cos(math.pi * (epoch - first + part) / length))


def batches(indices: Tensor, size: int) -> list[Tensor]:
    """Batches of `size`; a last batch of one joins its neighbour, since BatchNorm cannot train on one image."""
    found = list(indices.split(size))
    if len(found) > 1 and len(found[-1]) == 1:
        found[-2:] = [torch.cat(found[-2:])]
    return found


def _learn(session: Session, parts: list[Tensor], epoch: int, report: ProgressCallback) -> tuple[float, float]:
    """One pass; returns the mean loss while learning and the images a second."""
    recipe, optimizer = session.recipe, session.optimizer
    session.modes.set(session.network, recipe, session.learns)
    session.witness.watch(session.network)
    weight = class_weights(session)
    started, total = time.perf_counter(), torch.zeros((), device=session.place.device)
    front = session.front["train"]
    at_once = front.augmentation == "none" and _head_alone(session)
    ready = head_alone.read(session.network, front, parts) if at_once else None
    for i, batch in enumerate(parts):
        report(_fraction(recipe, epoch, i / len(parts)), f"Epoch {epoch} of {recipe.epochs}")
        share = rate_share(recipe, epoch, i / len(parts))
        for group in optimizer.param_groups:
            optimizing.set_rate(group, group["rate"] * share)
        read = next(ready) if ready and session.chunk is None else None
        total += step(session, batch, _seed(recipe, epoch, i), weight, report, read) * len(batch)
        session.steps += 1
    if (note := session.captures.note) and note not in session.notes:
        session.notes.append(note)
    images = sum(map(len, parts))
    return total.item() / images, images / (time.perf_counter() - started)


def class_weights(session: Session) -> Tensor | None:
    """What an image of each class counts, (k,), so that every class counts the same; None where images do."""
    if not session.recipe.class_weights:
        return None
    labels = session.front["train"].labels
    found = torch.bincount(labels, minlength=len(session.data.classes)).clamp_min(1)
    return (len(labels) / (len(found) * found.float())).to(session.place.device)


def step(
    session: Session,
    batch: Tensor,
    seed: int,
    weight: Tensor | None,
    report: ProgressCallback,
    read: tuple[Tensor, Tensor] | None = None,
) -> Tensor:
    """Learn from a batch, at the rates that the optimizer holds; returns its loss before. `read` is what a head that learns alone
    reads of it, (b, d), and the labels, (b,), where that is there already.

    Where the accelerator's memory does not hold the batch, it is halved as often as it takes and the parts' gradients
    are added up: the same step but for BatchNorm's statistics, which are then those of the parts.
    """
    while True:
        try:
            return session.captures.making_room(partial(_take, session, batch, seed, weight, read))
        except torch.OutOfMemoryError as error:
            session.optimizer.zero_grad(set_to_none=True)
            _halve(session, len(batch), error)
            read = None  # its parts are read one by one
            report(_fraction(session.recipe, session.done + 1, 0.0), session.notes[-1])


def _take(
    session: Session, batch: Tensor, seed: int, weight: Tensor | None, read: tuple[Tensor, Tensor] | None
) -> Tensor:
    """The step itself, or, where it is captured, a replay of one of as many images in the same modes."""
    optimizing.reserve(session.optimizer)
    if read is None and _head_alone(session):
        front = session.front["train"]
        read = session.network.standardised(front.draw(batch, seed)), front.labels_of(batch)
    if read:
        session.witness.note()
        loss = head_alone.backward(session.network, *read, weight)
        session.optimizer.step()
        return loss
    front, captures, size = session.front["train"], session.captures, session.chunk or len(batch)
    labels = front.labels_of(batch)
    key = (len(batch), size, session.witness.state()) if captures.recorder else None
    return captures.step(key, partial(_learn_from, session, weight), lambda: front.draws(batch, seed, size), labels)


def _learn_from(session: Session, weight: Tensor | None, parts: Iterable[Tensor], labels: Tensor) -> Tensor:
    """A step of the optimizer along the gradients of a batch's parts, added up; the batch's loss before.

    It may be captured: what it reads beside its arguments must stay where it is from one step to the next, and nothing in it
    may wait for the device.
    """
    network, place, size = session.network, session.place, session.chunk or len(labels)
    session.optimizer.zero_grad(set_to_none=True)
    total = torch.zeros((), device=place.device)
    for x, mine in zip(parts, labels.split(size), strict=True):
        with place.autocast(cached=not place.captures):
            logits = session.front["train"].tail(network, x)
        session.witness.note()
        loss = functional.cross_entropy(logits.float(), mine, weight=weight)
        loss = loss * _share(mine, labels, weight) if len(mine) < len(labels) else loss
        loss.backward()
        total += loss.detach()
    session.optimizer.step()
    return total


def _seed(recipe: Recipe, epoch: int, batch: int) -> int:
    """What draws the augmentation of a batch, counted from 0."""
    return (recipe.seed * 1009 + epoch) * 100_003 + batch


def _head_alone(session: Session) -> bool:
    """Whether nothing but a linear head learns, on a CPU, from whole batches."""
    alone = session.front["train"].probe and not session.captures.recorder and session.chunk is None
    return alone and head_alone.fits(session.network)


def _share(part: Tensor, whole: Tensor, weight: Tensor | None) -> Tensor:
    """What the mean loss of a part counts in that of the whole batch: its share of the images, or of their weights."""
    counts = [torch.ones_like(y, dtype=torch.float32) if weight is None else weight[y] for y in (part, whole)]
    return counts[0].sum() / counts[1].sum()


def _halve(session: Session, batch: int, error: Exception) -> None:
    """Take half as many images at once from now on, and say so."""
    crop = session.recipe.preprocessing.crop
    session.chunk = memory.halved(min(session.chunk or batch, batch), session.place, crop, error)
    session.short_of_memory("batches", f"of {batch} were processed in parts of {session.chunk}.")

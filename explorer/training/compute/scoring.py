"""How good the network is: after each epoch, and at the end, when the best epoch is scored on test and audited."""

import math
import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from explorer import evidence
from explorer.data.feature_cache.cached import CachedFeatures
from explorer.errors import ExplorerError
from explorer.evidence import Balanced, Score
from explorer.models import memory
from explorer.models.network import Network
from explorer.recipe import Recipe
from explorer.runs.records import Audit, Epoch
from explorer.training.compute import freezing, head_alone
from explorer.training.compute.ended import Ended, Scored
from explorer.training.compute.judging import audit as judged
from explorer.training.compute.session import Session, in_portions, pooled_test
from explorer.training.cost import RESCORED


class Diverged(ExplorerError):
    """The loss of a run is no number any more."""


@dataclass(frozen=True)
class Outcome:
    """What a finished run knows: scores on test and on all training images, test probabilities (n, k), the changed
    tensors, pooled test features (`before/<stage>`, `after/<stage>`, `epoch/<i>`), the audit, seconds, weights, steps of the
    whole run and up to the kept epoch, balanced accuracy on test, and the most memory the process used, in bytes (0 where
    nobody can tell)."""

    test: Score
    train: Score
    balanced: Balanced
    probability: np.ndarray
    learned: dict[str, Tensor]
    features: dict[str, np.ndarray]
    audit: Audit
    seconds: dict[str, float]
    parameters: dict[str, int]
    chosen_epoch: int
    steps: int
    kept_steps: int
    peak_memory: int


def score_epoch(session: Session, ended: Ended) -> Scored:
    """Score an epoch in eval mode on validation and on (up to 256) training images.

    The epoch is kept where it is the best so far on validation (by balanced accuracy where classes are weighted, then by
    loss) among the epochs of its phase: one of a later phase takes the place of all before it, so that what a finished
    run keeps has learned in its last phase.
    """
    train, val, network = session.front["train"], session.front["val"], ended.network
    some = torch.randperm(len(train.labels), generator=torch.Generator().manual_seed(0))[:RESCORED]
    train_loss, train_score, _ = evaluate(session, train, some, network)
    val_loss, val_score, probability = evaluate(session, val, None, network)
    good = val_score.accuracy
    if session.recipe.class_weights:
        good = evidence.balanced(val.labels.cpu().numpy(), probability.argmax(1)).value
    rank, best = (session.phase, good, -val_loss), None
    if math.isfinite(train_loss) and (session.best is None or rank > session.best[1]):
        best = ended.epoch, rank, freezing.state(network, session.before)
    groups, right = session.data.val.groups, probability.argmax(1) == val.labels.cpu().numpy()
    others = None if groups is None else evidence.accuracy_by_group(right, groups)
    row = Epoch(
        epoch=ended.epoch,
        seconds=ended.seconds,
        batch_loss=ended.batch_loss,
        train_loss=train_loss,
        train=train_score,
        val_loss=val_loss,
        val=val_score,
        images_per_second=ended.speed,
        val_grouped=others,
    )
    return Scored(row, ended.steps, best)


def keep(session: Session, scored: Scored) -> Epoch:
    """Let the run know of an epoch that was scored; returns its row. Raises Diverged where its loss is no number."""
    row = scored.row
    if scored.best:
        session.best, session.kept_steps = scored.best, scored.steps
    check_loss(row.train_loss, row.epoch, session.recipe)
    session.done = row.epoch
    session.seconds["training"] = row.seconds
    return row


def check_loss(loss: float, epoch: int, recipe: Recipe) -> None:
    """Raises Diverged where the loss is no number any more."""
    if not math.isfinite(loss):
        raise Diverged(
            f"The loss became {loss} in epoch {epoch}, so the run was stopped there; the epochs before it are kept. "
            f"The rates were {recipe.head_rate:g} (head) and {recipe.backbone_rate:g} (backbone): try a tenth of "
            "them."
        )


def evaluate(
    session: Session, front: CachedFeatures, indices: Tensor | None = None, of: Network | None = None
) -> tuple[float, Score, np.ndarray]:
    """Mean loss, score and probabilities (n, k) in eval mode, of the network or of `of`, a copy of it."""
    indices = torch.arange(len(front.labels)) if indices is None else indices
    network = (of or session.network).eval()

    def logits_of(batch: Tensor) -> Tensor:
        with torch.inference_mode(), session.place.autocast():
            return front.tail(network, front.read(batch)).float().cpu()

    def run(size: int) -> Tensor:
        batches = indices.split(size)
        if not front.probe:
            return torch.cat([*front.each(logits_of, batches)])
        with torch.inference_mode():
            return torch.cat([network.head(x) for x, _ in head_alone.read(network, front, batches)]).float().cpu()

    logits, labels = in_portions(session, run), front.labels.cpu()[indices]
    loss = functional.cross_entropy(logits, labels).item()
    correct = int((logits.argmax(1) == labels).sum())
    return loss, Score(len(labels), correct), logits.softmax(1).numpy()


def take_best(session: Session) -> int:
    """Go back to the best epoch on validation, with a plain head; returns which it is (0: none was whole)."""
    chosen = 0
    if session.best:
        chosen, _, state = session.best
        if session.kept_steps != session.steps:  # else the network is as that epoch left it
            session.network.model.load_state_dict(state)
    session.network.fold()
    return chosen


def learned(session: Session) -> dict[str, Tensor]:
    """The tensors that are no longer what they were before the first step, on the CPU, once the best epoch was taken."""
    best = session.best[2] if session.best else {}
    kept = {name for name, tensor in best.items() if tensor is session.before[name]}
    kept -= {*session.network.names("head")}  # which `fold` may have changed since
    now = {name: tensor for name, tensor in freezing.now(session.network).items() if name not in kept}
    return {name: tensor.clone() for name, tensor in freezing.changed(session.before, now).items()}


def outcome(session: Session, run: str = "") -> Outcome:
    """Audit the network as its last step left it, then go back to the best epoch on validation and score that on test."""
    network, test = session.network, session.front["test"]
    audit = judged(session, run)
    chosen = take_best(session)
    _, test_score, probability = evaluate(session, test)
    _, train_score, _ = evaluate(session, session.front["train"])
    features = {f"before/{s}": f for s, f in session.pooled.items()}
    features |= {f"after/{s}": f for s, f in pooled_test(session).items()}
    features |= {f"epoch/{e}": f for e, f in session.history.items()}
    return Outcome(
        test_score,
        train_score,
        evidence.balanced(session.data.test.labels, probability.argmax(1)),
        probability,
        learned(session),
        features,
        audit,
        {"total": time.perf_counter() - session.started} | session.seconds,
        freezing.parameters(network),
        chosen,
        session.steps,
        session.kept_steps,
        memory.peak(session.place),
    )

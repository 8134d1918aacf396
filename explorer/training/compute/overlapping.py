"""An epoch scored beside the next one's steps, on a copy of the network, so that learning does not wait for it.

Scores are computed from what the epoch left, in the same batches as without, so no bit differs. They are worth a copy where a
core is free for them and learning an epoch takes longer than to score it on one thread.
"""

import copy
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import torch

from explorer.models.abreast import aside, at_once
from explorer.runs.records import Epoch
from explorer.training.compute import following, optimizing, scoring
from explorer.training.compute.ended import Ended, Left, Pending
from explorer.training.compute.session import Session
from explorer.training.cost import Images, overlaps


def fits(session: Session) -> bool:
    """Whether the epoch that has ended can be scored beside the next of its phase, and is worth it."""
    train, still = session.front["train"], session.front.get("test")
    followed = len(still.labels) if still and session.followed else 0
    images = Images(len(train.labels), len(session.front["val"].labels), followed)
    trained = following.learning_bytes(session.network)
    return overlaps(images, trained, at_once(session.place.device), train.probe)


def begin(session: Session, ended: Ended, tell: Callable[[Epoch], None]) -> None:
    """Score the epoch from now on; `tell` is called by `tell_scored` or `settle`, in the thread that trains."""
    network = following.copy_of(session.network)
    state = copy.deepcopy(optimizing.dump(session.optimizer))
    seen = {kind: set(names) for kind, names in session.witness.seen.items()}
    scored = aside(partial(scoring.score_epoch, session, replace(ended, network=network)))
    session.pending = Pending(scored, Left(network, state, ended.steps, seen), tell)
    following.follow(session, ended.epoch, network, scored)


def tell_scored(session: Session) -> None:
    """Tell of the epoch that was being scored, where that is done by now."""
    if session.pending and session.pending.scored.done():
        settle(session)


def settle(session: Session) -> None:
    """Wait for the epoch that is being scored, if one is, and tell of it. Raises what scoring or telling raises, once."""
    pending, session.pending = session.pending, None
    if pending is None:
        return
    row = scoring.keep(session, pending.scored.result())
    session.left = pending.left
    try:
        with torch.random.fork_rng(devices=()):  # dropout of the steps to come draws from the same generator
            pending.tell(row)
    finally:
        session.left = None

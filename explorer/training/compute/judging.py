"""The freeze audit of a run in the making: at its end, and before each phase that unfreezes more."""

from dataclasses import replace

from explorer.models.abreast import abreast
from explorer.runs.records import Audit
from explorer.training.compute import auditing
from explorer.training.compute.session import Session

RECOMPUTED = ("train", "test")
"""The splits of which a batch is computed again: what a run learned from, and what it is judged by."""


def audit(session: Session, run: str = "") -> Audit:
    """Declared against actual, of what has been unfrozen by now: as the last step left the network, and in the epoch that
    is kept; what the front stored of training and test images is held against a batch of each computed again."""
    if session.closed and session.steps == session.opened:  # what was unfrozen since has not learned yet
        return replace(session.closed, run=run)
    session.optimizer.zero_grad(set_to_none=True)  # room for the front
    session.captures.drop()
    network, recipe = session.network, session.recipe
    front, drawn = recipe.front_of(session.learns), recipe.seed * 1009 + session.steps
    kept = session.best[2] if session.best and session.best[1][0] == session.phase else None
    found = auditing.evidence(network, session.optimizer, session.before, session.witness, kept)
    still = found.largest(name for stage in front for name in network.names(stage)) == 0.0
    weights = session.front_weights if still else network.fingerprint(front)  # as the last step left them

    def apart(i: int) -> float:
        split = RECOMPUTED[i]
        return session.front[split].recompute(network, getattr(session.data, split), recipe, drawn + i, weights=weights)

    every = range(len(RECOMPUTED))
    alone = recipe.augmentation != "none"  # augmented views draw from the one generator that torch has
    worst = [*(map(apart, every) if alone else abreast(apart, every, session.place.device))]
    so_far = recipe.model_copy(update={"stages": session.learns})
    return auditing.audit(run, so_far, network, found, max([session.recomputed, *worst]), session.earlier)


def close_phase(session: Session) -> None:
    """Before more is unfrozen: note what was not as declared until now, and check the front's stored output."""
    session.closed = audit(session)
    session.recomputed = session.closed.recomputed
    session.earlier |= {(row.stage, fault) for row in session.closed.stages for fault in row.found}

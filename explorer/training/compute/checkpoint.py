"""A run between two epochs as one file, from which it goes on to the same numbers."""

import io
import time
from typing import Any

import numpy as np
import torch

from explorer.errors import ExplorerError
from explorer.progress import ProgressCallback, silent
from explorer.training.compute import following, freezing, optimizing
from explorer.training.compute.ended import Left
from explorer.training.compute.loop import phase_of
from explorer.training.compute.preparing import open_phase, run_front
from explorer.training.compute.session import Session

VERSION = 4  # raise it when a checkpoint written before can no longer be read as one written now


def dump(session: Session) -> bytes:
    """All that a session needs to go on after the last epoch told: what changed, the optimizer, the best epoch so far. The
    epoch's test features that are still being computed are not waited for: they can be had from the weights.

    Tensors only, so that reading it back runs no code (`weights_only`).
    """
    best = session.best and (*session.best[:2], freezing.changed(session.before, _cpu(session.best[2])))
    latest = best[2] if best and best[0] == session.done else None
    left = session.left or Left(
        session.network, optimizing.dump(session.optimizer), session.steps, session.witness.seen
    )
    now = latest if latest is not None else freezing.changed(session.before, freezing.now(left.network))
    facts = {
        "version": VERSION,
        "fingerprint": session.recipe.fingerprint,
        "began": session.began,
        "now": now,
        "optimizer": left.optimizer,
        "best": best,
        "history": {epoch: torch.from_numpy(rows) for epoch, rows in session.history.items()},
        "seconds": session.seconds,
        "elapsed": time.perf_counter() - session.started,
        "done": session.done,
        "steps": left.steps,
        "witness": {kind: sorted(names) for kind, names in left.seen.items()},
        "earlier": sorted(session.earlier),
        "recomputed": session.recomputed,
        "chunk": session.chunk,
        "notes": session.notes,
    }
    file = io.BytesIO()
    torch.save(facts, file)
    return file.getvalue()


def _cpu(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: tensor.cpu() for name, tensor in tensors.items()}


def restore(session: Session, saved: bytes, report: ProgressCallback = silent) -> None:
    """Bring a session fresh from `prepare` to where `dump` was made.

    Raises ExplorerError where the file is damaged or belongs to another recipe; the session is unchanged then.
    """
    facts = _read(session, saved)
    phase = phase_of(session.recipe, facts["done"])
    for i in range(1, phase + 1):
        open_phase(session, i)
    whole = session.before | facts["now"]
    session.network.model.load_state_dict(whole)
    session.captures.drop()
    optimizing.restore(session.optimizer, facts["optimizer"], session.place)
    if facts["best"]:
        epoch, good, tensors = facts["best"]
        session.best = epoch, tuple(good), session.before | tensors
    session.history = {epoch: np.asarray(rows) for epoch, rows in facts["history"].items()}
    session.started -= facts["elapsed"]
    session.seconds = facts["seconds"] | {"features": session.seconds.get("features", 0.0)}
    for name in ("done", "steps", "recomputed", "chunk"):
        setattr(session, name, facts[name])
    session.notes = [*facts["notes"], *(note for note in session.notes if note not in facts["notes"])]
    if session.best:  # every epoch has as many steps
        session.kept_steps = session.steps * session.best[0] // session.done
    session.witness.seen = {kind: set(names) for kind, names in facts["witness"].items()}
    session.earlier = set(facts["earlier"])
    if phase:
        run_front(session, report, 0.0, 0.0)
    following.follow(session, session.done)  # what was still being computed


def _read(session: Session, saved: bytes) -> dict[str, Any]:
    try:
        facts = torch.load(io.BytesIO(saved), map_location="cpu", weights_only=True)
        if facts.get("version") != VERSION:
            why = "another version of Thaw wrote it"
        elif facts["fingerprint"] != session.recipe.fingerprint or facts["done"] < 1:
            why = "it belongs to another recipe"
        elif facts["began"] != session.began:
            why = "the weights it began from have changed since"
        else:
            return facts
    except Exception as error:  # torch.load raises many kinds for a damaged file
        why = f"{type(error).__name__}: {error}"
    raise ExplorerError(f"The run's checkpoint cannot be used ({why}). Start the recipe again.")

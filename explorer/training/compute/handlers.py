"""Carry out a run and store the result."""

import contextlib
import platform
import time
from typing import Any

import torch

from explorer import evidence, runs
from explorer.errors import ExplorerError, Stopped
from explorer.home import waiting_for_room
from explorer.jobs.recovering import TRIES
from explorer.models import devices
from explorer.progress import ProgressCallback, silent
from explorer.recipe import Recipe
from explorer.runs import Run
from explorer.runs.records import Epoch
from explorer.training.compute import judging, loop, overlapping, scoring
from explorer.training.compute.checkpoint import dump, restore
from explorer.training.compute.preparing import prepare
from explorer.training.compute.scoring import Diverged, Outcome, take_best
from explorer.training.compute.session import Session

CHECKPOINT_SECONDS = 5.0  # between two checkpoints; the first comes with the first whole epoch


def train(run: str, report: ProgressCallback = silent) -> Run:
    """Carry out a run whose folder exists, from its checkpoint where it has one.

    Whatever happens, the folder says so and keeps its epochs; past an epoch, a run that ended early keeps its audit too.
    """
    wanted = runs.known_run(run).recipe
    devices.set_threads()
    with waiting_for_room():
        return _carry_out(run, wanted, report)


def _carry_out(run: str, wanted: Recipe, report: ProgressCallback) -> Run:
    runs.start(run, versions=versions(), error="")
    session = None
    try:
        session = prepare(wanted, report)
        _resume(run, session, report)
        _describe(run, session)
        _learn(run, session, report)
        report(0.98, "Scoring and auditing")
        _store(run, session, scoring.outcome(session, run))
    except Stopped:
        runs.move(run, "stopped")  # first: whoever asked for it waits, and may end the process
        if facts := _early(run, session):
            runs.update(run, **facts)
    except Diverged as error:
        runs.drop_checkpoint(run)  # resuming would end in the same place
        runs.move(run, "failed", error=str(error), **_early(run, session), **_best(run, session))
        raise
    except KeyboardInterrupt:
        _settle(session)  # whoever is in a hurry interrupts once more
        raise
    except Exception as error:
        message = str(error) if isinstance(error, ExplorerError) else f"{type(error).__name__}: {error}"
        _settle(session)
        with contextlib.suppress(ExplorerError):  # a full disk must not hide the first error
            runs.move(run, "failed", error=message)
        raise
    return runs.read(run)


def _learn(run: str, session: Session, report: ProgressCallback) -> None:
    """All epochs that are not done, each stored, with a checkpoint after the first and then every few seconds."""
    kept = time.monotonic() if session.done else 0.0

    def tell(epoch: Epoch) -> None:
        nonlocal kept
        runs.append(run, epoch)
        if (not kept or time.monotonic() - kept >= CHECKPOINT_SECONDS) and epoch.epoch < session.recipe.epochs:
            runs.store_checkpoint(run, dump(session))
            kept = time.monotonic()

    loop.train_overlapped(session, tell, report)


def _early(run: str, session: Session | None) -> dict[str, Any]:
    """Store the freeze audit of a run that ended early; returns what there is to say of it, nothing before an epoch."""
    _settle(session)
    if session is None or not session.done:
        return {}
    with contextlib.suppress(ExplorerError):  # a full disk must not hide why the run ended
        audit = judging.audit(session, run)
        runs.store_audit(run, audit)
        return {"clean": audit.clean, "fault": audit.fault, "steps": session.steps}
    return {}


def _settle(session: Session | None) -> None:
    """Store the epoch that was still being scored when the run ended early; what goes wrong with it must not hide why."""
    if session:
        with contextlib.suppress(Exception):
            overlapping.settle(session)


def _best(run: str, session: Session | None) -> dict[str, Any]:
    """Store what the best epoch of a run that ended early had learned; returns which it was."""
    if session is None or session.best is None:
        return {}
    with contextlib.suppress(ExplorerError):
        chosen = take_best(session)
        learned = {name: tensor.numpy() for name, tensor in scoring.learned(session).items()}
        runs.store_tensors(run, "learned", learned)
        return {"chosen_epoch": chosen, "kept_steps": session.kept_steps}
    return {}


def _by_itself(run: str) -> str:
    times = runs.read(run).facts.get("restarts") or 0
    return f", by itself, since its worker had ended ({times} of at most {TRIES} times)" if times else ""


def _resume(run: str, session: Session, report: ProgressCallback) -> None:
    """Resume a run that was interrupted; a checkpoint that cannot be used means from the beginning."""
    saved = runs.checkpoint(run)
    if saved is not None:
        try:
            restore(session, saved, report)
            session.notes.append(f"Resumed after epoch {session.done}{_by_itself(run)}.")
        except ExplorerError as error:
            session.notes.append(f"Started from the beginning: {error}")
    runs.truncate_epochs(run, session.done)


def _describe(run: str, session: Session) -> None:
    """What is known before the first epoch."""
    data = session.data
    runs.update(
        run,
        began=session.began,
        device=str(session.place.device),
        precision=session.place.precision,
        counts={split: len(getattr(data, split).ids) for split in ("train", "val", "test")},
        classes=data.classes,
        majority_on_validation=evidence.majority(data.val.labels),
        note=data.note,
        skipped=data.skipped,
        seconds=dict(session.seconds),
        **({"reads": session.recipe.reads} if session.recipe.cuts else {}),
        **({"stage_scores": session.choice} if session.choice else {}),
    )


def _store(run: str, session: Session, outcome: Outcome) -> None:
    test, copies = session.data.test, _copies(session)
    runs.store_tensors(run, "learned", {name: tensor.numpy() for name, tensor in outcome.learned.items()})
    runs.store_tensors(run, "features", outcome.features)
    runs.store_predictions(run, test.ids, test.labels, outcome.probability, session.data.classes, test.groups)
    runs.store_audit(run, outcome.audit)
    runs.move(
        run,
        "finished",
        test=outcome.test,
        train=outcome.train,
        balanced=outcome.balanced,
        majority=evidence.majority(test.labels),
        grouped=runs.predictions(run).grouped,
        clean=outcome.audit.clean,
        fault=outcome.audit.fault,
        seconds=outcome.seconds,
        steps=outcome.steps,
        kept_steps=outcome.kept_steps,
        peak_memory=outcome.peak_memory,
        parameters=outcome.parameters,
        chosen_epoch=outcome.chosen_epoch,
        note=" ".join(filter(None, (session.data.note, *session.notes))),
        **copies,
    )
    runs.drop_checkpoint(run)


def _copies(session: Session) -> dict[str, Any]:
    """How many images of validation and test are near-copies of training images; where that cannot be told any more (a picture
    is gone by now) the run is finished all the same, and notes it."""
    if session.watch is None:
        return {}
    try:
        return {"copies": {split: found.json() for split, found in session.watch.crossings().items()}}
    except Exception as error:  # a run that has learned must not be lost for this
        session.notes.append(f"Whether test images are near-copies of training images could not be told: {error}")
        return {}


def versions() -> dict[str, str]:
    """The versions and the processor that a run's numbers belong to."""
    return {"python": platform.python_version(), "torch": torch.__version__, "machine": platform.machine()}

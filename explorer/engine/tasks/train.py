"""Carry out a run and store what came of it."""

import contextlib
import platform

import torch

from explorer import runs
from explorer.engine import devices, training
from explorer.errors import ExplorerError, Stopped
from explorer.runs import Run


def train(run: str, report: training.Report = training.silent) -> Run:
    """Carry out a run whose folder exists; whatever happens, the folder says so and keeps its epochs."""
    wanted = runs.read(run).recipe
    if wanted is None:
        raise ExplorerError(f"The run {run} has no readable recipe, so it cannot be carried out. Delete it.")
    devices.set_threads()
    runs.start(run, versions=versions())
    try:
        session = training.prepare(wanted, report)
        counts = {split: len(getattr(session.data, split).ids) for split in ("train", "val", "test")}
        runs.update(
            run,
            device=str(session.place.device),
            precision=session.place.precision,
            counts=counts,
            classes=session.data.classes,
            note=session.data.note,
            skipped=session.data.skipped,
        )
        for epoch in training.train(session, report):
            runs.append(run, epoch)
        report(0.98, "Scoring and auditing")
        _store(run, session, training.outcome(session, run))
    except Stopped:
        runs.update(run, state="stopped")
    except Exception as error:
        message = str(error) if isinstance(error, ExplorerError) else f"{type(error).__name__}: {error}"
        with contextlib.suppress(ExplorerError):  # a full disk must not hide the first error
            runs.update(run, state="failed", error=message)
        raise
    return runs.read(run)


def _store(run: str, session: training.Session, outcome: training.Outcome) -> None:
    test = session.data.test
    runs.store_tensors(run, "learned", {name: tensor.numpy() for name, tensor in outcome.learned.items()})
    runs.store_tensors(run, "features", outcome.features)
    runs.store_predictions(run, test.ids, test.labels, outcome.probability, session.data.classes)
    runs.store_audit(run, outcome.audit)
    runs.update(
        run,
        state="finished",
        test=outcome.test,
        train=outcome.train,
        clean=outcome.audit.clean,
        seconds=outcome.seconds,
        parameters=outcome.parameters,
        chosen_epoch=outcome.chosen_epoch,
    )


def versions() -> dict[str, str]:
    """The versions and the processor that a run's numbers belong to."""
    return {"python": platform.python_version(), "torch": torch.__version__, "machine": platform.machine()}

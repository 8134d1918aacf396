"""`sweep`: all cells of an experiment, as many at a time as there are cores for; what is there already is not computed again."""

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from explorer import installation, jobs, machine, runs
from explorer.cli.asking import kept_answer, progress, written
from explorer.cli.pictures import check_folder
from explorer.errors import ExplorerError
from explorer.experiments import budget, cells, concluding, kept, table, telling
from explorer.experiments.cells import Cell, Sweep
from explorer.experiments.plan import Plan, plan, read
from explorer.experiments.question import SpoiltQuestion
from explorer.experiments.rates import Moved
from explorer.experiments.shift import Answers, Spoilt
from explorer.recipe import sources
from explorer.worker import side_by_side

FORMATS: dict[str, Callable[[Sweep, Answers], bytes]] = {".csv": table.to_csv, ".parquet": table.to_parquet}


def sweep(options: argparse.Namespace) -> dict[str, Any]:
    """Carry out what is missing of an experiment, and say what all of it shows."""
    wanted = plan_of(options)
    for path in options.out:
        if path.suffix not in FORMATS:
            raise ExplorerError(f"--out {path.name}: cells are written as {' or '.join(FORMATS)}.")
        check_folder(path)
    installation.check()
    sources.require(cells.planned(wanted)[0].recipe)
    kept.keep(wanted)
    before = _now(wanted)
    failed = _carry_out(before)
    found = _now(wanted)
    corrupted = _scored(found) if wanted.kind == "shift" else {}
    for path in options.out:
        written(path, FORMATS[path.suffix](found, corrupted))
    told: dict[str, Any] = {"experiment": wanted.text, "key": wanted.key, "cells": len(found.cells)}
    told |= {"finished": found.finished, "found": before.finished, "computed": found.finished - before.finished}
    told |= {"failed": failed} if failed else {}
    elsewhere = sum(cell.live for cell in found.cells)
    told |= {"elsewhere": elsewhere} if elsewhere else {}  # cells that the app or another command is at
    if findings := _findings(found, corrupted):
        told["findings"] = findings
    if wanted.kind == "budget":
        told["curves"] = _curves(found)
    return told | ({"out": [str(path) for path in options.out]} if options.out else {})


def plan_of(options: argparse.Namespace) -> Plan:
    """The plan that the arguments stand for."""
    if options.plan:
        return read(options.plan)
    names = (
        "kind",
        "seeds",
        "backbone",
        "weights",
        "dataset",
        "data_dir",
        "labels",
        "edits",
        "spoilt",
        "epochs",
        "input_size",
    )
    chosen = {name: getattr(options, name) for name in names}
    if options.data_dir:
        chosen["data_dir"] = str(Path(options.data_dir).expanduser().absolute())
    if options.sizes is not None:
        chosen["sizes"] = tuple(None if size == "all" else size for size in options.sizes)
    if options.strategies is not None:
        chosen["strategies"] = tuple(options.strategies)
    if options.inputs is not None:
        chosen["inputs"] = tuple(options.inputs)
    for name in ("decades", "batches"):
        if getattr(options, name) is not None:
            chosen[name] = tuple(getattr(options, name))
    return plan(**chosen)


FINDINGS: dict[str, Callable[[Sweep, budget.PredictionsOf], list[str]]] = {
    "budget": concluding.budget_findings,
    "depth": concluding.depth_findings,
    "block": concluding.block_findings,
    "start": concluding.start_findings,
    "batchnorm": concluding.modes_findings,
}
"""Kind of experiment → what it says, where that follows from the runs' predictions alone."""


def _findings(found: Sweep, corrupted: Answers) -> list[str]:
    """What the experiment says, in sentences."""
    said, kind = runs.predictions, found.plan.kind
    if kind == "rates":
        return concluding.rate_findings(found, said, _moved(found))
    if kind == "shift":
        return concluding.shift_findings(found, corrupted, said)
    return FINDINGS[kind](found, said)


def _scored(found: Sweep) -> dict[str, Spoilt]:
    """Every finished run on corrupted test images: answered before, here or in the app, or answered now and kept."""
    done = [cell for cell in found.cells if cell.finished]
    told: dict[str, Spoilt] = {}
    for i, cell in enumerate(done):
        name = f"{telling.title_of(cell.planned.arm)}, seed {cell.planned.seed}"

        def report(share: float, words: str, i: int = i, name: str = name) -> None:
            progress((i + share) / len(done), f"{i} of {len(done)} runs scored on corrupted images. {name}: {words}")

        run = cell.finished.id if cell.finished else ""
        told[run] = kept_answer(SpoiltQuestion(run=run), report)
    return told


def _moved(found: Sweep) -> dict[str, Moved]:
    """How far the features of each finished run moved."""
    from explorer.experiments.compute.moving import moved

    return {cell.finished.id: moved(cell.finished.id) for cell in found.cells if cell.finished}


def _now(wanted: Plan) -> Sweep:
    return cells.fill(wanted, [jobs.lost(run) for run in runs.listing()])


def _carry_out(found: Sweep) -> list[str]:
    """Train what is missing; returns what failed, and why. What another process is at is left to it."""
    todo = found.missing
    places = machine.slots() if found.plan.kind == "depth" else machine.side_by_side()  # its seconds are a result
    if min(len(todo), places) > 1:
        return _side_by_side(found, places)
    return _one_by_one(found) if todo else []


def _side_by_side(found: Sweep, places: int) -> list[str]:
    """Several at a time, each in a process of its own."""
    todo, failed = found.missing, []
    named: dict[str, str] = {}
    shares: dict[str, float] = {}

    def begun() -> Iterator[str]:
        for cell in todo:
            run = _run_of(cell)
            named[run], shares[run] = _name(cell), 0.0
            yield run

    with contextlib.closing(side_by_side.carry_out(begun(), places)) as events:
        for event in events:
            run, over = event.task.run, sum(share == 1 for share in shares.values())
            shares[run] = 1.0 if event.ended else min(event.share, 0.99)
            if event.kind not in ("progress", "done"):
                failed.append(f"{named[run]}: {event.words}")
            elif event.kind == "progress":
                _tell(sum(shares.values()), found, over, f"{named[run]}: {event.words}")
    _end_line()
    return failed


def _one_by_one(found: Sweep) -> list[str]:
    """One after the other, in this process."""
    from explorer.training.compute import handlers  # heavy: loaded only by the commands that need it

    failed = []
    for i, cell in enumerate(found.missing):

        def report(share: float, words: str, i: int = i, name: str = _name(cell)) -> None:
            _tell(i + share, found, i, f"{name}: {words}")

        run = _run_of(cell)
        try:
            handlers.train(run, report)
        except ExplorerError as error:
            failed.append(f"{_name(cell)}: {error}")
        except KeyboardInterrupt:
            runs.close(run, "stopped")
            raise
    _end_line()
    return failed


def _name(cell: Cell) -> str:
    planned = cell.planned
    return f"{telling.title_of(planned.arm)}, {planned.size or 'all'} a class, seed {planned.seed}"


def _tell(done: float, found: Sweep, over: int, words: str) -> None:
    """Progress: `done` of the missing cells' work, `over` of them whole."""
    progress(done / len(found.missing), f"{found.finished + over} of {len(found.cells)} cells. {words}")


def _end_line() -> None:
    if sys.stderr.isatty():
        print(file=sys.stderr)


def _run_of(cell: Cell) -> str:
    """The run that ended early where it has a checkpoint, else a new one."""
    if cell.run is not None and runs.resumable(cell.run.id):
        return cell.run.id
    return runs.create(cell.planned.recipe, here=True)


def _curves(found: Sweep) -> list[dict[str, Any]]:
    """Every point of every curve."""
    rows = []
    for arm, line in budget.curves(found).items():
        for point in line:
            told = {"arm": arm, "images_per_class": point.images, "seeds": len(point.scores), "n": point.n}
            spread = point.accuracy
            rows.append(
                told | {"accuracy": spread.mean, "deviation": spread.deviation, "low": spread.low, "high": spread.high}
            )
    return rows

"""`sweep`: all cells of an experiment, one after the other, in this process; what is there already is not computed again."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from explorer import installation, jobs, runs
from explorer.cli.asking import kept_answer, progress, written
from explorer.errors import ExplorerError
from explorer.experiments import budget, cells, concluding, kept, table, telling
from explorer.experiments.cells import Cell, Sweep
from explorer.experiments.plan import Plan, plan, read
from explorer.experiments.question import SpoiltQuestion
from explorer.experiments.rates import Moved
from explorer.experiments.shift import Answers, Spoilt
from explorer.recipe import sources

FORMATS: dict[str, Callable[[Sweep, Answers], bytes]] = {".csv": table.to_csv, ".parquet": table.to_parquet}


def sweep(options: argparse.Namespace) -> dict[str, Any]:
    """Carry out what is missing of an experiment, and say what all of it shows."""
    wanted = plan_of(options)
    for path in options.out:
        if path.suffix not in FORMATS:
            raise ExplorerError(f"--out {path.name}: cells are written as {' or '.join(FORMATS)}.")
    installation.check()
    sources.require(cells.planned(wanted)[0].recipe)
    kept.keep(wanted)
    before = _now(wanted)
    failed = _carry_out(before)
    found = _now(wanted)
    spoilt = _scored(found) if wanted.kind == "shift" else {}
    for path in options.out:
        written(path, FORMATS[path.suffix](found, spoilt))
    told: dict[str, Any] = {"experiment": wanted.text, "key": wanted.key, "cells": len(found.cells)}
    told |= {"finished": found.finished, "found": before.finished, "computed": found.finished - before.finished}
    told |= {"failed": failed} if failed else {}
    elsewhere = sum(cell.live for cell in found.cells)
    told |= {"elsewhere": elsewhere} if elsewhere else {}  # cells that the app or another command is at
    if findings := _findings(found, spoilt):
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


def _findings(found: Sweep, spoilt: Answers) -> list[str]:
    """What the experiment says, in sentences."""
    said, kind = runs.predictions, found.plan.kind
    if kind == "rates":
        return concluding.rate_findings(found, said, _moved(found))
    if kind == "shift":
        return concluding.shift_findings(found, spoilt, said)
    told: dict[str, Callable[[Sweep, budget.Said], list[str]]] = {
        "budget": concluding.budget_findings,
        "depth": concluding.depth_findings,
        "block": concluding.block_findings,
        "start": concluding.start_findings,
        "batchnorm": concluding.modes_findings,
    }
    return told[kind](found, said)


def _scored(found: Sweep) -> dict[str, Spoilt]:
    """Every finished run on spoilt test images: answered before, here or in the app, or answered now and kept."""
    done = [cell for cell in found.cells if cell.finished]
    told: dict[str, Spoilt] = {}
    for i, cell in enumerate(done):
        name = f"{telling.title_of(cell.planned.arm)}, seed {cell.planned.seed}"

        def report(share: float, words: str, i: int = i, name: str = name) -> None:
            progress((i + share) / len(done), f"{i} of {len(done)} runs scored on spoilt images. {name}: {words}")

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
    """Train what is missing, cell by cell; returns what failed, and why. What another process is at is left to it."""
    todo, failed = found.missing, []
    if not todo:
        return []
    from explorer.training.compute import handlers  # heavy: loaded only by the commands that need it

    for i, cell in enumerate(todo):
        name = f"{telling.title_of(cell.planned.arm)}, {cell.planned.size or 'all'} a class, seed {cell.planned.seed}"

        def report(share: float, words: str, i: int = i, name: str = name) -> None:
            progress((i + share) / len(todo), f"{found.finished + i} of {len(found.cells)} cells. {name}: {words}")

        run = _run_of(cell)
        try:
            handlers.train(run, report)
        except ExplorerError as error:
            failed.append(f"{name}: {error}")
        except KeyboardInterrupt:
            runs.close(run, "stopped")
            raise
        finally:
            if sys.stderr.isatty() and i + 1 == len(todo):
                print(file=sys.stderr)
    return failed


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

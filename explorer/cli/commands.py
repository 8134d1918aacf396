"""What each command does: parsed arguments in, one JSON object out."""

import argparse
import sys
from collections.abc import Callable
from typing import Any

from explorer import installation, recipe, runs
from explorer.catalogue import BACKBONES, DATASETS
from explorer.errors import ExplorerError
from explorer.looks.similarity.question import Comparison
from explorer.runs import Run
from explorer.runs.records import Audit

Words = dict[str, Any]


def backbones(options: argparse.Namespace) -> Words:
    """The table of backbones."""
    return {
        "backbones": [
            {
                "name": row.name,
                "weights": [w.name for w in row.weights],
                "stages": list(row.stage_names),
                "head": row.head,
                "parameters": row.parameters,
                "input_size": row.input_size,
                "available_offline": bool(row.offline()),
                "weights_here": [*row.offline(), "random"],
            }
            for row in BACKBONES.values()
        ]
    }


def datasets(options: argparse.Namespace) -> Words:
    """The table of data sets."""
    names = ("name", "classes", "size", "available_offline", "note")
    return {"datasets": [{name: getattr(row, name) for name in names} for row in DATASETS.values()]}


def train(options: argparse.Namespace) -> Words:
    """Carry out one recipe."""
    return _train(options).json()


def resume(options: argparse.Namespace) -> Words:
    """Go on with a run that was interrupted or stopped, from its last checkpoint."""
    return _resume(options).json()


def list_runs(options: argparse.Namespace) -> Words:
    """All runs, the latest first."""
    return {"runs": [run.json() for run in runs.listing()]}


def audit(options: argparse.Namespace) -> Words:
    """The freeze audit of one run."""
    found: Audit = runs.audit(_latest(options.run))
    stages = [{name: getattr(row, name) for name in row.__dataclass_fields__} for row in found.stages]
    return {"run": _latest(options.run), "clean": found.clean, "recomputed": found.recomputed, "stages": stages}


def compare(options: argparse.Namespace) -> Words:
    """Two runs on the same test images."""
    installation.check()
    from explorer.looks.similarity.compute import distance_handlers

    found: Comparison = distance_handlers.compare(options.a, options.b)
    counts = ("n", "both_right", "fixed", "broken", "both_wrong", "p_value", "verdict")
    stages = [{name: getattr(row, name) for name in row.__dataclass_fields__} for row in found.stages]
    return {name: getattr(found, name) for name in counts} | {"stages": stages}


COMMANDS: dict[str, Callable[[argparse.Namespace], Words]] = {
    "backbones": backbones,
    "datasets": datasets,
    "train": train,
    "resume": resume,
    "runs": list_runs,
    "audit": audit,
    "compare": compare,
}


def _train(options: argparse.Namespace) -> Run:
    """Carry out the recipe here, in this process."""
    choices = {key: value for key, value in vars(options).items() if key in recipe.Recipe.model_fields}
    choices["per_class"] = _per_class(options.per_class)
    wanted = recipe.make(**choices)
    installation.check()
    return _carry_out(runs.create(wanted))


def _resume(options: argparse.Namespace) -> Run:
    """Go on with a run that did not come to its end, in this process."""
    run = runs.read(_latest(options.run))
    ended = run.state in ("interrupted", "stopped", "failed")
    if not ended or not runs.resumable(run.id):
        why = "it has no checkpoint" if ended else f"it is {run.state}"
        raise ExplorerError(f"The run {run.id} cannot be resumed: {why}. Train its recipe anew.")
    installation.check()
    return _carry_out(run.id)


def _carry_out(run: str) -> Run:
    """Train a run whose folder exists, with its progress on standard error."""
    from explorer.training.compute import (
        handlers as compute_handlers,  # heavy: loaded only by the commands that need it
    )

    def report(fraction: float, message: str) -> None:
        if sys.stderr.isatty():
            print(f"\r{fraction:4.0%}  {message:<40}", end="", file=sys.stderr, flush=True)

    try:
        return compute_handlers.train(run, report)
    except KeyboardInterrupt:
        runs.update(run, state="stopped")
        raise
    finally:
        if sys.stderr.isatty():
            print(file=sys.stderr)


def _per_class(text: str) -> int | None:
    if text == "all":
        return None
    if not text.isdecimal():
        raise ExplorerError(f"--per-class takes a whole number or 'all', not {text!r}.")
    return int(text)


def _latest(run: str) -> str:
    found = runs.listing()
    return found[0].id if run == "latest" and found else run

"""Optimizer steps of a run, as recorded or, in older folders, as they follow from what was."""

from collections.abc import Mapping
from typing import Any

from explorer.runs.run import KnownRun, Run


def fact(run: Run, *path: str) -> Any:
    """A recorded fact by its path, e.g. `fact(run, "parameters", "learned")`; None where there is none."""
    value: Any = run.facts
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def steps(run: Run) -> int | None:
    """How often a run moved its weights: as recorded, else epochs done × batches an epoch; None where neither is known.
    Batches as in `explorer.training.compute.loop`: a last batch of one image joins the one before it."""
    if fact(run, "steps") is not None:
        return int(fact(run, "steps"))
    images = fact(run, "counts", "train")
    if not images or not isinstance(run, KnownRun):
        return None
    return len(run.epochs) * max(1, -(-(images - 1) // run.recipe.batch_size))


def kept_steps(run: Run) -> int | None:
    """Of its `steps` those up to the epoch that it keeps: as recorded, else that share of them; None where it is not known."""
    if fact(run, "kept_steps") is not None:
        return int(fact(run, "kept_steps"))
    chosen, every = fact(run, "chosen_epoch"), steps(run)
    return every * int(chosen) // len(run.epochs) if chosen and every and run.epochs else None

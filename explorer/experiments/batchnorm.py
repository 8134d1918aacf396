"""BatchNorm's modes beside each other: validation while they learn, and test, by the number of images in a batch."""

from dataclasses import dataclass

from explorer.experiments.budget import PredictionsOf
from explorer.experiments.cells import Sweep
from explorer.experiments.compared import MODES, parted
from explorer.experiments.pairing import Step, against
from explorer.race.races import Spread, spread

KEPT = MODES[0]
"""The mode that the others are held against."""


@dataclass(frozen=True)
class Line:
    """One mode with `batch` images in a batch: accuracy on validation after each epoch over the seeds that came so far, on test
    over those that finished (None before the first), and n images of validation and test."""

    mode: str
    batch: int
    validation: tuple[Spread, ...]
    test: Spread | None
    n_validation: int
    n_test: int


def lines(sweep: Sweep) -> tuple[Line, ...]:
    """Every arm that has an epoch, in the plan's order."""
    found = []
    for arm in sweep.arms:
        runs = [cell.run for cell in sweep.cells if cell.planned.arm == arm and cell.run and cell.run.epochs]
        if not runs:
            continue
        longest = max(len(run.epochs) for run in runs)
        by_epoch = ([run.epochs[i].val.accuracy for run in runs if i < len(run.epochs)] for i in range(longest))
        over = [run.test for cell in sweep.cells if cell.planned.arm == arm and (run := cell.finished) and run.test]
        mode, batch = parted(arm)
        validation = tuple(line for values in by_epoch if (line := spread(values)))
        test = spread([score.accuracy for score in over])
        found.append(Line(mode, int(batch), validation, test, runs[0].epochs[0].val.n, over[0].n if over else 0))
    return tuple(found)


def against_kept(sweep: Sweep, predictions_of: PredictionsOf) -> tuple[Step, ...]:
    """Every other mode against kept statistics with batches of the same size, corrected for all of them together (Holm)."""
    arms = {arm: parted(arm) for arm in sweep.arms}
    return against(
        sweep, {arm: f"{KEPT}*{batch}" for arm, (mode, batch) in arms.items() if mode != KEPT}, predictions_of
    )

"""Which block should be trained? One stage tuned alone, on clean and corrupted inputs, against the head alone.

After Lee et al. (2022, arXiv 2210.11466), who found that the best block depends on what is new about the images: early ones for
another look, late ones for other labels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from explorer.evidence import Together, holm
from explorer.experiments.budget import LEVEL, PredictionsOf
from explorer.experiments.cells import Sweep
from explorer.experiments.compared import ALL, HEAD, parted
from explorer.experiments.pairing import Step, against, gain
from explorer.race.races import Spread, spread

NONE = HEAD
"""The bet that no block gains anything."""


@dataclass(frozen=True, kw_only=True)
class Gradients:
    """Of a linear probe's solution: ‖gradient‖ / ‖weights‖ (s,) of each of `stages`, from the mean loss of `n` training images;
    and that loss."""

    stages: tuple[str, ...]
    norms: np.ndarray
    n: int
    loss: float

    @property
    def named(self) -> str:
        """The stage with the largest: the hint."""
        return self.stages[int(np.argmax(self.norms))]


@dataclass(frozen=True)
class Verdict:
    """On one input: the stage that gains most when it is tuned alone, its gain over the head alone, and against it every other
    stage (`behind`: what the best gains over it, with Holm's p-value over all inputs)."""

    how: str
    best: str
    gain: Step
    behind: Mapping[str, tuple[Together, float]]

    def grade(self, bet: str) -> str:
        """`best`, `level` (not shown to be worse), `worse`, or `open`: what became of a bet on a stage, or on none (NONE). Where
        the best stage is not shown to gain anything, no bet is decided."""
        if bet == NONE:
            return "worse" if self.gain.shown and self.gain.difference.value > 0 else "level"
        if not self.gain.shown or self.gain.difference.value <= 0:
            return "open"
        if bet == self.best:
            return "best"
        if bet not in self.behind:
            return "open"
        return "worse" if self.behind[bet][1] < LEVEL else "level"


def accuracies(sweep: Sweep) -> dict[str, Spread]:
    """Arm → its test accuracy over the seeds that finished; arms without any are left out."""
    found = {}
    for arm in sweep.arms:
        runs = [run for cell in sweep.cells if cell.planned.arm == arm and (run := cell.finished)]
        if line := spread([run.test.accuracy for run in runs if run.test]):
            found[arm] = line
    return found


def gains(sweep: Sweep, predictions_of: PredictionsOf) -> tuple[Step, ...]:
    """Every stage alone, and everything, against the head alone on the same input: corrected for all of them together (Holm)."""
    arms = {arm: parted(arm) for arm in sweep.arms}
    return against(sweep, {arm: f"{HEAD}@{how}" for arm, (stage, how) in arms.items() if stage != HEAD}, predictions_of)


def verdicts(sweep: Sweep, steps: Sequence[Step], predictions_of: PredictionsOf) -> tuple[Verdict, ...]:
    """Input by input, once every stage has a result there: the best stage, and how far the others lie behind it (Holm over all
    stages and inputs)."""
    stages = sweep.cells[0].planned.recipe.row.stage_names
    rows: list[tuple[str, Step, dict[str, Together]]] = []
    for how in sweep.plan.inputs:
        mine = {parted(step.arm)[0]: step for step in steps if parted(step.arm)[1] == how}
        mine.pop(ALL, None)
        if set(mine) != set(stages):
            continue
        best = max(stages, key=lambda stage: mine[stage].difference.value)
        behind = {s: gain(sweep, f"{best}@{how}", f"{s}@{how}", predictions_of) for s in stages if s != best}
        rows.append((how, mine[best], {s: found for s, found in behind.items() if found}))
    adjusted = iter(holm([found.p_value for *_, behind in rows for found in behind.values()]))
    return tuple(
        Verdict(how, parted(best.arm)[0], best, {s: (found, next(adjusted)) for s, found in behind.items()})
        for how, best, behind in rows
    )


@dataclass(frozen=True)
class Graded:
    """How bets or hints did over the inputs where a stage is shown to gain: `best` named the best one, `level` one that is not
    shown to be worse; `of` inputs were decided, `open` were not."""

    best: int
    level: int
    of: int
    open: int


def graded(found: Sequence[Verdict], bets: Mapping[str, str]) -> Graded:
    """Over the inputs that have a verdict and a bet."""
    grades = [one.grade(bets[one.how]) for one in found if bets.get(one.how)]
    undecided = grades.count("open")
    return Graded(grades.count("best"), grades.count("level"), len(grades) - undecided, undecided)

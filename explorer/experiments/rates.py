"""At which learning rate do features break? Accuracy over the backbone's learning rate, and how far the features moved."""

from collections.abc import Mapping
from dataclasses import dataclass

from explorer.experiments.budget import PredictionsOf
from explorer.experiments.cells import Sweep
from explorer.experiments.compared import parted
from explorer.experiments.pairing import Step, against
from explorer.race.races import Spread, spread

DIVERGED = "The loss became"
"""How the reason begins for which a run ended whose rate was too large."""


@dataclass(frozen=True, kw_only=True)
class Moved:
    """How far a run's tuning moved the features of its last `stage` on `n` test images: debiased linear CKA to those that it
    began with, with its 95 % interval over images."""

    run: str
    stage: str
    n: int
    cka: float
    low: float
    high: float


@dataclass(frozen=True)
class Mark:
    """One strategy at one backbone `rate`, its own times ten to the power of `decade`: test accuracy and CKA over the seeds that
    have one, how many `diverged`, and n test images."""

    arm: str
    strategy: str
    decade: int
    rate: float
    accuracy: Spread | None
    cka: Spread | None
    diverged: int
    n: int


def marks(sweep: Sweep, moved: Mapping[str, Moved]) -> tuple[Mark, ...]:
    """Every arm that has a result or a diverged run, in the plan's order; the linear probe first, as decade 0."""
    found = []
    for arm in sweep.arms:
        mine = [cell for cell in sweep.cells if cell.planned.arm == arm]
        runs = [run for cell in mine if (run := cell.finished)]
        diverged = sum(c.run is not None and c.run.state == "failed" and c.run.error.startswith(DIVERGED) for c in mine)
        accuracy = spread([run.test.accuracy for run in runs if run.test])
        if accuracy is None and not diverged:
            continue
        name, decade = parted(arm)
        cka = spread([moved[run.id].cka for run in runs if run.id in moved])
        n = runs[0].test.n if runs and runs[0].test else 0
        rate = mine[0].planned.recipe.backbone_rate
        found.append(Mark(arm, name, int(decade or 0), rate, accuracy, cka, diverged, n))
    return tuple(found)


def against_probe(sweep: Sweep, predictions_of: PredictionsOf) -> tuple[Step, ...]:
    """Every strategy at every rate against the linear probe, corrected for all of them together (Holm)."""
    base, *others = sweep.arms
    return against(sweep, dict.fromkeys(others, base), predictions_of)


@dataclass(frozen=True)
class Breaking:
    """Of one strategy: the rate at which it is right most often, and the first rate above that at which it is shown to be worse
    than the linear probe, or where every seed diverged (None: there is none among those measured)."""

    best: Mark
    broken: Mark | None
    step: Step | None


def breakings(found: tuple[Mark, ...], steps: tuple[Step, ...]) -> tuple[Breaking, ...]:
    """One a strategy that has a result."""
    by_arm = {step.arm: step for step in steps}
    told = []
    for name in dict.fromkeys(mark.strategy for mark in found):
        mine = [mark for mark in found if mark.strategy == name]
        known = [mark for mark in mine if mark.accuracy]
        if name == "linear_probe" or not known:
            continue
        best = max(known, key=lambda mark: mark.accuracy.mean if mark.accuracy else 0.0)
        bad = next((m for m in mine if m.decade > best.decade and _bad(m, by_arm.get(m.arm))), None)
        told.append(Breaking(best, bad, by_arm.get(bad.arm) if bad else None))
    return tuple(told)


def _bad(mark: Mark, step: Step | None) -> bool:
    return mark.accuracy is None or (step is not None and step.shown and step.difference.value < 0)

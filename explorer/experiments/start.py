"""Pre-trained, or merely scaled? What is gained by what weights had learned, and what by their scale alone."""

from dataclasses import dataclass

from explorer.evidence import points
from explorer.evidence.many import p_digits
from explorer.experiments.budget import PredictionsOf
from explorer.experiments.cells import Sweep
from explorer.experiments.compared import ALL, HEAD, KEPT, stage_words
from explorer.experiments.pairing import Step, against
from explorer.race.races import Spread, spread

DEPTHS = (HEAD, ALL)
LEARNED, SCALE = "pretrained", "matched"
PAIRS = {
    f"{LEARNED}/{HEAD}": f"{SCALE}/{HEAD}",
    f"{SCALE}/{HEAD}": f"random/{HEAD}",
    f"{LEARNED}/{ALL}": f"{SCALE}/{ALL}",
    f"{SCALE}/{ALL}": f"random/{ALL}",
    f"{KEPT}/{ALL}": f"{LEARNED}/{ALL}",
}
"""The differences that are asked for, arm → base: of pre-trained over matched weights what was learned, of matched over random
ones what their scale does, and what the kept statistics add."""


@dataclass(frozen=True)
class Mark:
    """One arm: its `start`, what is trained (`depth`), test accuracy of each seed that finished (in [0, 1]) and n test images."""

    arm: str
    start: str
    depth: str
    by_seed: dict[int, float]
    n: int

    @property
    def accuracy(self) -> Spread:
        """Over seeds."""
        return spread([*self.by_seed.values()]) or Spread(0, 0.0, None, 0.0, 0.0)


@dataclass(frozen=True)
class Curve:
    """Validation accuracy after each epoch, over the seeds that came so far, of n images each."""

    start: str
    epochs: tuple[Spread, ...]
    n: int


def marks(sweep: Sweep) -> tuple[Mark, ...]:
    """The arms that have a result, in the plan's order."""
    found = []
    for arm in sweep.arms:
        scores = {c.planned.seed: run.test for c in sweep.cells if c.planned.arm == arm and (run := c.finished)}
        known = {seed: score for seed, score in scores.items() if score}
        if known:
            start, _, depth = arm.partition("/")
            by_seed = {seed: score.accuracy for seed, score in known.items()}
            found.append(Mark(arm, start, depth, by_seed, next(iter(known.values())).n))
    return tuple(found)


def curves(sweep: Sweep, depth: str = ALL) -> tuple[Curve, ...]:
    """How fast each start learns: every arm of this depth that has an epoch."""
    found = []
    for arm in sweep.arms:
        start, _, mine = arm.partition("/")
        runs = [cell.run for cell in sweep.cells if cell.planned.arm == arm and cell.run and cell.run.epochs]
        if mine != depth or not runs:
            continue
        longest = max(len(run.epochs) for run in runs)
        over = ([run.epochs[i].val.accuracy for run in runs if i < len(run.epochs)] for i in range(longest))
        found.append(Curve(start, tuple(line for values in over if (line := spread(values))), runs[0].epochs[0].val.n))
    return tuple(found)


def steps(sweep: Sweep, predictions_of: PredictionsOf) -> tuple[Step, ...]:
    """The differences of PAIRS that have results, corrected for all of them together (Holm)."""
    return against(sweep, {arm: base for arm, base in PAIRS.items() if arm in sweep.arms}, predictions_of)


def decision(depth: str, found: tuple[Step, ...]) -> str:
    """What pays where this learns, in two sentences; empty before both differences are there."""
    by_arm = {step.arm: step for step in found}
    learned, scale = by_arm.get(f"{LEARNED}/{depth}"), by_arm.get(f"{SCALE}/{depth}")
    if learned is None or scale is None:
        return ""
    first = f"**{stage_words(depth).capitalize()}**: {_verdict(_sign(learned), _sign(scale))}"
    of = f"{learned.difference.seeds} seed{'s' * (learned.difference.seeds > 1)}, n = {learned.difference.n}"
    return f"{first} Pre-trained over matched {_measured(learned)}; matched over random {_measured(scale)}; {of}."


def kept_words(found: tuple[Step, ...]) -> str:
    """What the pre-trained statistics add to the pre-trained weights; empty where that was not asked."""
    step = next((one for one in found if one.arm == f"{KEPT}/{ALL}"), None)
    if step is None:
        return ""
    said = {1: "gains", -1: "costs", 0: "makes no difference that can be shown"}[_sign(step)]
    return f"Keeping the pre-trained BatchNorm statistics while everything is trained {said}: {_measured(step)}."


def _sign(step: Step) -> int:
    return 0 if not step.shown else 1 if step.difference.value > 0 else -1


def _verdict(learned: int, scale: int) -> str:
    """What is shown of the two, as a sentence."""
    of_scale = {
        1: "their scale alone gains too",
        -1: "their scale alone costs",
        0: "their scale alone is not shown to gain",
    }
    if learned > 0:
        return f"**what the weights had learned pays**, and {of_scale[scale]}."
    if learned < 0:
        return f"**pre-trained weights are shown to be worse than drawn ones of their scale**; {of_scale[scale]}."
    if scale > 0:
        return "**the gain is scale**: that the weights had learned something is not shown to add to it."
    if scale < 0:
        return "**their scale alone costs**; what the weights had learned is not shown to make up for it."
    return "**no difference is shown**: neither what the weights had learned nor their scale alone is shown to gain."


def _measured(step: Step) -> str:
    low, high = step.difference.ends
    sure = f"95 % interval {points(low)} to {points(high)}, Holm's p = {p_digits(step.adjusted)}"
    return f"{points(step.difference.value)} points ({sure})"

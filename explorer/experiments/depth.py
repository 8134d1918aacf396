"""What a depth sweep says: accuracy and cost of every cut, what nothing else beats, and what tuning deeper gains."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from explorer.evidence import pareto
from explorer.experiments.budget import PredictionsOf
from explorer.experiments.cells import Sweep
from explorer.experiments.pairing import Step, against
from explorer.race.races import Spread, spread
from explorer.runs.steps import fact

COSTS = {
    "seconds": (("seconds", "total"), "seconds a run"),
    "weights": (("parameters", "learned"), "trainable parameters"),
    "memory": (("peak_memory",), "bytes of memory at the most"),
}
"""What a cut may be judged by besides its accuracy: the recorded fact, and its words."""


@dataclass(frozen=True)
class Cut:
    """`depth` stages that learn, counted from the head, from `start` (pretrained or random); test accuracy over the seeds that
    finished (in [0, 1]), n test images, and what it took."""

    arm: str
    start: str
    depth: int
    accuracy: Spread
    n: int
    costs: dict[str, float]


def cuts(sweep: Sweep) -> tuple[Cut, ...]:
    """The cuts that have a result, in the plan's order."""
    found = []
    for arm in sweep.arms:
        runs = [run for cell in sweep.cells if cell.planned.arm == arm and (run := cell.finished)]
        accuracy = spread([run.test.accuracy for run in runs if run.test])
        if accuracy is None:
            continue
        costs = {}
        for name, (path, _) in COSTS.items():
            values = [value for run in runs if (value := fact(run, *path)) is not None]
            if values:
                costs[name] = float(np.median(values))
        start, _, depth = arm.partition("/")
        found.append(Cut(arm, start, int(depth), accuracy, runs[0].test.n if runs[0].test else 0, costs))
    return tuple(found)


def front(found: Sequence[Cut], cost: str) -> tuple[Cut, ...]:
    """The cuts that no other beats in accuracy and in this cost, the cheapest first."""
    known = [cut for cut in found if cost in cut.costs]
    return tuple(known[i] for i in pareto([cut.costs[cost] for cut in known], [cut.accuracy.mean for cut in known]))


def against_head(sweep: Sweep, predictions_of: PredictionsOf, start: str = "pretrained") -> tuple[Step, ...]:
    """Every deeper cut against the head alone, from the same start, corrected for all of them together (Holm)."""
    base = f"{start}/0"
    return against(
        sweep, {arm: base for arm in sweep.arms if arm != base and arm.startswith(f"{start}/")}, predictions_of
    )


def dips(found: Sequence[Cut], start: str = "pretrained") -> tuple[int, ...]:
    """The depths that are worse than both neighbours by more than the seeds' deviations together: where a cut in the middle would
    separate stages that were learned together (co-adaptation, Yosinski et al. 2014)."""
    line = [cut for cut in found if cut.start == start]
    low = []
    for before, cut, after in zip(line, line[1:], line[2:], strict=False):
        around = min(before.accuracy.mean, after.accuracy.mean)
        spreads = sum(one.accuracy.deviation or 0.0 for one in (before, cut, after))
        if around - cut.accuracy.mean > max(spreads, 1e-9):
            low.append(cut.depth)
    return tuple(low)

"""Two arms of an experiment on the same test images with the same seeds: what the one gains over the other."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from explorer.evidence import Together, holm, together
from explorer.experiments.budget import LEVEL, PredictionsOf
from explorer.experiments.cells import Sweep
from explorer.looks.pair import comparison


@dataclass(frozen=True)
class Step:
    """What an arm gains over another, on the same images and seeds; `adjusted` is Holm's p-value among all of them."""

    arm: str
    base: str
    difference: Together
    adjusted: float

    @property
    def shown(self) -> bool:
        """Whether there is a difference, also when it is taken into account how many were looked for."""
        return self.adjusted < LEVEL


def gain(sweep: Sweep, arm: str, base: str, predictions_of: PredictionsOf) -> Together | None:
    """The arm over the base, from the seeds that both have finished; None where there are none. Runs that were tested on other
    images or labels than the first pair (the set changed meanwhile) are left out."""
    one, two = ({c.planned.seed: c.finished for c in sweep.cells if c.planned.arm == name} for name in (base, arm))
    pairs = [(a, b) for seed, b in two.items() if (a := one.get(seed)) and b]
    told = [(predictions_of(a.id), predictions_of(b.id)) for a, b in pairs]
    same = [(a, b) for a, b in told if comparison.alike(told[0][0], a, b)]
    if not same:
        return None
    rows = np.array([b.right.astype(np.float64) - a.right.astype(np.float64) for a, b in same])
    return together(rows, same[0][0].groups)


def against(sweep: Sweep, bases: Mapping[str, str], predictions_of: PredictionsOf) -> tuple[Step, ...]:
    """Every arm over its base (`bases`: arm → base), where both have results: corrected for all of them together (Holm)."""
    raw = [(arm, base, found) for arm, base in bases.items() if (found := gain(sweep, arm, base, predictions_of))]
    adjusted = holm([found.p_value for *_, found in raw])
    return tuple(Step(arm, base, found, p) for (arm, base, found), p in zip(raw, adjusted, strict=True))

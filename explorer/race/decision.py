"""What a finished race says to do: which two arms to hold against each other, and what follows."""

import math
from dataclasses import dataclass

import numpy as np

from explorer.evidence import Together, images_needed, together
from explorer.race.arms import MOST_SEEDS
from explorer.race.races import Arm, Race
from explorer.recipe import Recipe

MANY = 100_000
"""Test images beyond which a difference counts as too small to be settled."""


@dataclass(frozen=True)
class Decision:
    """`leader` (B) against `base` (A), the cheapest arm: what all seeds say together of B - A on test, and the test images
    `needed` to show a difference of that size (None where none was seen, or more than MANY). `ahead` says whether B leads on
    validation."""

    base: Arm
    leader: Arm
    difference: Together
    needed: int | None
    ahead: bool

    @property
    def taken(self) -> Arm:
        """The arm to take: B where it is shown to be better, else the cheaper one."""
        return self.leader if self.difference.shown and self.difference.value > 0 else self.base

    @property
    def times(self) -> float | None:
        """By how much longer B took; None where that is not known."""
        a, b = (arm.over("seconds", "total") for arm in (self.base, self.leader))
        return b.mean / a.mean if a and b and a.mean else None

    @property
    def memory(self) -> float | None:
        """Bytes that B needed more than A at the most (negative: less); None where that is not known."""
        a, b = (arm.over("peak_memory") for arm in (self.base, self.leader))
        return b.high - a.high if a and b else None


def contenders(race: Race) -> tuple[Arm, Arm] | None:
    """The cheapest arm (fewest learned weights, then seconds) on pre-trained weights, and of the others that share a finished
    seed with it the one that is best on *validation*: chosen there, so that the test images say something new. None where there
    is no such pair yet."""
    ready = [arm for arm in race.arms if arm.finished]
    if not ready:
        return None
    base = min(ready, key=_cost)
    others = [arm for arm in ready if arm is not base and set(arm.finished) & set(base.finished)]
    if not others:
        return None
    return base, max(others, key=lambda arm: arm.validation or 0.0)


def _cost(arm: Arm) -> tuple[bool, float, float]:
    learned, seconds = arm.over("parameters", "learned"), arm.over("seconds", "total")
    return arm.recipe.drawn, learned.mean if learned else math.inf, seconds.mean if seconds else math.inf


def decide(base: Arm, leader: Arm, gains: np.ndarray, groups: np.ndarray | None = None) -> Decision:
    """What follows from the gains (s, n) of `leader` over `base`: 1 where it alone is right, -1 where the other one is; images
    may come in `groups` (n,).

    The images needed are worked out from the mean discordant share and the mean difference, as for one seed; where images come
    in groups they are more by as much as the interval's square for other groups is.
    """
    found = together(gains, groups)
    needed = images_needed(found.discordant, found.value)
    if needed is not None and found.others is not None and found.high > found.low:
        needed = math.ceil(needed * max(1.0, ((found.others[1] - found.others[0]) / (found.high - found.low)) ** 2))
    if needed is not None and needed > MANY:
        needed = None
    return Decision(base, leader, found, needed, (leader.validation or 0.0) > (base.validation or 0.0))


def further_seeds(race: Race, most: int = 2) -> list[Recipe]:
    """The recipes of up to so many more seeds, for every arm; none where the race has as many as it may."""
    first = max(race.seeds) + 1
    more = range(first, first + min(most, MOST_SEEDS - len(race.seeds)))
    return [arm.recipe.model_copy(update={"seed": seed}) for seed in more for arm in race.arms]

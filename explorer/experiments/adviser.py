"""What to try before any run: from the number of images, a short probe, and the distance to the source.

The rules come from a table of measured draws (docs/adviser.csv, made by benchmarks/adviser.py); each says in how many of those
draws its pick was level with the best strategy there.
"""

from dataclasses import dataclass

from explorer.evidence import Paired, holm
from explorer.evidence.shares import Score
from explorer.training.question import FAR, NEAR

ARMS = ("linear_probe", "best_stage", "bn_only", "full")
"""The strategies that the adviser chooses among: those of the table."""
SURE = 0.05
MANY = 25
"""Images per class from which on tuning is advised on sets far from the source."""
ROOM = 0.95
"""What a probe may get right at most for tuning to be worth a try."""


@dataclass(frozen=True, kw_only=True)
class Signs:
    """What is known of a set before any run: training images per class, classes, what a probe gets right on validation images,
    the earlier stage at which a probe is best, with how many images it fixes and breaks there and p (Holm's, among all earlier
    stages), and the distance to the source in nats (None where the backbone has no statistics)."""

    per_class: float
    classes: int
    probe: Score
    early: str = ""
    fixed: int = 0
    broken: int = 0
    p_value: float = 1.0
    distance: float | None = None

    @property
    def early_gain(self) -> float:
        """What the earlier stage gains on validation images, in [-1, 1]."""
        return (self.fixed - self.broken) / self.probe.n if self.probe.n else 0.0


@dataclass(frozen=True)
class Rule:
    """One rule: when it holds, what it takes, and what should be run beside it. `level` of `draws` in the table were level with
    the best strategy there."""

    name: str
    when: str
    take: str
    rival: str
    level: int = 0
    draws: int = 0


RULES: dict[str, Rule] = {
    row.name: row
    for row in (
        Rule("early", "a probe at an earlier stage is shown to be better", "best_stage", "linear_probe"),
        Rule("easy", "the probe leaves nothing to gain", "linear_probe", "best_stage"),
        Rule("far", "the set is far from the source, and there are images to tune with", "full", "best_stage", 3, 3),
        Rule("few", "there are few images, or nothing says that tuning pays", "linear_probe", "best_stage", 15, 16),
        Rule("near", "the set is near the source", "linear_probe", "best_stage", 5, 5),
    )
}


def rule_for(signs: Signs) -> Rule:
    """The first rule that holds, from the top."""
    far = signs.distance is not None and signs.distance >= FAR
    if signs.probe.accuracy >= ROOM:
        name = "easy"
    elif far and signs.per_class >= MANY:
        name = "far"
    elif signs.p_value < SURE and signs.early_gain > 0:
        name = "early"
    elif signs.distance is not None and signs.distance < NEAR:
        name = "near"
    else:
        name = "few"
    return RULES[name]


def earlier(rights: dict[str, tuple[int, int]]) -> tuple[str, int, int, float]:
    """Of earlier stages → (fixed, broken) against the last one: the best, its counts, and p (exact McNemar, Holm's over all of
    them); nothing where there is none."""
    if not rights:
        return "", 0, 0, 1.0
    names = list(rights)
    adjusted = dict(zip(names, holm([Paired(0, *rights[name], 0).p_value for name in names]), strict=True))
    best = max(names, key=lambda name: rights[name][0] - rights[name][1])
    return best, *rights[best], adjusted[best]

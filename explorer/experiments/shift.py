"""A shift test: what strategies are worth on test images unlike those they learned from, beside what they are worth on those."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from explorer.evidence import Together, holm, together
from explorer.experiments.budget import LEVEL, PredictionsOf
from explorer.experiments.cells import Sweep
from explorer.looks.pair import comparison
from explorer.race.races import Spread, spread


@dataclass(frozen=True, kw_only=True)
class Spoilt:
    """Which test images `rows` (n,) of a run it gets `right` (kinds, severities, n): by kind of shift, and by severity from
    0, the clean images."""

    run: str
    kinds: tuple[str, ...]
    rows: np.ndarray
    right: np.ndarray

    def at(self, kind: str, severity: int) -> np.ndarray:
        """(n,) bool."""
        return self.right[self.kinds.index(kind), severity]


@dataclass(frozen=True)
class Held:
    """One arm on clean (`inside`) and corrupted images (`outside`), accuracy over seeds in [0, 1] on n images; and what it
    gains over the first arm on each, p-values Holm's over all arms and both."""

    arm: str
    inside: Spread
    outside: Spread
    n: int
    over_inside: Together | None = None
    over_outside: Together | None = None
    p_inside: float = 1.0
    p_outside: float = 1.0

    @property
    def drop(self) -> float:
        """What the shift costs, in [-1, 1]."""
        return self.inside.mean - self.outside.mean

    @property
    def turned(self) -> bool:
        """Whether it is shown to be better than the first arm inside, and shown to be worse outside."""
        inside, outside = self.over_inside, self.over_outside
        both = self.p_inside < LEVEL and self.p_outside < LEVEL and inside is not None and outside is not None
        return both and inside.value > 0 > outside.value  # type: ignore[union-attr]


Answers = Mapping[str, Spoilt]
"""A run's id → what it gets right of corrupted images."""


def lines(sweep: Sweep, found: Answers, kind: str) -> dict[str, tuple[Spread, ...]]:
    """Arm → its accuracy at every severity from 0, over the seeds that were scored; arms without any are left out."""
    told = {}
    for arm, by_seed in _by_arm(sweep, found).items():
        if by_seed:
            rows = np.array([one.right[one.kinds.index(kind)].mean(axis=1) for one in by_seed.values()])
            told[arm] = tuple(s for column in rows.T if (s := spread(column.tolist())))
    return told


def held(sweep: Sweep, found: Answers, kind: str, severity: int, predictions_of: PredictionsOf) -> tuple[Held, ...]:
    """Every arm inside and outside, against the first one; groups of images count as in their runs. Runs that were
    scored on other images or labels than the first pair (the set changed meanwhile) are left out of what is gained."""
    by_arm = _by_arm(sweep, found)
    base = by_arm.get(sweep.arms[0], {})
    raw: list[tuple[str, Together | None, Together | None]] = []
    for arm, by_seed in by_arm.items():
        pairs = [(base[seed], one) for seed, one in by_seed.items() if seed in base and arm != sweep.arms[0]]
        pairs = [(a, b) for a, b in pairs if _same(pairs[0][0], a, b, predictions_of)]
        if not pairs:
            raw.append((arm, None, None))
            continue
        groups = predictions_of(pairs[0][0].run).groups
        groups = None if groups is None else groups[pairs[0][0].rows]
        inside, outside = (
            together(np.array([b.at(kind, s).astype(float) - a.at(kind, s) for a, b in pairs]), groups)
            for s in (0, severity)
        )
        raw.append((arm, inside, outside))
    adjusted = iter(holm([one.p_value for _, *both in raw for one in both if one]))
    rows = []
    for arm, inside, outside in raw:
        seeds = by_arm[arm].values()
        accuracy = [spread([float(one.at(kind, s).mean()) for one in seeds]) for s in (0, severity)]
        p_values = (next(adjusted), next(adjusted)) if inside and outside else (1.0, 1.0)
        if accuracy[0] and accuracy[1]:
            n = len(next(iter(seeds)).rows)
            rows.append(Held(arm, accuracy[0], accuracy[1], n, inside, outside, *p_values))
    return tuple(rows)


def _same(first: Spoilt, a: Spoilt, b: Spoilt, predictions_of: PredictionsOf) -> bool:
    """Whether A and B were scored on the images that the first was scored on, under the same labels."""
    rows = all(np.array_equal(first.rows, one.rows) for one in (a, b))
    return rows and comparison.alike(*(predictions_of(one.run) for one in (first, a, b)))


def _by_arm(sweep: Sweep, found: Answers) -> dict[str, dict[int, Spoilt]]:
    """Arm → seed → answer, of those that are there."""
    by_arm: dict[str, dict[int, Spoilt]] = {arm: {} for arm in sweep.arms}
    for cell in sweep.cells:
        if cell.finished and (one := found.get(cell.finished.id)):
            by_arm[cell.planned.arm][cell.planned.seed] = one
    return by_arm


def turned_words(rows: tuple[Held, ...], titles: Mapping[str, str]) -> str:
    """Which arms gain inside and lose outside, in a sentence; what is not shown is said too."""
    turned = [titles[row.arm] for row in rows if row.turned]
    first = titles[rows[0].arm] if rows else ""
    if turned:
        return (
            f"**{' and '.join(turned)}** gains on images like the training images and loses on corrupted ones, against {first}: "
            "tuning bent features that the shift needs (Kumar et al. 2022, arXiv 2202.10054)."
        )
    worse = [
        titles[row.arm] for row in rows if row.over_outside and row.p_outside < LEVEL and row.over_outside.value < 0
    ]
    better = [
        titles[row.arm] for row in rows if row.over_outside and row.p_outside < LEVEL and row.over_outside.value > 0
    ]
    if not worse and not better:
        return f"No difference from {first} shown on the corrupted images."
    said = [f"better than {first}: {', '.join(better)}"] * bool(better) + [f"worse: {', '.join(worse)}"] * bool(worse)
    found = f"Shown on the corrupted images: {'; '.join(said)}."
    return f"{found} Nothing is shown to gain on one kind of image and lose on the other."

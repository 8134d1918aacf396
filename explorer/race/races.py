"""A race: runs of several strategies on the same images with the same seeds; grouped, averaged, paired.

A strategy may take part in variants (BatchNorm mode, augmentation, rates, backbone); each is an arm of its own.
"""

import re
import secrets
import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from explorer import evidence
from explorer.catalogue import STRATEGIES
from explorer.evidence import Paired
from explorer.evidence.many import p_digits
from explorer.race.arms import arm_name
from explorer.recipe import Recipe
from explorer.runs import FinishedRun, KnownRun, Run, known
from explorer.runs.life import ENDED_EARLY, LIVE
from explorer.runs.steps import fact, steps

_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{4}")


def new_id() -> str:
    """The name of a new race: the time, then four random hexadecimal digits."""
    return f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"


@dataclass(frozen=True)
class Spread:
    """Mean, lowest and highest of `n` values, and their sample standard deviation (None for one value)."""

    n: int
    mean: float
    deviation: float | None
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread | None:
    """The spread of some values; None of none. s² = Σ(x - mean)² / (n - 1)."""
    if not values:
        return None
    deviation = statistics.stdev(values) if len(values) > 1 else None
    return Spread(len(values), statistics.fmean(values), deviation, min(values), max(values))


@dataclass(frozen=True)
class Arm:
    """One strategy of a race, in one variant: its run for each seed (where it was run again: the one that counts, see
    `gather`). `name` is the strategy's, with what is not the usual behind it (`arm_name`)."""

    name: str
    recipe: Recipe
    runs: Mapping[int, KnownRun]

    @property
    def finished(self) -> dict[int, FinishedRun]:
        """Seed → run of those that have a test score."""
        return {seed: run for seed, run in self.runs.items() if isinstance(run, FinishedRun) and run.test}

    @property
    def accuracy(self) -> Spread | None:
        """Test accuracy over the seeds that finished, in [0, 1]."""
        return spread([run.test.accuracy for run in self.finished.values() if run.test])

    @property
    def validation(self) -> float | None:
        """Mean accuracy on validation images in the epochs that are kept, over the seeds that finished; None where none has."""
        found = [
            run.epochs[chosen - 1].val.accuracy
            for run in self.finished.values()
            if (chosen := int(fact(run, "chosen_epoch") or 0)) and chosen <= len(run.epochs)
        ]
        return statistics.fmean(found) if found else None

    @property
    def balanced(self) -> Spread | None:
        """Balanced test accuracy over the seeds that recorded one."""
        return spread([run.balanced.value for run in self.finished.values() if run.balanced])

    @property
    def steps(self) -> Spread | None:
        """Steps over the seeds that finished."""
        return spread([n for run in self.finished.values() if (n := steps(run)) is not None])

    @property
    def clean(self) -> bool | None:
        """Whether every freeze audit is clean; None where there is none yet."""
        found = [run.clean for run in self.finished.values() if run.clean is not None]
        return all(found) if found else None

    def over(self, *path: str) -> Spread | None:
        """The spread of a recorded fact, e.g. `over("seconds", "total")`, over the seeds that finished and have it."""
        return spread([value for run in self.finished.values() if (value := fact(run, *path)) is not None])


@dataclass(frozen=True)
class Race:
    """Some strategies × some seeds. `arms` in the catalogue's order; `runs` in the order in which they were queued."""

    id: str
    arms: tuple[Arm, ...]
    seeds: tuple[int, ...]
    runs: tuple[KnownRun, ...]

    @property
    def recipe(self) -> Recipe:
        """The first one on pre-trained weights, if any: what all share is to be read from it."""
        return next((arm.recipe for arm in self.arms if not arm.recipe.drawn), self.arms[0].recipe)

    @property
    def live(self) -> bool:
        """Whether anything may still change by itself."""
        return any(run.state in LIVE for run in self.runs)

    @property
    def finished(self) -> int:
        """How many runs have a test score."""
        return sum(len(arm.finished) for arm in self.arms)

    @property
    def size(self) -> int:
        """Strategies times seeds."""
        return len(self.arms) * len(self.seeds)

    @property
    def missing(self) -> tuple[tuple[Recipe, KnownRun | None], ...]:
        """What has no result and will get none by itself, seed by seed: its recipe, and the run that failed, if any."""
        cells = ((arm, seed, arm.runs.get(seed)) for seed in self.seeds for arm in self.arms)
        return tuple(
            (arm.recipe.model_copy(update={"seed": seed}), run)
            for arm, seed, run in cells
            if run is None or run.state in ENDED_EARLY
        )


def gather(race: str, runs: Iterable[Run]) -> Race | None:
    """The race that these runs make; None where none of them is readable.

    Of several runs of one arm and seed the finished one counts, else one under way, else the latest.
    """
    found = sorted(known(runs), key=lambda run: (run.created, run.id))
    several = len({run.recipe.backbone for run in found}) > 1
    cells: dict[str, dict[int, KnownRun]] = {}
    plans: dict[str, Recipe] = {}
    for run in found:
        name = arm_name(run.recipe, several)
        plans.setdefault(name, run.recipe)
        row = cells.setdefault(name, {})
        pair = (row.get(run.recipe.seed, run), run)
        row[run.recipe.seed] = max(pair, key=lambda r: (isinstance(r, FinishedRun), r.state in LIVE, r.created))
    names = sorted(cells, key=lambda name: (list(STRATEGIES).index(plans[name].strategy), name))
    arms = [Arm(name, plans[name], dict(sorted(cells[name].items()))) for name in names]
    seeds = sorted({seed for row in cells.values() for seed in row})
    counted = {run.id for arm in arms for run in arm.runs.values()}
    return Race(race, tuple(arms), tuple(seeds), tuple(r for r in found if r.id in counted)) if arms else None


def listing(runs: Iterable[Run]) -> list[Race]:
    """All races among some runs, the latest first."""
    members: dict[str, list[Run]] = {}
    for run in runs:
        name = run.facts.get("race")
        if isinstance(name, str) and _ID.fullmatch(name):
            members.setdefault(name, []).append(run)
    found = [race for name, group in members.items() if (race := gather(name, group))]
    return sorted(found, key=lambda race: race.id, reverse=True)


def verdict(tests: Sequence[Paired], level: float = 0.05) -> str:
    """One sentence on B against A over all seeds.

    A difference is shown only where the test of each seed shows it, and all point the same way. That needs no
    independence (Berger 1982, Technometrics 24:295: the intersection-union test), which is wanting here: seeds share their
    test images, so their counts must not be added up.
    """
    if len(tests) == 1:
        return evidence.verdict(tests[0].fixed, tests[0].broken, level)
    every, none = (
        ("both", "either seed") if len(tests) == 2 else (f"all {len(tests)}", f"any of the {len(tests)} seeds")
    )
    shown = [t for t in tests if t.p_value < level]
    better = {"B": sum(t.fixed > t.broken for t in shown), "A": sum(t.fixed < t.broken for t in shown)}
    for name, number in better.items():
        if number == len(tests):
            most = max(t.p_value for t in tests)
            return f"{name} is better on these images with {every} seeds (p ≤ {p_digits(most)}, exact McNemar tests)."
    if not shown:
        least = min(t.p_value for t in tests)
        return f"No difference shown with {none} (p ≥ {p_digits(least)}, exact McNemar tests)."
    parts = ", ".join(f"{name} is better with {number}" for name, number in better.items() if number)
    return (
        f"No difference shown that holds for {every} seeds: taken one by one, {parts} of them (p < {level:g}, exact "
        f"McNemar test)."
    )

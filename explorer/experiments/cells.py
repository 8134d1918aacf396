"""The cells of a plan and the runs that fill them: found by the fingerprint of the recipe, whoever trained them and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from explorer.experiments.plan import Plan, Planned
from explorer.recipe import Recipe
from explorer.runs import FinishedRun, KnownRun, Run
from explorer.runs import known as readable
from explorer.runs.life import ENDED_EARLY, LIVE


@dataclass(frozen=True)
class Cell:
    """A planned cell and the run that counts: a finished one, else one under way, else the latest; None where there is none."""

    planned: Planned
    run: Run | None

    @property
    def finished(self) -> FinishedRun | None:
        """The run, where it has a test score."""
        return self.run if isinstance(self.run, FinishedRun) and self.run.test else None

    @property
    def live(self) -> bool:
        """Whether it may still get a result by itself."""
        return self.run is not None and self.run.state in LIVE

    @property
    def missing(self) -> bool:
        """Whether it has no result and will get none by itself."""
        return self.run is None or self.run.state in ENDED_EARLY


@dataclass(frozen=True)
class Sweep:
    """A plan with what is known of each of its cells."""

    plan: Plan
    cells: tuple[Cell, ...]

    @property
    def finished(self) -> int:
        """How many cells have a result."""
        return sum(cell.finished is not None for cell in self.cells)

    @property
    def live(self) -> bool:
        """Whether anything may still change by itself."""
        return any(cell.live for cell in self.cells)

    @property
    def missing(self) -> tuple[Cell, ...]:
        """The cells that have no result and will get none by itself."""
        return tuple(cell for cell in self.cells if cell.missing)

    @property
    def arms(self) -> tuple[str, ...]:
        """What is compared, in the plan's order."""
        return tuple(dict.fromkeys(cell.planned.arm for cell in self.cells))

    def recipe(self, arm: str) -> Recipe:
        """A recipe of the arm: the first cell's."""
        return next(cell.planned.recipe for cell in self.cells if cell.planned.arm == arm)


def fill(wanted: Plan, known: Iterable[Run]) -> Sweep:
    """The plan's cells with their runs among those known. Sample runs do not count: their seconds are another machine's."""
    by_recipe: dict[str, KnownRun] = {}
    for run in readable(known):
        if run.sample:
            continue
        name = fingerprint(run.recipe)
        by_recipe[name] = max((by_recipe.get(name, run), run), key=_rank)
    return Sweep(wanted, tuple(Cell(cell, by_recipe.get(fingerprint(cell.recipe))) for cell in planned(wanted)))


def refresh(sweep: Sweep, now: Sequence[Run | None]) -> Sweep:
    """The same cells with their runs as they are now."""
    return Sweep(sweep.plan, tuple(Cell(cell.planned, run) for cell, run in zip(sweep.cells, now, strict=True)))


@lru_cache(maxsize=16)
def planned(wanted: Plan) -> tuple[Planned, ...]:
    """The plan's cells; made once, since a page that follows asks each second."""
    return wanted.cells


@lru_cache(maxsize=8192)
def fingerprint(recipe: Recipe) -> str:
    """The recipe's own, computed once."""
    return recipe.fingerprint


def _rank(run: Run) -> tuple[bool, bool, float]:
    return isinstance(run, FinishedRun), run.state in LIVE, run.created

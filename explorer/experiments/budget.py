"""What a data budget says: learning curves, differences at each size, where curves cross, and what follows for N images."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from explorer.evidence import Crossing, Together, crossing, holm, together
from explorer.experiments.cells import Cell, Sweep
from explorer.looks.pair import comparison
from explorer.race.races import Spread, spread
from explorer.runs import FinishedRun, Predictions
from explorer.runs.steps import fact

PredictionsOf = Callable[[str], Predictions]
"""A run's id → what it said of its test images."""
LEVEL = 0.05


@dataclass(frozen=True)
class Point:
    """One arm at one size: `images` per class that it really learned from, its test accuracy over the seeds that finished, and
    `n` test images."""

    images: float
    scores: Mapping[int, float]
    n: int
    interval: tuple[float, float]

    @property
    def accuracy(self) -> Spread:
        """Over seeds."""
        return spread([*self.scores.values()]) or Spread(0, 0.0, None, 0.0, 0.0)

    @property
    def band(self) -> tuple[float, float]:
        """From the lowest seed to the highest; of one seed its 95 % Wilson interval."""
        return self.interval if len(self.scores) == 1 else (self.accuracy.low, self.accuracy.high)


@dataclass(frozen=True)
class Contrast:
    """B - A at one size, over the seeds that both have finished; `adjusted` is Holm's p-value among all asked at once."""

    arm: str
    images: float
    difference: Together
    adjusted: float = 1.0

    @property
    def shown(self) -> bool:
        """Whether there is a difference, also when it is taken into account how many were looked for."""
        return self.adjusted < LEVEL


def base_of(sweep: Sweep) -> str:
    """The arm that the others are held against: the first, which is the linear probe where it takes part."""
    return sweep.arms[0]


def curves(sweep: Sweep) -> dict[str, tuple[Point, ...]]:
    """Arm → its points, the smallest size first; arms without a result have none."""
    found: dict[str, tuple[Point, ...]] = {}
    for arm in sweep.arms:
        points = [point(cells) for cells in _by_size(sweep, arm).values()]
        found[arm] = tuple(sorted((p for p in points if p), key=lambda p: p.images))
    return found


def point(cells: Sequence[Cell]) -> Point | None:
    """The point that the cells of one arm and size make; None before the first has finished."""
    runs = {cell.planned.seed: run for cell in cells if (run := cell.finished)}
    scores = {seed: run.test for seed, run in runs.items() if run.test}
    if not scores:
        return None
    first = next(iter(scores.values()))
    accuracies = {seed: score.accuracy for seed, score in scores.items()}
    return Point(images_per_class(next(iter(runs.values()))), accuracies, first.n, (first.low, first.high))


def images_per_class(run: FinishedRun) -> float:
    """The training images that a run learned from, by class on average: fewer than asked for where classes have fewer."""
    count, classes = fact(run, "counts", "train"), run.facts.get("classes")
    return float(count) / len(classes) if count and classes else float(run.recipe.per_class or 1)


def _by_size(sweep: Sweep, arm: str) -> dict[int | None, list[Cell]]:
    found: dict[int | None, list[Cell]] = {}
    for cell in sweep.cells:
        if cell.planned.arm == arm:
            found.setdefault(cell.planned.size, []).append(cell)
    return found


@dataclass(frozen=True)
class Gains:
    """B - A, image by image: `at` each size (images per class, rising) seed → gains (n,), and the groups (n,) of images."""

    arm: str
    at: Mapping[float, Mapping[int, np.ndarray]]
    groups: np.ndarray | None

    def over(self, images: float) -> np.ndarray:
        """The gains (s, n) at a size that was measured."""
        return np.array([*self.at[images].values()])

    def whole(self) -> np.ndarray:
        """The gains (k, s, n) at all sizes, of the seeds that have all of them; (k, 0, n) where none has."""
        seeds = set.intersection(*(set(by_seed) for by_seed in self.at.values())) if self.at else set()
        return np.array([[by_seed[seed] for seed in sorted(seeds)] for by_seed in self.at.values()])

    def between(self, images: float) -> np.ndarray | None:
        """The gains (s, n) at any size between the smallest and the largest: on straight lines over the logarithm of the size.
        None beyond them, or where its neighbours share no seed."""
        sizes = [*self.at]
        if not sizes or not sizes[0] <= images <= sizes[-1]:
            return None
        right = next(i for i, size in enumerate(sizes) if size >= images)
        if sizes[right] == images:
            return self.over(images)
        low, high = sizes[right - 1], sizes[right]
        share = math.log(images / low) / math.log(high / low)
        seeds = sorted(set(self.at[low]) & set(self.at[high]))
        if not seeds:
            return None
        return np.array([(1 - share) * self.at[low][seed] + share * self.at[high][seed] for seed in seeds])


def gains(sweep: Sweep, arm: str, predictions_of: PredictionsOf) -> Gains:
    """The arm against the base, from what their runs said of the same test images; runs that were tested on others, or
    under other labels (the set changed meanwhile), are left out."""
    base, mine = _by_size(sweep, base_of(sweep)), _by_size(sweep, arm)
    found: dict[float, dict[int, np.ndarray]] = {}
    first: Predictions | None = None
    for size, cells in mine.items():
        of_base = {cell.planned.seed: cell.finished for cell in base.get(size, [])}
        for cell in cells:
            one, two = of_base.get(cell.planned.seed), cell.finished
            if one is None or two is None:
                continue
            a, b = predictions_of(one.id), predictions_of(two.id)
            first = first or a
            if comparison.alike(first, a, b):
                row = b.right.astype(np.float64) - a.right.astype(np.float64)
                found.setdefault(images_per_class(two), {})[cell.planned.seed] = row
    return Gains(arm, dict(sorted(found.items())), first.groups if first else None)


def contrasts(all_gains: Sequence[Gains]) -> tuple[Contrast, ...]:
    """Every arm against the base at every size, corrected for all of them together (Holm)."""
    raw = [(one.arm, images, together(one.over(images), one.groups)) for one in all_gains for images in one.at]
    adjusted = holm([found.p_value for _, _, found in raw])
    return tuple(Contrast(*row, p) for row, p in zip(raw, adjusted, strict=True))


def crossing_of(one: Gains) -> Crossing | None:
    """Where the arm overtakes the base for good; None before there are two sizes with a seed in common."""
    cube = one.whole()
    return crossing([*one.at], cube, one.groups) if len(one.at) > 1 and cube.ndim == 3 and cube.shape[1] else None


@dataclass(frozen=True)
class Choice:
    """What follows for so many images per class: the arm to take, its accuracy (mean and deviation over seeds, on a straight line
    between the sizes measured), and every arm against the base, corrected."""

    images: float
    taken: str
    accuracy: float
    deviation: float | None
    contrasts: tuple[Contrast, ...]


def choose(sweep: Sweep, all_gains: Sequence[Gains], images: float) -> Choice | None:
    """The base, unless another arm is shown to be better: then the best of those. None where the size lies outside those that
    the base has been measured at."""
    raw = [(one, rows) for one in all_gains if (rows := one.between(images)) is not None]
    tests = [together(rows, one.groups) for one, rows in raw]
    adjusted = holm([test.p_value for test in tests])
    found = [Contrast(one.arm, images, t, p) for (one, _), t, p in zip(raw, tests, adjusted, strict=True)]
    better = [row for row in found if row.shown and row.difference.value > 0]
    taken = max(better, key=lambda row: row.difference.value).arm if better else base_of(sweep)
    line = interpolated(curves(sweep)[taken], images)
    return Choice(images, taken, *line, tuple(found)) if line else None


def interpolated(points: Sequence[Point], images: float) -> tuple[float, float | None] | None:
    """Mean accuracy and its deviation over seeds at any size between the smallest and the largest; None beyond."""
    if not points or not points[0].images <= images <= points[-1].images:
        return None
    right = next(i for i, p in enumerate(points) if p.images >= images)
    high = points[right]
    if high.images == images:
        return high.accuracy.mean, high.accuracy.deviation
    low = points[right - 1]
    share = math.log(images / low.images) / math.log(high.images / low.images)
    seeds = sorted(set(low.scores) & set(high.scores))
    found = spread([(1 - share) * low.scores[seed] + share * high.scores[seed] for seed in seeds])
    return (found.mean, found.deviation) if found else None

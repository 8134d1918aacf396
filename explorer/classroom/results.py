"""The class's results: the accuracies of all visitors' runs on one data set, by strategy, without names."""

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from explorer import workspaces
from explorer.catalogue import STRATEGIES
from explorer.catalogue.datasets import short
from explorer.catalogue.weights import drawn_words
from explorer.runs import FinishedRun, Run


@dataclass(frozen=True)
class Row:
    """One strategy: the test accuracies of its runs in [0, 1], lowest first, and of how many visitors they are."""

    label: str
    learns: bool
    random: bool
    accuracies: tuple[float, ...]
    visitors: int

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.accuracies)


@dataclass(frozen=True)
class ClassResults:
    """All finished runs on one data set with one backbone; `images` is the number of test images, None where the runs differ in
    it; `visitors` have finished one, `tuned` of them one in which a stage learned."""

    title: str
    rows: tuple[Row, ...]
    images: int | None
    visitors: int
    tuned: int

    @property
    def runs(self) -> int:
        """How many runs."""
        return sum(len(row.accuracies) for row in self.rows)


def whose() -> dict[str, str]:
    """Run → the workspace that it belongs to."""
    return {run: mark for mark in workspaces.every() for run in workspaces.owned(mark, "runs")}


def class_results(known: Iterable[Run], owners: Mapping[str, str]) -> list[ClassResults]:
    """What visitors have found out, the data set and backbone with most runs first; without sample runs and those of nobody."""
    theirs = [run for run in known if isinstance(run, FinishedRun) and run.test and not run.sample and run.id in owners]
    kinds = Counter((run.recipe.dataset, run.recipe.backbone) for run in theirs)
    of_kind = {kind: [run for run in theirs if (run.recipe.dataset, run.recipe.backbone) == kind] for kind in kinds}
    return [_of_kind(of_kind[kind], owners) for kind, _ in kinds.most_common()]


def _of_kind(found: list[FinishedRun], owners: Mapping[str, str]) -> ClassResults:
    recipe = found[0].recipe
    groups: dict[tuple[int, str], list[FinishedRun]] = {}
    for run in found:
        start = drawn_words(run.recipe.weights)
        groups.setdefault((list(STRATEGIES).index(run.recipe.strategy), start), []).append(run)
    rows = tuple(_row(group, owners) for _, group in sorted(groups.items()))
    counts = {run.test.n for run in found if run.test}
    tuned = {owners[run.id] for run in found if run.recipe.tuned}
    return ClassResults(
        f"{short(recipe.dataset)} · {recipe.row.title.removesuffix(' (built in)')}",
        rows,
        counts.pop() if len(counts) == 1 else None,
        len({owners[run.id] for run in found}),
        len(tuned),
    )


def _row(group: list[FinishedRun], owners: Mapping[str, str]) -> Row:
    recipe = group[0].recipe
    start = f", {drawn_words(recipe.weights)}" if recipe.drawn and recipe.strategy != "from_scratch" else ""
    title = STRATEGIES[recipe.strategy].title.split(" (")[0]
    scores = tuple(sorted(run.test.accuracy for run in group if run.test))
    return Row(title + start, recipe.tuned, recipe.drawn, scores, len({owners[run.id] for run in group}))

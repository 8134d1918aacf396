"""How the default rates of explorer/catalogue/strategies.py were found: a walk over a coarse grid, for each strategy.

    python -m benchmarks.rates [--out FILE] [--strategy full …] [--dataset photo_patches …] [--data DIR …] [--seeds N]
        [--per-class N …] [--factors 3 0.3 …] [--head-factors 3 0.3 …]

From the present default each rate is tried at three times and at a third of its value, one at a time, and where several stages
learn, the other decay from stage to stage. What is clearly worse on the first seed is not run on the others. Where a neighbour
is better by more than the spread over seeds, the walk goes on from there. Judged by the epoch that a run keeps, on *validation*
images alone, those of a folder drawn anew with each seed: no test image has a say. With `--factors` there is no walk: the
backbone's default rate is run times each factor and the head's times each of `--head-factors`, one at a time, on every seed, and
the best is taken that beats the defaults by more than that spread. Prints a Markdown table and the rates to take. Each run is
one line of FILE (JSON), so that a benchmark that was cut off goes on where it ended.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from benchmarks.batchnorm import _loaded_once, rows
from benchmarks.report import footer, table
from explorer import recipe
from explorer.catalogue import STRATEGIES
from explorer.catalogue.backbones import backbone
from explorer.catalogue.strategies import strategy
from explorer.data import datasets
from explorer.models import devices
from explorer.training.compute import following, scoring
from explorer.training.compute.loop import train
from explorer.training.compute.preparing import prepare
from explorer.training.compute.scoring import Diverged, take_best

DECAYS = {"full": (1.0, 0.4), "gradual": (1.0, 0.4)}
CLEARLY_OUT = 0.03  # accuracy below the centre of the walk on the first seed
STEPS = 3  # of the walk, at most


class Rates(NamedTuple):
    """Head, backbone (0: none learns), and the factor from one learning stage to the next towards the input."""

    head: float
    backbone: float
    decay: float

    def scaled(self, head: float, backbone: float) -> "Rates":
        """Times these factors, to one digit."""
        return Rates(float(f"{self.head * head:.0e}"), float(f"{self.backbone * backbone:.0e}"), self.decay)

    def __str__(self) -> str:
        decay = f", decay {self.decay:g}" if self.decay != 1 else ""
        return f"{self.head:g} / {self.backbone:g}{decay}" if self.backbone else f"{self.head:g}"


@dataclass
class Walk:
    """The walk of one strategy: validation accuracy, `right[rates][source]` one a seed."""

    name: str
    common: dict[str, object]
    sources: dict[str, dict[str, object]]
    seeds: int
    out: Path | None = None
    factors: tuple[tuple[float, float], ...] = ()  # of the head's rate and the backbone's
    right: dict[Rates, dict[str, list[float]]] = field(default_factory=dict)

    @property
    def start(self) -> Rates:
        """The rates that the strategy starts from on this backbone."""
        row = strategy(self.name)
        return Rates(row.head_rate, backbone(str(self.common["backbone"])).rate(row), row.rate_decay)

    def go(self) -> Rates:
        """Walk, and return where it ends; or run the factors, and return the best that beats the default, else the default."""
        centre = self.start
        if self.factors:
            tried = [centre.scaled(*pair) for pair in self.factors]
            for rates in (centre, *tried):
                self.run(rates, self.seeds)
            best = max(tried, key=self.mean)
            return best if self.beats(best, centre) else centre
        for _ in range(STEPS):
            self.run(centre, self.seeds)
            for rates in neighbours(self.name, centre):
                self.run(rates, 1)
                if self.difference(rates, centre)[0] > -CLEARLY_OUT:
                    self.run(rates, self.seeds)
            better = [r for r in self.whole() if self.beats(r, centre)]
            if not better:
                break
            centre = max(better, key=self.mean)
        return centre

    def run(self, rates: Rates, seeds: int) -> None:
        """Train on the seeds that are not done."""
        for source, choices in self.sources.items():
            done = self.right.setdefault(rates, {}).setdefault(source, [])
            for seed in range(len(done), seeds):
                done.append(self.stored(rates, source, choices, seed))

    def stored(self, rates: Rates, source: str, choices: dict[str, object], seed: int) -> float:
        """What `one` gives, from FILE if it is there, else carried out and written into it."""
        name = {"strategy": self.name, "rates": list(rates), "set": source, "seed": seed, **self.common}
        for row in rows(self.out) if self.out else ():
            if {k: row[k] for k in name} == name:
                return row["val"]
        val = self.one(rates, choices, seed)
        if self.out:
            with self.out.open("a") as file:
                file.write(json.dumps(name | {"val": val}) + "\n")
        return val

    def one(self, rates: Rates, choices: dict[str, object], seed: int) -> float:
        """The validation accuracy of the epoch that a run keeps, one of its last phase; 0 where the loss ran away."""
        values = {"head_rate": rates.head, "backbone_rate": rates.backbone, "rate_decay": rates.decay}
        wanted = recipe.make(**self.common, **choices, **values, strategy=self.name, seed=seed, split_seed=seed)
        session = prepare(wanted)
        try:
            epochs = list(train(session))
        except Diverged:
            return 0.0
        return epochs[take_best(session) - 1].val.accuracy

    def of_seeds(self, rates: Rates) -> list[float]:
        """Mean over the sources, one a seed."""
        return [statistics.mean(values) for values in zip(*self.right[rates].values(), strict=True)]

    def mean(self, rates: Rates) -> float:
        """Mean over sources and seeds."""
        return statistics.mean(self.of_seeds(rates))

    def whole(self) -> list[Rates]:
        """What was run on every seed."""
        return [rates for rates in self.right if len(self.of_seeds(rates)) == self.seeds]

    def difference(self, rates: Rates, other: Rates) -> tuple[float, float]:
        """Mean of what is gained over `other` on the same seeds, and its standard deviation over them."""
        pairs = zip(self.of_seeds(rates), self.of_seeds(other), strict=False)  # only as many seeds as both have
        gains = [mine - its for mine, its in pairs]
        return statistics.mean(gains), statistics.stdev(gains) if len(gains) > 1 else 0.0

    def beats(self, rates: Rates, other: Rates) -> bool:
        """Whether it is better by more than the spread over seeds."""
        gain, spread = self.difference(rates, other)
        return rates != other and gain > max(spread, 0.005)

    def rows(self, chosen: Rates) -> Iterator[tuple[str, ...]]:
        """The table's rows, best first."""
        for rates in sorted(self.right, key=lambda r: (-len(self.of_seeds(r)), -self.mean(r))):
            gain, spread = self.difference(rates, self.start)
            against = "" if rates == self.start else f"{100 * gain:+.1f} ± {100 * spread:.1f}"
            if len(self.of_seeds(rates)) < self.seeds:
                against = f"{100 * gain:+.1f} on one seed, clearly behind where the walk was"
            notes = ["default"] * (rates == self.start) + ["**chosen**"] * (rates == chosen)
            cells = [percent(values) for values in self.right[rates].values()]
            yield (f"`{self.name}`", str(rates), *cells, against, ", ".join(notes))


def neighbours(name: str, centre: Rates) -> list[Rates]:
    """Three times and a third of each rate; one rate for all from scratch; and the other decay."""
    if name == "from_scratch":
        return [centre.scaled(factor, factor) for factor in (3, 1 / 3)]
    near = [centre.scaled(factor, 1) for factor in (3, 1 / 3)]
    if centre.backbone:
        near += [centre.scaled(1, factor) for factor in (3, 1 / 3)]
    for decay in DECAYS.get(name, ()):
        if decay != centre.decay:  # the average rate of the stages stays about the same at another rate of the last one
            near += [centre._replace(decay=decay), centre.scaled(1, 3 if decay < 1 else 1 / 3)._replace(decay=decay)]
    return near


def percent(values: list[float]) -> str:
    """Mean ± standard deviation over seeds."""
    spread = f" ± {100 * statistics.stdev(values):.1f}" if len(values) > 1 else ""
    return f"{100 * statistics.mean(values):.1f}{spread}"


def arguments() -> argparse.Namespace:
    """The command line, read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [name for name in STRATEGIES if name != "custom"]
    parser.add_argument("--out", type=Path, help="a file of runs, to go on with")
    parser.add_argument("--strategy", nargs="+", choices=names, default=names)
    parser.add_argument("--backbone", default="resnet10")
    parser.add_argument("--weights", default="default")
    parser.add_argument("--data", nargs="*", default=[], help="folders with one sub-folder per class")
    parser.add_argument("--dataset", nargs="*", default=["photo_patches"])
    parser.add_argument(
        "--per-class", type=int, nargs="+", default=[25], help="images per class, all where there are fewer"
    )
    parser.add_argument("--factors", type=float, nargs="*", default=[], help="no walk: the backbone's rate times these")
    parser.add_argument("--head-factors", type=float, nargs="*", default=[], help="the same for the head's rate")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--input-size", type=int, help="pixels (default: the backbone's)")
    parser.add_argument("--seeds", type=int, default=3)
    return parser.parse_args()


def sources_of(given: argparse.Namespace) -> dict[str, dict[str, object]]:
    """Where images come from, by name; with several sizes, each set at each of them."""
    found: dict[str, dict[str, object]] = {name: {"dataset": name} for name in given.dataset}
    found |= {d.rstrip("/").rsplit("/", 1)[-1]: {"dataset": "folder", "data_dir": d} for d in given.data}
    if len(given.per_class) == 1:
        return found
    return {f"{name}, {n}": choices | {"per_class": n} for n in given.per_class for name, choices in found.items()}


def main() -> None:
    """Walk for every strategy."""
    given = arguments()
    devices.set_threads()
    following.SNAPSHOTS, scoring.RESCORED = 0, 32  # test features and scores of training images are not needed here
    sources = sources_of(given)
    common = {name: getattr(given, name) for name in ("backbone", "weights", "epochs", "input_size")}
    common |= {"per_class": given.per_class[0]} if len(given.per_class) == 1 else {}
    factors = tuple((1.0, own) for own in given.factors) + tuple((head, 1.0) for head in given.head_factors)
    columns = ("strategy", "head / backbone rate", *sources, f"against the default, {given.seeds} seeds", "")
    chosen = {}
    with tempfile.TemporaryDirectory() as home:
        os.environ["THAW_HOME"] = home  # leave no trace in the visitor's cache
        datasets.load = _loaded_once(datasets.load)  # what a set and a seed share is read or drawn once
        print(table(columns, ()))
        for name in given.strategy:
            walk = Walk(name, common, sources, given.seeds, given.out, factors)
            chosen[name] = walk.go()
            print("\n".join(f"| {' | '.join(row)} |" for row in walk.rows(chosen[name])), flush=True)
    print("\nValidation accuracy in percent, mean ± standard deviation over seeds. Chosen:\n")
    for name, rates in chosen.items():
        print(f"- `{name}`: head {rates.head:g}, backbone {rates.backbone:g}, decay {rates.decay:g}")
    spent = f"{time.process_time() / 60:.0f} minutes of processor time"
    print("\n" + footer("benchmarks.rates", ("torch",), spent, hide=given.data))


if __name__ == "__main__":
    main()

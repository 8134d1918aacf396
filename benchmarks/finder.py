"""Does "Find learning rates" propose good ones? The recipe's rates against its proposals, judged on test images.

    python -m benchmarks.finder --out FILE [--dataset photo_patches …] [--data DIR …] [--strategy full …] [--seeds 3]

Each run begins from the default rates, from rates 30 times too large and from rates 30 times too small: the finder judges them
on the training images of that seed, and the recipe is carried out with its own rates and with those proposed. A seed draws
training images, head and batches; the test images stay the same. Where the finder keeps the rates, both are one run. The bar:
from the defaults nothing is lost in the mean, and nowhere more than the spread over seeds of the defaults themselves.

Each pair is one line of FILE (JSON), so that a benchmark that was cut off goes on where it ended; `--report` prints the tables.
"""

import argparse
import json
import os
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.batchnorm import _loaded_once, one, rows
from benchmarks.report import footer, held, table
from explorer import recipe
from explorer.catalogue import STRATEGIES
from explorer.data import datasets
from explorer.models import devices
from explorer.training.compute import following, rates, scoring

STARTS = {"default": 1.0, "30 times too large": 30.0, "30 times too small": 1 / 30}
PARTS = ("head_rate", "backbone_rate")
NAMES = ("set", "strategy", "start", "seed", "per_class", "epochs", "input_size")
Row = dict[str, Any]


def wanted(given: argparse.Namespace) -> Iterator[tuple[Row, dict[str, object]]]:
    """What to do, as the start of a row and the recipe's choices; seeds outermost, so that a table of fewer is whole."""
    sources: dict[str, dict[str, object]] = {name: {"dataset": name} for name in given.dataset}
    sources |= {Path(d).name: {"dataset": "folder", "data_dir": d} for d in given.data}
    common = {name: getattr(given, name) for name in ("per_class", "epochs", "input_size")}
    for seed in range(given.seeds):
        for strategy in given.strategy:
            for name, source in sources.items():
                choices = source | common | {"seed": seed, "strategy": strategy}
                for start in given.start:
                    row = {"set": name, "strategy": strategy, "start": start, "seed": seed} | common
                    yield row, choices | scaled(strategy, STARTS[start])


def scaled(strategy: str, factor: float) -> dict[str, float]:
    """A strategy's rates times a factor; none for a backbone that does not learn."""
    usual = {part: getattr(STRATEGIES[strategy], part) * factor for part in PARTS}
    return {part: rate for part, rate in usual.items() if rate}


def run(given: argparse.Namespace) -> None:
    """Do what FILE does not have yet; runs with the same rates are done once."""
    there = rows(given.out)
    right = {ran(row, which): row[f"{which}_right"] for row in there for which in ("own", "found")}
    for row, choices in wanted(given):
        if key(row) in map(key, there):
            continue
        found = rates.find(recipe.make(**choices))
        row |= {"own": [choices[p] for p in PARTS if p in choices], "found": [found.head.suggested]}
        if found.backbone is not None:
            row["found"].append(found.backbone.suggested)
        for which in ("own", "found"):
            name = ran(row, which)
            if name not in right:
                right[name] = statistics.fmean(
                    one(choices | dict(zip(PARTS, row[which], strict=False)), None)["right"] or [0]
                )
            row[f"{which}_right"] = right[name]
        there.append(row)
        with given.out.open("a") as file:
            file.write(json.dumps(row) + "\n")


def key(row: Row) -> tuple[Any, ...]:
    """What names a pair of runs."""
    return tuple(row[name] for name in NAMES)


def ran(row: Row, which: str) -> tuple[Any, ...]:
    """What names one run of the pair."""
    return (*(row[name] for name in NAMES if name != "start"), *row[which])


def report(found: Sequence[Row]) -> str:
    """One table a start: the recipe's rates, those proposed, test accuracy with both; then what it comes to."""
    parts = []
    for start in STARTS:
        here: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in sorted((r for r in found if r["start"] == start), key=lambda r: r["seed"]):
            here[row["strategy"], row["set"]].append(row)
        if here:
            columns = (
                "strategy",
                "data set",
                f"rates: {start}",
                "proposed, seed by seed",
                "test → test",
                "gain, seed by seed",
            )
            parts.append(table(columns, [_line(*names, several) for names, several in sorted(here.items())]))
            parts.append(summary(start, list(here.values())))
    return "\n\n".join(parts)


def _line(strategy: str, name: str, several: list[Row]) -> tuple[str, ...]:
    own, found = (_percent([row[f"{which}_right"] for row in several]) for which in ("own", "found"))
    proposed = ("kept" if row["found"] == row["own"] else _rates(row["found"]) for row in several)
    gains = ", ".join(f"{gain:+.1f}" for gain in _gains(several))
    return f"`{strategy}`", name, _rates(several[0]["own"]), ", ".join(proposed), f"{own} → {found}", gains


def summary(start: str, cells: Sequence[Sequence[Row]]) -> str:
    """The mean gain over sets and strategies; from the default rates, whether the bar is held."""
    means = [statistics.fmean(_gains(rows)) for rows in cells]
    told = f"From rates {start}: {statistics.fmean(means):+.1f} points in the mean of {len(means)} sets × strategies, "
    told += f"{min(means):+.1f} to {max(means):+.1f}; kept in {_kept(cells)}."
    if start != "default":
        return told
    spreads = [_spread([100 * row["own_right"] for row in rows]) for rows in cells]
    worse = [mean < -spread for mean, spread in zip(means, spreads, strict=True)]
    bar = "in the mean no loss, nowhere more than the spread over seeds"
    return f"{told} Bar, {held(statistics.fmean(means) >= 0 and not any(worse), bar)}."


def _kept(cells: Sequence[Sequence[Row]]) -> str:
    every = [row for rows in cells for row in rows]
    return f"{sum(row['found'] == row['own'] for row in every)} of {len(every)} searches"


def _gains(several: Sequence[Row]) -> list[float]:
    """In points."""
    return [100 * (row["found_right"] - row["own_right"]) for row in several]


def _spread(values: list[float]) -> float:
    return statistics.stdev(values) if len(values) > 1 else 0.0


def _rates(pair: Sequence[float]) -> str:
    return " / ".join(f"{rate:.1g}" for rate in pair)


def _percent(values: Sequence[float]) -> str:
    """Mean ± standard deviation over seeds."""
    spread = f" ± {_spread([100 * v for v in values]):.1f}" if len(values) > 1 else ""
    return f"{100 * statistics.fmean(values):.1f}{spread}"


def main() -> None:
    """Run, or report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--dataset", nargs="*", default=["photo_patches", "digits", "shapes"])
    parser.add_argument("--data", nargs="*", default=[], help="folders with one sub-folder per class")
    parser.add_argument(
        "--strategy", nargs="*", default=["linear_probe", "last_stage", "full"], choices=list(STRATEGIES)
    )
    parser.add_argument("--start", nargs="*", default=list(STARTS), choices=list(STARTS))
    parser.add_argument("--per-class", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--input-size", type=int, default=64, help="pixels")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--report", action="store_true", help="run nothing, print what FILE has")
    given = parser.parse_args()
    if not given.report:
        devices.set_threads()
        following.SNAPSHOTS, scoring.RESCORED = 0, 32  # test features and scores of training images are not needed here
        datasets.load = _loaded_once(datasets.load)  # what a set and a seed share is read or drawn once
        with tempfile.TemporaryDirectory() as home:
            os.environ["THAW_HOME"] = home  # leave no trace in the visitor's cache
            run(given)
    print(report(rows(given.out)))
    print("\n" + footer("benchmarks.finder", ("torch",), hide=[*given.data, str(given.out)]), flush=True)


if __name__ == "__main__":
    main()

"""Should BatchNorm keep its pre-trained statistics in stages that learn? Both modes, every strategy that tunes, several sets.

    python -m benchmarks.batchnorm --out FILE [--dataset photo_patches …] [--data DIR …] [--per-class 5 10 25] [--seeds 5]

Each run is one line of FILE (JSON), so that a benchmark that was cut off goes on where it ended and several may share the
work; `--report` prints the tables from it. A seed draws training images, head and batches; the test images stay the same. The
mode is judged on *validation* images (the epoch that a run keeps was chosen there too, in both modes alike); test images are
scored once, for the table. Before the first step each set's distance from the running statistics is measured
(explorer/training/compute/batchnorm_shift.py).
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from benchmarks.report import footer, table
from explorer import recipe
from explorer.catalogue import STRATEGIES
from explorer.data import datasets
from explorer.data.images import Data
from explorer.data.stream import Stream
from explorer.models import backbones, devices
from explorer.recipe import Recipe
from explorer.training.compute import following, scoring
from explorer.training.compute.batchnorm_shift import shifts
from explorer.training.compute.loop import train
from explorer.training.compute.preparing import prepare
from explorer.training.compute.scoring import Diverged, take_best

MODES = ("frozen", "frozen_everywhere")
TUNING = tuple(
    n for n, plan in STRATEGIES.items() if plan.pretrained and not plan.affine and n not in ("linear_probe", "custom")
)
Row = dict[str, Any]


def wanted(given: argparse.Namespace) -> Iterator[tuple[str, dict[str, object], str]]:
    """The runs to do, seeds outermost, so that what is there at any time is a whole table of fewer seeds."""
    sources = {name: {"dataset": name} for name in given.dataset}
    sources |= {Path(d).name: {"dataset": "folder", "data_dir": d} for d in given.data}
    for seed in range(given.first_seed, given.seeds):
        for per_class in given.per_class:
            for name, source in sources.items():
                choices = source | {
                    "backbone": given.backbone,
                    "per_class": per_class,
                    "epochs": given.epochs,
                    "input_size": given.input_size,
                    "seed": seed,
                }
                yield name, choices | {"strategy": "linear_probe"}, "frozen"
                for strategy in given.strategy:
                    yield from ((name, choices | {"strategy": strategy}, mode) for mode in MODES)


def one(choices: dict[str, object], mode: str) -> Row:
    """Carry out a run; what it says of validation and test."""
    made = recipe.make(**choices, batchnorm=mode)
    session = prepare(made)
    try:
        epochs = list(train(session))
    except Diverged:
        return {"diverged": True, "val": 0.0, "right": []}
    chosen = take_best(session)
    kept = epochs[chosen - 1]
    _, _, probability = scoring.evaluate(session, session.front["test"])
    right = probability.argmax(1) == session.data.test.labels
    val = {"val": kept.val.accuracy, "val_loss": kept.val_loss, "val_n": kept.val.n}
    return val | {"epoch": chosen, "steps": session.steps, "right": [int(r) for r in right]}


def distance(choices: dict[str, object]) -> dict[str, float]:
    """Of a set's training images from the running statistics, stage by stage, before anything learns."""
    made = recipe.make(**choices, strategy="linear_probe")
    data, place = datasets.load(made), devices.choose(made.row, made.device)
    network = backbones.build(made.backbone, len(data.classes), made.weights, made.seed).to(place.device)
    return shifts(network, Stream(data.train.pixels(made.preprocessing), made.preprocessing, place))


def run(given: argparse.Namespace) -> None:
    """Do what FILE does not have yet."""
    done = {key(row) for row in rows(given.out)}
    for name, choices, mode in wanted(given):
        row = {"set": name, "mode": mode} | {
            k: choices[k] for k in ("strategy", "per_class", "seed", "backbone", "epochs", "input_size")
        }
        if key(row) in done:
            continue
        row |= one(choices, mode)
        if row["strategy"] == "linear_probe":
            row["distance"] = distance({k: v for k, v in choices.items() if k != "strategy"})
        with given.out.open("a") as file:
            file.write(json.dumps(row) + "\n")


def _loaded_once(load: Callable[[Recipe], Data]) -> Callable[[Recipe], Data]:
    """The same, remembering the last few."""
    remembered = lru_cache(maxsize=2)(lambda _, made: load(made[0]))
    known: dict[tuple[object, ...], tuple[Recipe]] = {}

    def loaded(made: Recipe) -> Data:
        name = (made.dataset, made.data_dir, made.per_class, made.seed, made.split_seed, made.input_size)
        return remembered(name, known.setdefault(name, (made,)))

    return loaded


def rows(out: Path) -> list[Row]:
    """What FILE has."""
    return [json.loads(line) for line in out.read_text().splitlines()] if out.is_file() else []


def key(row: Row) -> tuple[Any, ...]:
    """What names a run."""
    return tuple(row[k] for k in ("set", "strategy", "mode", "per_class", "seed", "backbone", "epochs", "input_size"))


def report(found: Sequence[Row]) -> str:
    """One table a size: validation and test accuracy of both modes, and whether the pooled paired test tells them apart."""
    return "\n\n".join(
        f"**{size} images per class**\n\n{_size(found, size)}" for size in sorted({r["per_class"] for r in found})
    )


def _size(found: Sequence[Row], size: int) -> str:
    here: dict[tuple[str, str, str], dict[int, Row]] = defaultdict(dict)
    for row in found:
        if row["per_class"] == size:
            here[row["set"], row["strategy"], row["mode"]][row["seed"]] = row
    lines = []
    for name in dict.fromkeys(row["set"] for row in found):
        probe = here[name, "linear_probe", "frozen"]
        for strategy in TUNING:
            batch, kept = (here[name, strategy, mode] for mode in MODES)
            if seeds := sorted(set(batch) & set(kept)):
                lines.append(
                    _line(
                        name,
                        strategy,
                        [batch[s] for s in seeds],
                        [kept[s] for s in seeds],
                        [probe[s] for s in seeds if s in probe],
                    )
                )
    columns = (
        "data set",
        "strategy",
        "seeds",
        "validation: batch → kept",
        "test: batch → kept",
        "probe",
        "kept − batch, seed by seed",
    )
    return table(columns, lines)


def _line(name: str, strategy: str, batch: list[Row], kept: list[Row], probe: list[Row]) -> tuple[str, ...]:
    gains = [100 * (_test(k) - _test(b)) for b, k in zip(batch, kept, strict=True)]
    return (
        name, f"`{strategy}`", str(len(batch)),
        f"{_percent([r['val'] for r in batch])} → {_percent([r['val'] for r in kept])}",
        f"{_percent(map(_test, batch))} → {_percent(map(_test, kept))}", _percent(map(_test, probe)),
        ", ".join(f"{gain:+.1f}" for gain in gains),
    )  # fmt: skip


def _test(row: Row) -> float:
    return statistics.fmean(row["right"]) if row["right"] else 0.0


def _percent(values: Any) -> str:
    """Mean ± standard deviation over seeds."""
    several = [100 * v for v in values]
    spread = f" ± {statistics.stdev(several):.1f}" if len(several) > 1 else ""
    return f"{statistics.fmean(several):.1f}{spread}" if several else ""


def summary(found: Sequence[Row]) -> str:
    """Each strategy over all sets and sizes: the mean gain of keeping the statistics, on validation, and how often it is one."""
    pairs: dict[str, dict[tuple[str, int], list[float]]] = defaultdict(lambda: defaultdict(list))
    by_key = {key(row): row for row in found}
    for row in found:
        if row["mode"] == MODES[1] and (other := by_key.get(key(row | {"mode": MODES[0]}))):
            pairs[row["strategy"]][row["set"], row["per_class"]].append(row["val"] - other["val"])
    lines = []
    for strategy in (s for s in TUNING if s in pairs):
        means = [100 * statistics.fmean(gains) for gains in pairs[strategy].values()]
        lines.append(
            (
                f"`{strategy}`",
                str(len(means)),
                f"{statistics.fmean(means):+.1f}",
                f"{sum(m > 0 for m in means)}",
                f"{min(means):+.1f} to {max(means):+.1f}",
            )
        )
    return table(("strategy", "sets × sizes", "mean gain on validation, points", "of them gains", "from … to"), lines)


def distances(found: Sequence[Row]) -> str:
    """The distance of each set from the running statistics, in nats, and what keeping them gains on test at each size."""
    measured: dict[str, list[dict[str, float]]] = defaultdict(list)
    for row in found:
        if "distance" in row:
            measured[row["set"]].append(row["distance"])
    lines = []
    for name, several in measured.items():
        stages = {stage: statistics.fmean(d[stage] for d in several) for stage in several[0]}
        lines.append(
            (name, f"{statistics.fmean(stages.values()):.2f}", ", ".join(f"{s} {v:.2f}" for s, v in stages.items()))
        )
    return table(("data set", "distance in nats, mean of stages", "stage by stage"), lines)


def main() -> None:
    """Run, or report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--dataset", nargs="*", default=["photo_patches", "shapes", "digits"])
    parser.add_argument("--data", nargs="*", default=[], help="folders with one sub-folder per class")
    parser.add_argument("--strategy", nargs="*", default=TUNING, choices=TUNING)
    parser.add_argument("--backbone", default="resnet10")
    parser.add_argument("--per-class", nargs="*", type=int, default=[5, 10, 25])
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--input-size", type=int, help="pixels (default: the backbone's)")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--report", action="store_true", help="run nothing, print what FILE has")
    given = parser.parse_args()
    if not given.report:
        devices.set_threads()
        following.SNAPSHOTS, scoring.RESCORED = 0, 32  # test features and scores of training images are not needed here
        datasets.load = _loaded_once(datasets.load)  # what a set, a size and a seed share is read or drawn once
        with tempfile.TemporaryDirectory() as home:
            os.environ["THAW_HOME"] = home  # leave no trace in the visitor's cache
            run(given)
    found = rows(given.out)
    print(report(found), summary(found), distances(found), sep="\n\n")
    print("\n" + footer("benchmarks.batchnorm", ("torch",), hide=[*given.data, str(given.out)]))
    sys.stdout.flush()


if __name__ == "__main__":
    main()

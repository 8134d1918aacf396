"""How quick a recipe still shows beyond doubt that tuning pays on shapes? For *Repeat it here* on the home page.

    python -m benchmarks.worlds --out FILE [--tuned full:48:all:5 …] [--seeds 5]

Each candidate is `strategy:pixels:images a class:epochs`, with `:rate` of the backbone behind it where that is not the default,
and with the stages in place of `custom` (`stem.layer1`); it is run with the probe of the same images, size and epochs. Each pair
is one line of FILE (JSON), so that a benchmark that was cut off goes on where it ended; `--report` prints the table from it. A
seed draws training images, head and batches. Candidates are compared by validation accuracy and by seconds; test images are
scored once, for the paired test. Seconds are processor time, which other load on the machine changes less than the clock: with
one thread, what an idle machine takes.
"""

import argparse
import json
import math
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import footer, table
from explorer import evidence, recipe
from explorer.catalogue import STRATEGIES
from explorer.models import devices
from explorer.training.compute import scoring
from explorer.training.compute.loop import train
from explorer.training.compute.preparing import prepare

TUNED = (
    "full:64:all:10", "full:48:all:5", "full:48:all:3", "full:48:100:5", "full:32:all:5", "last_2_stages:64:all:5",
    "last_2_stages:48:all:5", "bn_only:48:all:5",
)  # fmt: skip
Row = dict[str, Any]


def recipes(spec: str, seed: int) -> tuple[recipe.Recipe, recipe.Recipe]:
    """The probe and the tuned recipe of a candidate."""
    what, pixels, images, epochs, *rate = spec.split(":")
    common: dict[str, Any] = {"dataset": "shapes", "input_size": int(pixels), "epochs": int(epochs), "seed": seed}
    common["per_class"] = None if images == "all" else int(images)
    tuned: dict[str, Any] = (
        {"strategy": what} if what in STRATEGIES else {"strategy": "custom", "stages": tuple(what.split("."))}
    )
    tuned |= {"backbone_rate": float(rate[0])} if rate else {}
    return recipe.make(**common, strategy="linear_probe"), recipe.make(**common, **tuned)


def one(made: recipe.Recipe) -> tuple[Row, np.ndarray]:
    """Carry out a run as the worker does, cache empty: what it says, and which test images it gets right."""
    began, clock = time.process_time(), time.perf_counter()
    with tempfile.TemporaryDirectory() as home:
        os.environ["THAW_HOME"] = home
        session = prepare(made)
        epochs = list(train(session))
        found = scoring.outcome(session)
    seconds = {"cpu": time.process_time() - began, "clock": time.perf_counter() - clock}
    kept = epochs[found.chosen_epoch - 1]
    row = seconds | {"val": kept.val.accuracy, "epoch": found.chosen_epoch, "clean": found.audit.clean}
    return row, found.probability.argmax(1) == session.data.test.labels


def run(given: argparse.Namespace) -> None:
    """Do what FILE does not have yet, seeds outermost, so that what is there is a whole table of fewer seeds."""
    done = {(row["tuned"], row["seed"]) for row in rows(given.out)}
    probes: dict[recipe.Recipe, tuple[Row, np.ndarray]] = {}
    for seed in range(given.seeds):
        for spec in given.tuned:
            if (spec, seed) in done:
                continue
            probe, tuned = recipes(spec, seed)
            if probe not in probes:
                probes[probe] = one(probe)
            (a, right_a), (b, right_b) = probes[probe], one(tuned)
            pair = evidence.paired(right_a, right_b)
            cells = {"n": pair.n, "both_right": pair.both_right, "fixed": pair.fixed, "broken": pair.broken}
            with given.out.open("a") as file:
                file.write(json.dumps({"tuned": spec, "seed": seed, "probe": a, "run": b} | cells) + "\n")


def rows(out: Path) -> list[Row]:
    """What FILE has."""
    return [json.loads(line) for line in out.read_text().splitlines()] if out.is_file() else []


def report(found: Sequence[Row]) -> str:
    """A line a candidate, the quickest first."""
    lines = []
    for spec in sorted({row["tuned"] for row in found}, key=lambda spec: _seconds(found, spec)):
        mine = [row for row in found if row["tuned"] == spec]
        gains = [100 * (row["fixed"] - row["broken"]) / row["n"] for row in mine]
        worst = max(evidence.mcnemar(row["fixed"], row["broken"]) for row in mine)
        val = [100 * (row["run"]["val"] - row["probe"]["val"]) for row in mine]
        cells = [f"{row['both_right'] + row['broken']} → {row['both_right'] + row['fixed']}" for row in mine]
        lines.append(
            (
                f"`{spec}`", str(len(mine)), f"{statistics.fmean(row['probe']['cpu'] for row in mine):.0f} + "
                f"{statistics.fmean(row['run']['cpu'] for row in mine):.0f}",
                f"{statistics.fmean(val):+.1f} ({min(val):+.1f} to {max(val):+.1f})",
                f"{statistics.fmean(gains):+.1f} ({min(gains):+.1f} to {max(gains):+.1f})", ", ".join(cells), f"{worst:.0e}",
            )
        )  # fmt: skip
    head = (
        "tuned",
        "seeds",
        "seconds, probe + tuned",
        "gain on validation",
        "gain on test",
        "right of 400, probe → tuned",
    )
    return table((*head, "largest p"), lines)


def _seconds(found: Sequence[Row], spec: str) -> float:
    mine = [row["probe"]["cpu"] + row["run"]["cpu"] for row in found if row["tuned"] == spec]
    return statistics.fmean(mine) if mine else math.inf


def main() -> None:
    """Run, or report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--tuned", nargs="*", default=TUNED)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--report", action="store_true", help="run nothing, print what FILE has")
    given = parser.parse_args()
    if not given.report:
        devices.set_threads()
        run(given)
    print(report(rows(given.out)))
    print("\n" + footer("benchmarks.worlds", ("torch",), hide=[str(given.out)]))


if __name__ == "__main__":
    main()

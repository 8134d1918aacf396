"""How soon is a data budget there, and what does shared work save?

    python -m benchmarks.sweep [--plan PLAN] [--every 1] [--without]

Carries an experiment out in a folder of its own (the default: 5 sizes × 4 strategies × 3 seeds on photo patches), and says when
its first curve was whole and when all of it. With --without, the same cells again one by one, each in a process of its own and
without the cache of frozen features; --every 5 takes each fifth of them and scales up. Run it on an idle machine.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.report import footer
from explorer.experiments import cells
from explorer.experiments.plan import Plan, read
from explorer.recipe import Recipe

BARS = {"first curve, s": 10.0, "all cells, s": 300.0, "without sharing, times": 5.0}
_PATIENCE = 0.2  # seconds between two looks


def shared(plan: Plan, home: Path) -> tuple[float, float]:
    """(seconds until the first arm's curve of the first seed was whole, seconds until everything was)."""
    first = {
        cell.recipe.fingerprint
        for cell in cells.planned(plan)
        if cell.seed == 0 and cell.arm == cells.planned(plan)[0].arm
    }
    began, whole = time.perf_counter(), 0.0
    with subprocess.Popen(
        [sys.executable, "-m", "explorer", "sweep", "--plan", plan.text, "--json"],
        env=os.environ | {"THAW_HOME": str(home)},
        stdout=subprocess.DEVNULL,
    ) as process:
        while process.poll() is None:
            time.sleep(_PATIENCE)
            if not whole and len(_finished(home) & first) == len(first):
                whole = time.perf_counter() - began
        if process.returncode:
            raise SystemExit(f"the sweep ended with {process.returncode}")
    return whole, time.perf_counter() - began


def _finished(home: Path) -> set[str]:
    """The fingerprints of the runs in a Thaw folder that have come to their end."""
    from explorer import runs

    os.environ["THAW_HOME"] = str(home)
    return {run.recipe.fingerprint for run in runs.finished() if not run.sample}


def alone(recipe: Recipe) -> float:
    """Seconds of one cell in a process of its own, in an empty folder, without a cache."""
    with tempfile.TemporaryDirectory() as home:
        line = f"from explorer import recipe, runs; from explorer.training.compute.handlers import train; \
train(runs.create(recipe.make(**{recipe.model_dump()!r}), here=True))"
        began = time.perf_counter()
        settings = {"THAW_HOME": home, "THAW_CACHE_GB": "0"}
        subprocess.run([sys.executable, "-c", line], env=os.environ | settings, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - began


def table(found: dict[str, float]) -> list[str]:
    """What was measured beside its bar."""
    rows = ["| | bar | measured |", "|---|---|---|"]
    for name, value in found.items():
        sign = "≥" if "times" in name else "≤"
        rows.append(f"| {name} | {sign} {BARS[name]:g} | {value:.1f} |")
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--plan", default="budget")
    parser.add_argument("--without", action="store_true")
    parser.add_argument("--every", type=int, default=1)
    given = parser.parse_args()
    plan = read(given.plan)
    with tempfile.TemporaryDirectory() as home:
        first, whole = shared(plan, Path(home))
    found = {"first curve, s": first, "all cells, s": whole}
    if given.without:
        some = cells.planned(plan)[:: given.every]
        each = [alone(cell.recipe) for cell in some]
        found["without sharing, times"] = sum(each) / len(each) * len(cells.planned(plan)) / whole
    print("\n".join(table(found)))
    print(footer("benchmarks.sweep", ["torch"]))


if __name__ == "__main__":
    main()

"""From *Start* to a finished linear probe, through the real worker: the way that a click takes.

    python -m benchmarks.clicks [--clicks 20] [--against COMMIT] [--rounds 2]

Each click queues a linear probe of photo patches with another seed and head rate, its features stored; timed from `jobs.train` to
the first epoch and to *finished*, as a page would see it (looked at every 10 ms). With COMMIT the same is done with that
build too, from a checkout of its own, in turns; the ratio is that of the medians. Then how soon a run that would take minutes
stops, and what the worker and its children hold.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Found = dict[str, Any]
ROOT = Path(__file__).parents[1]
PATIENCE = 120.0

CHILD = """
import contextlib, json, os, sys, time
import psutil
from explorer import jobs, recipe, runs

def until(true, seconds=PATIENCE):
    end = time.perf_counter() + seconds
    while not true():
        if time.perf_counter() > end:
            raise SystemExit(f"not within {seconds} s")
        jobs.beat("server")
        time.sleep(0.01)
    return time.perf_counter()

def resident(worker):
    total = 0
    for process in [psutil.Process(worker.pid), *psutil.Process(worker.pid).children(recursive=True)]:
        with contextlib.suppress(psutil.Error):  # it may have ended meanwhile
            total += process.memory_full_info().uss
    return total / 1e6

jobs.beat("server")
worker = jobs.ensure_worker()
until(lambda: jobs.alive().state == "ready")
found = []
for click in range(-5, CLICKS):  # five to store the features of each seed, and to wait until nothing warms up any more
    made = recipe.make(dataset="photo_patches", per_class=25, strategy="linear_probe", seed=click % 5,
                       head_rate=round(0.002 + 0.0001 * (click + 5), 4))
    began = time.perf_counter()
    run = jobs.train(made)
    first = until(lambda: runs.read(run).epochs)
    last = until(lambda: runs.read(run).state not in ("queued", "running"))
    assert runs.read(run).state == "finished", runs.read(run).error
    if click >= 0:
        found.append((first - began, last - began))
    until(lambda since=time.perf_counter(): time.perf_counter() - since > (0.3 if click > -1 else 3))
held = resident(worker)
long = jobs.train(recipe.make(dataset="photo_patches", strategy="full", epochs=500))
until(lambda: runs.read(long).state == "running" and runs.read(long).epochs)
asked = time.perf_counter()
try:
    from explorer.runs.question import TrainQuestion
    jobs.cancel(TrainQuestion(run=long))
except ImportError:
    jobs.cancel(jobs.training(long))
stopped = until(lambda: runs.read(long).state == "stopped") - asked
worker.terminate()
worker.wait(20)
print(json.dumps({"clicks": found, "stop": stopped, "held": held}))
"""


def measured(checkout: Path, clicks: int) -> Found:
    """What a build says, in a Thaw folder of its own."""
    code = CHILD.replace("CLICKS", str(clicks)).replace("PATIENCE", str(PATIENCE))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        env = os.environ | {"THAW_HOME": home, "PYTHONPATH": str(checkout)}
        done = subprocess.run([sys.executable, "-c", code], cwd=checkout, env=env, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def finished(rounds: Sequence[Found]) -> float:
    """Median seconds from a click to *finished*."""
    return statistics.median(last for found in rounds for _, last in found["clicks"])


def line(name: str, rounds: Sequence[Found]) -> tuple[str, ...]:
    """One row: medians over all clicks, the slowest click, how soon a run stopped, and MB of the worker with its children."""
    first, last = zip(*[pair for found in rounds for pair in found["clicks"]], strict=True)
    return (
        name, str(len(last)), f"{statistics.median(first):.2f}", f"{finished(rounds):.2f}", f"{max(last):.2f}",
        f"{max(found['stop'] for found in rounds):.2f}", f"{max(found['held'] for found in rounds):.0f}",
    )  # fmt: skip


def main() -> None:
    """Print the table."""
    from benchmarks.report import footer, held, table

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clicks", type=int, default=20)
    parser.add_argument("--against", help="a commit to compare with")
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    builds: dict[str, Path] = {"this build": ROOT}
    with tempfile.TemporaryDirectory() as aside:
        if given.against:
            builds[given.against] = Path(aside, "build")
            subprocess.run(
                ["git", "worktree", "add", "--detach", builds[given.against], given.against], cwd=ROOT, check=True
            )
        try:
            found = {name: [] for name in builds}
            for _ in range(given.rounds):
                for name, checkout in builds.items():
                    found[name].append(measured(checkout, given.clicks))
        finally:
            if given.against:
                subprocess.run(["git", "worktree", "remove", "--force", builds[given.against]], cwd=ROOT, check=True)
    columns = (
        "build",
        "clicks",
        "first epoch (s)",
        "finished (s)",
        "slowest (s)",
        "stop (s)",
        "worker and children (MB)",
    )
    print(table(columns, [line(name, rounds) for name, rounds in found.items()]))
    medians = {name: finished(rounds) for name, rounds in found.items()}
    told = [held(medians["this build"] <= 0.35, "click to finished ≤ 0.35 s")]
    if given.against:
        ratio = medians[given.against] / medians["this build"]
        told.append(f"{ratio:.1f} times as fast as {given.against}; " + held(ratio >= 4, "≥ 4 times"))
    print("\n" + "; ".join(told) + "\n\n" + footer("benchmarks.clicks", ("torch",)))


if __name__ == "__main__":
    main()

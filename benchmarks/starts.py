"""How soon is there a worker, a first look, a first map, a first step from the command line? Each build in turn.

    python -m benchmarks.starts [--against COMMIT] [--rounds 3]

With UMAP compiled before (kept in NUMBA_CACHE_DIR, else in a first round that does not count): from starting the worker to
*ready*, to the answer of a first look asked then, and to that of a first UMAP; and from `python -m explorer train` to its first
step and epoch, three pictures a class at 32 pixels. Beside the clock stands processor time of all processes, which other work on
the machine changes less.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.report import Spread, footer, table

ROOT = Path(__file__).parents[1]
SMALL = (
    "--dataset",
    "photo_patches",
    "--strategy",
    "linear_probe",
    "--per-class",
    "3",
    "--input-size",
    "32",
    "--epochs",
    "1",
)
RUNS = """
import json
from explorer import recipe, runs
from explorer.training.compute import handlers
made = [recipe.make(strategy=s, per_class=3, epochs=1, input_size=32) for s in ("linear_probe", "last_stage")]
print(json.dumps([handlers.train(runs.create(one, here=True)).id for one in made]))
"""
WORKER = """
import atexit, contextlib, json, sys, time
import psutil
from explorer import jobs
from explorer.looks.images.question import SeeQuestion
from explorer.looks.projection.question import ProjectQuestion

def spent(worker):
    total = 0.0
    for process in [psutil.Process(worker.pid), *psutil.Process(worker.pid).children(recursive=True)]:
        with contextlib.suppress(psutil.Error):
            total += sum(process.cpu_times()[:2])
    return total

def until(true):
    end = time.perf_counter() + 900
    while not true():
        assert time.perf_counter() < end, "not within a quarter of an hour"
        jobs.beat("server")
        time.sleep(0.01)
    return time.perf_counter(), spent(worker)

def answered(asked):
    jobs.result(asked, retry=True)
    return until(lambda: not jobs.status(asked).waiting)

a, b = json.loads(sys.argv[1])
with jobs.database() as db:
    db.execute("DELETE FROM beat")
began = time.perf_counter()
jobs.beat("server")
worker = jobs.ensure_worker()
atexit.register(worker.kill)
steps = [until(lambda: jobs.alive().state == "ready"), answered(SeeQuestion(a=a, b=b, image=int(time.time()) % 100))]
asked = ProjectQuestion(a=a, b=b, seed=int(time.time()))
steps.append(answered(asked))
assert jobs.status(asked).state == "done", jobs.status(asked).error
worker.terminate()
worker.wait(30)
print(json.dumps([[at - began, spent] for at, spent in steps]))
"""
NAMES = (
    "worker started → ready",
    "→ a first look answered",
    "→ a first UMAP answered",
    "`train` started → its first step",
    "→ its first epoch",
)


def environment(home: Path, checkout: Path) -> dict[str, str]:
    """Of a child that runs that build in that Thaw folder."""
    return os.environ | {"THAW_HOME": str(home), "PYTHONPATH": str(checkout)}


def child(code: str, checkout: Path, home: Path, *given: str) -> str:
    """What a script prints with that build."""
    command = [sys.executable, "-c", code, *given]
    done = subprocess.run(command, cwd=checkout, env=environment(home, checkout), stdout=subprocess.PIPE, check=True)
    return done.stdout.decode().splitlines()[-1]


FIRST = """
import resource, sys, time
began = float(sys.argv[1])
from explorer.cli import main
from explorer import runs
append = runs.append
def note():
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(time.time() - began, used.ru_utime + used.ru_stime, file=sys.stderr, flush=True)
def noted(run, epoch):
    append(run, epoch)
    note()
update = runs.update
def described(run, **facts):  # the last thing before the first step
    update(run, **facts)
    if "counts" in facts:
        note()
runs.append, runs.update = noted, described
sys.exit(main(sys.argv[1:]))
"""


def first_steps(checkout: Path, home: Path) -> list[tuple[float, float]]:
    """Seconds and processor seconds from `python -m explorer train` to its first step, and to its first epoch, with its start."""
    code = "import sys, time\n" + FIRST.replace("float(sys.argv[1])", "time.time() - time.process_time()")
    done = subprocess.run(
        [sys.executable, "-c", code, "train", *SMALL], cwd=checkout, env=environment(home, checkout), stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL, check=True,
    )  # fmt: skip
    lines = done.stderr.decode().splitlines()[-2:]
    return [(float(wall), float(spent)) for wall, spent in map(str.split, lines)]


@contextmanager
def builds(against: str | None) -> Iterator[dict[str, Path]]:
    """Name → checkout, this one and a worktree of its own for the commit to compare with."""
    with ExitStack() as stack:
        found = {"this build": ROOT}
        if against:
            place = found[against] = Path(stack.enter_context(tempfile.TemporaryDirectory()), "build")
            subprocess.run(["git", "worktree", "add", "--detach", str(place), against], cwd=ROOT, check=True)
            removed = ["git", "worktree", "remove", "--force", str(place)]
            stack.callback(subprocess.run, removed, cwd=ROOT, check=True)
        yield found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", help="a commit to compare with")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    rows = []
    with builds(given.against) as found, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as aside:
        homes = {name: Path(aside, name.replace(" ", "_")) for name in found}
        ran = {name: child(RUNS, checkout, homes[name]) for name, checkout in found.items()}
        measured: dict[str, list[list[tuple[float, float]]]] = {name: [] for name in found}
        compiled = "NUMBA_CACHE_DIR" in os.environ
        for number in range(compiled, given.rounds + 1):  # the first compiles
            for name, checkout in found.items():
                steps = json.loads(child(WORKER, checkout, homes[name], ran[name]))
                steps += first_steps(checkout, homes[name])
                measured[name] += [steps] if number else []
        for name, all_steps in measured.items():
            for i, step in enumerate(NAMES):
                wall, spent = (Spread(tuple(steps[i][j] for steps in all_steps)) for j in (0, 1))
                rows.append((name, step, str(wall), str(spent)))
    print(table(("build", "from … to", "seconds, median (min–max)", "processor seconds"), rows))
    print("\n" + footer("benchmarks.starts", ("torch", "torchvision")))


if __name__ == "__main__":
    main()

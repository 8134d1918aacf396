"""What a GPU makes of a run: steps captured or launched one by one, against another build, and how soon the first epoch is there.

    python -m benchmarks.ceiling --card [--against COMMIT] [--rounds 5]

Every run is `python -m explorer train` in a process and a Thaw folder of its own, so that each build is asked in the same way and
nothing is warm. Random weights; speeds are those of the learning in each epoch after the first, in which steps are captured.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import Spread, held, table

ROOT = Path(__file__).parents[1]
CASES = (("resnet18", 224, 3.0), ("resnet50", 224, 3.0), ("resnet18", 96, 5.0), ("mobilenet_v2", 224, None))
"""Backbone, pixels, and how many times as fast as the other build its `full` is to be."""
FIRST_EPOCH = 2.5  # seconds, for every backbone of the catalogue
PLAIN = {"THAW_GRAPHS": "0"}


@dataclass(frozen=True)
class Ran:
    """A run: images a second of each epoch but the first, seconds until the first was there, a hash of what was learned, and
    what it noted."""

    speed: Spread
    first: float
    learned: str
    note: str


def run(checkout: Path, choices: Mapping[str, object], settings: Mapping[str, str] = {}) -> Ran:
    """Carry out a recipe with a build, in a process of its own."""
    flags = [text for name, value in choices.items() for text in (f"--{name}", str(value))]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        env = os.environ | {"THAW_HOME": home, "PYTHONPATH": str(checkout)} | dict(settings)
        command = [sys.executable, "-m", "explorer", "train", *flags, "--json"]
        done = subprocess.run(command, cwd=checkout, env=env, stdout=subprocess.PIPE, check=True)
        folder = next(Path(home, "runs").glob("*/epochs.jsonl")).parent
        epochs = [json.loads(line) for line in (folder / "epochs.jsonl").read_text("utf-8").splitlines()]
        learned = hashlib.sha256((folder / "learned.safetensors").read_bytes()).hexdigest()
    speeds = tuple(epoch["images_per_second"] for epoch in epochs[1:])
    return Ran(Spread(speeds), epochs[0]["seconds"], learned, str(json.loads(done.stdout).get("note") or ""))


@contextmanager
def builds(against: str | None) -> Iterator[dict[str, Path]]:
    """Name → checkout: this build, and the other one in a git worktree as long as it is needed."""
    with tempfile.TemporaryDirectory() as aside:
        other = Path(aside, "build")
        if against:
            subprocess.run(["git", "worktree", "add", "--quiet", "--detach", other, against], cwd=ROOT, check=True)
        try:
            yield {"this build": ROOT} | ({against: other} if against else {})
        finally:
            if against:
                subprocess.run(["git", "worktree", "remove", "--force", other], cwd=ROOT, check=True)


def step_row(name: str, captured: Ran, plain: Ran, other: Ran | None, bar: float | None) -> tuple[str, ...]:
    """One row: the other build, plain steps, captured steps, how many times as fast, and whether both learned the same."""
    base = other or plain
    ratio = captured.speed.median / base.speed.median
    equal = "to the last bit" if captured.learned == plain.learned else "**no**"
    reached = held(ratio >= bar, f"≥ {bar:g}×") if bar and other else ""
    speeds = (str(other.speed) if other else "", str(plain.speed), str(captured.speed))
    return (name, *speeds, f"{ratio:.1f}×", equal, reached, captured.note or "")


def first_row(name: str, found: Ran, other: Ran | None) -> tuple[str, ...]:
    """One row: seconds to the first epoch, and with the other build."""
    bar = held(found.first <= FIRST_EPOCH, f"≤ {FIRST_EPOCH} s")
    return name, f"{other.first:.1f}" if other else "", f"{found.first:.1f}", bar


def tables(against: str | None, rounds: int, backbones: tuple[str, ...]) -> str:
    """Both tables, as Markdown."""
    common = {"weights": "random", "dataset": "photo_patches", "strategy": "full", "device": "cuda", "batch-size": 32}
    steps, firsts = [], []
    with builds(against) as found:
        other = found.get(against or "")
        for name, pixels, bar in CASES:
            choices = common | {"backbone": name, "input-size": pixels, "per-class": 32, "epochs": rounds + 1}
            theirs = run(other, choices) if other else None
            both = run(ROOT, choices), run(ROOT, choices, PLAIN)
            steps.append(step_row(f"{name}, {pixels} px", *both, theirs, bar))
        for name in backbones:
            choices = common | {"backbone": name, "per-class": 14, "epochs": 1}  # 238 pictures
            firsts.append(first_row(name, run(ROOT, choices), run(other, choices) if other else None))
    speeds = (
        "`full`, images/s",
        against or "other build",
        "plain steps",
        "captured steps",
        "ratio",
        "weights equal",
        "bar",
    )
    first = ("seconds to the first epoch", against or "other build", "this build", "bar")
    return "\n\n".join((table((*speeds, "note"), steps), table(first, firsts)))

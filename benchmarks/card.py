"""What a GPU makes of a run: steps captured or launched one by one, against another build, how soon the first epoch is there, and
looks at two runs beside the processor.

    python -m benchmarks.ceiling --card [--against COMMIT] [--rounds 5]

Every run is `python -m explorer train` in a process and a Thaw folder of its own, so that each build is asked in the same way and
nothing is warm. Random weights; speeds are those of the learning in each epoch after the first, in which steps are captured.
"""

import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks.report import Spread, held, table
from explorer import runs
from explorer.looks.pair import compute
from explorer.looks.similarity.compute.distance_handlers import random_features
from explorer.models import devices, spare_card
from explorer.models.spare_card import WINS, SpareCard
from explorer.progress import silent
from explorer.question import ask_for
from explorer.recipe import make
from explorer.training.compute.handlers import train
from explorer.worker.handlers import answer

ROOT = Path(__file__).parents[1]
CASES = (("resnet18", 224, 3.0), ("resnet50", 224, 3.0), ("resnet18", 96, 5.0), ("mobilenet_v2", 224, None))
"""Backbone, pixels, and how many times as fast as the other build its `full` is to be."""
LOOKED = (("resnet18", 224), ("mobilenet_v2", 224), ("resnet10", 96))  # backbone and pixels of the looks
LOOKS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("attribute_many", {"images": (), "target": "", "method": "gradcam"}),
    ("faithfulness", {"image": 0, "target": "", "method": "gradcam"}),
    ("excitement", {}),
    ("compare", {}),
)
"""Questions about two runs; what is left empty are the first class and sixteen images."""
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


def two(choices: dict[str, Any]) -> tuple[str, str]:
    """The ids of a probe and of a run that tuned the last stage, in Thaw's folder."""
    made = [runs.create(make(**choices | {"strategy": name})) for name in ("linear_probe", "last_stage")]
    for one in made:
        train(one)
    return made[0], made[1]


def look_rows(spare: SpareCard, pair: tuple[str, str], rounds: int) -> list[tuple[str, ...]]:
    """A row for each look at two runs: seconds on the processor and on the GPU in turn, the first of each not counted."""
    said, settled = compute.opened(pair[0]).predictions, compute.finished(pair[1])
    of = {"target": said.classes[0], "images": tuple(range(min(16, len(said.labels))))}
    contest, rows = (settled.backbone, settled.preprocessing.crop), []
    spare_card.here = spare
    for name, choices in LOOKS:
        filled = {name: of[name] for name, value in choices.items() if name in of and not value}
        chosen = {"a": pair[0], "b": pair[1], **choices, **filled}
        asked, seconds = ask_for(name, **chosen), {False: list[float](), True: list[float]()}
        for _ in range(1 + rounds):
            for there in seconds:
                spare.wins[contest] = there
                random_features.cache_clear()
                clock = time.perf_counter()
                spare.answering(lambda asked=asked: answer(asked, silent))
                seconds[there].append(time.perf_counter() - clock)
        here, there = (statistics.median(found[1:]) for found in seconds.values())
        title = f"{name}, {settled.title} at {contest[1]} px"
        rows.append(
            (title, f"{here:.2f}", f"{there:.2f}", f"{here / there:.1f}×", held(here >= WINS * there, f"≥ {WINS:g}×"))
        )
    return rows


def looks(rounds: int, device: str = "cuda") -> str:
    """The table of looks, as Markdown, and whom a worker would have chosen."""
    rows: list[tuple[str, ...]] = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        os.environ["THAW_HOME"] = home
        devices.set_threads()
        for name, pixels in LOOKED:
            common = {"backbone": name, "weights": "random", "dataset": "photo_patches", "per_class": 4, "epochs": 1}
            pair = two(common | {"input_size": pixels, "device": device})
            spare = SpareCard(torch.device(device))
            network = compute.network(pair[0])
            spare.answering(lambda spare=spare, network=network, pixels=pixels: spare.placed(network, pixels))
            while spare.step():
                pass
            chosen = "GPU" if spare.wins[name, pixels] else "processor"
            rows += [(*row, chosen) for row in look_rows(spare, pair, rounds)]
    return table(("seconds a look takes", "processor", "GPU", "ratio", "bar", "a worker takes the"), rows)


def tables(against: str | None, rounds: int, backbones: tuple[str, ...]) -> str:
    """All tables, as Markdown."""
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
    return "\n\n".join((table((*speeds, "note"), steps), table(first, firsts), looks(rounds)))

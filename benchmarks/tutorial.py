"""How much faster is a run than the loop of PyTorch's transfer-learning tutorial, on the same pictures and threads?

    python -m benchmarks.tutorial --data DIR

DIR holds `train/<class>/` and `val/<class>/` (the tutorial's own: ants and bees). Every figure comes from a fresh
process, the tutorial's loop and Thaw in turn; libraries are loaded before the clock starts, as in the worker. See
benchmarks/README.md for what is and what is not comparable.
"""

import argparse
import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks import baseline
from benchmarks.report import Spread, brief, cores, footer, held, table
from explorer import recipe
from explorer.catalogue.backbones import Backbone, backbone
from explorer.engine import devices, training
from explorer.evidence import Score
from explorer.recipe import Recipe

BACKBONES = ("resnet18", "resnet34", "resnet50", "mobilenet_v2", "squeezenet1_1")
TUTORIAL_BATCH, BATCH = 4, 32
BARS = {"linear_probe": 20, "last_stage": 3}


@dataclass(frozen=True)
class Setting:
    """What both loops are given: pictures, network, threads, and how much of it is timed."""

    data: Path
    backbone: str
    weights: str
    input_size: int | None
    epochs: int
    tutorial_epochs: int
    steps: int
    threads: int

    @property
    def row(self) -> Backbone:
        """The backbone's row of the catalogue."""
        return backbone(self.backbone)

    def recipe(self, strategy: str, seed: int) -> Recipe:
        """The same as a recipe: all pictures, on the CPU."""
        return recipe.make(
            backbone=self.backbone,
            weights=self.weights,
            dataset="folder",
            data_dir=str(self.data),
            per_class=None,
            strategy=strategy,
            epochs=self.epochs,
            batch_size=BATCH,
            input_size=self.input_size,
            seed=seed,
            device="cpu",
        )


@dataclass(frozen=True)
class Ours:
    """How Thaw's run went: seconds from end to end, of them until the first step, images a second of each epoch's
    learning, test score, bytes that the boundary's output of the training pictures takes, and the precision."""

    seconds: float
    prepared: float
    speeds: tuple[float, ...]
    test: Score
    stored: int
    precision: str
    counts: tuple[int, int, int]


def ours(setting: Setting, strategy: str, seed: int) -> Ours:
    """Prepare, train, outcome: a run without its folder."""
    wanted = setting.recipe(strategy, seed)
    started = time.perf_counter()
    session = training.prepare(wanted)
    prepared = time.perf_counter() - started
    speeds = tuple(epoch.images_per_second for epoch in training.train(session))
    outcome = training.outcome(session)
    seconds = time.perf_counter() - started
    stored = session.front["train"].stored
    counts = tuple(len(getattr(session.data, split)) for split in ("train", "val", "test"))
    size = stored.numel() * stored.element_size()
    return Ours(seconds, prepared, speeds, outcome.test, size, session.place.precision, counts)


def tutorial(setting: Setting, strategy: str, seed: int) -> baseline.Loop:
    """The tutorial's loop; with stages that learn, in Thaw's batch size."""
    wanted = setting.recipe(strategy, seed)
    batch = BATCH if wanted.learns else TUTORIAL_BATCH
    rest = {"batch": batch, "seed": seed, "epochs": setting.tutorial_epochs}
    return baseline.run(setting.data, setting.row, wanted.weights, wanted.preprocessing, wanted.learns, **rest)


def tutorial_speed(setting: Setting, strategy: str, seed: int) -> float:
    """Images a second of the tutorial's steps alone, from decoded pictures."""
    wanted = setting.recipe(strategy, seed)
    pictures = baseline.loaders(setting.data, wanted.preprocessing, BATCH)["train"].dataset
    rows = [pictures[i % len(pictures)] for i in range(setting.steps * BATCH)]
    images, labels = torch.stack([image for image, _ in rows]), torch.tensor([label for _, label in rows])
    model = baseline.network(setting.row, len(pictures.classes), wanted.weights, wanted.learns, seed)
    return baseline.speed(model, images, labels, BATCH)


def _limited(threads: int) -> None:
    """Both loops decode and compute on this many cores."""
    if hasattr(os, "sched_setaffinity") and threads < cores():
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    torch.set_num_threads(threads)


def fresh(function: Callable[..., Any], setting: Setting, *arguments: Any) -> Any:
    """The function's value from a new process: nothing is left warm by the measurement before."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, initializer=_limited, initargs=(setting.threads,)) as pool:
        return pool.submit(function, setting, *arguments).result()


def compared(setting: Setting, strategy: str, rounds: int) -> list[tuple[str, ...]]:
    """The rows of one strategy; tutorial and Thaw take turns, round by round."""
    theirs, mine, speeds = [], [], []
    for i in range(rounds):
        if strategy == "last_stage":
            speeds.append(fresh(tutorial_speed, setting, strategy, i))
        theirs.append(fresh(tutorial, setting, strategy, i))
        mine.append(fresh(ours, setting, strategy, i))
    rows = [_learning(strategy, speeds, mine)] if speeds else []
    return [*rows, *_whole(setting, strategy, theirs, mine), _accuracy(setting, theirs[0], mine[0])]


def _learning(strategy: str, theirs: Sequence[float], mine: Sequence[Ours]) -> tuple[str, ...]:
    """Images a second while learning, from decoded pictures."""
    ratio = Spread(tuple(Spread(run.speeds).median / speed for speed, run in zip(theirs, mine, strict=True)))
    speeds = Spread(tuple(speed for run in mine for speed in run.speeds))
    name = f"`{strategy}`, learning from decoded pictures, images/s"
    return (name, str(Spread(tuple(theirs))), str(speeds), f"{ratio}×", _verdict(strategy, ratio))


def _whole(
    setting: Setting, strategy: str, theirs: Sequence[baseline.Loop], mine: Sequence[Ours]
) -> list[tuple[str, ...]]:
    """Seconds of a whole run, and of them until the first step."""
    loops, runs = [loop.seconds(setting.epochs) for loop in theirs], [run.seconds for run in mine]
    ratio = Spread(tuple(loop / run for loop, run in zip(loops, runs, strict=True)))
    timed = setting.tutorial_epochs
    how = "" if timed >= setting.epochs else f", *extrapolated from {timed} epoch{'s' if timed > 1 else ''}*"
    name = f"`{strategy}`, {setting.epochs} epochs, end to end, s"
    verdict = _verdict(strategy, ratio) if strategy == "linear_probe" else ""
    prepared = Spread(tuple(run.prepared for run in mine))
    kept = f"{prepared}; {brief(mine[0].stored / 1e6)} MB stay for {mine[0].counts[0]} training pictures"
    return [
        (name, f"{Spread(tuple(loops))}{how}", str(Spread(tuple(runs))), f"{ratio}×", verdict),
        ("— of which until the first step, s", "", kept, "", ""),
    ]


def _verdict(strategy: str, ratio: Spread) -> str:
    return held(ratio.median >= BARS[strategy], f"≥ {BARS[strategy]}×")


def _accuracy(setting: Setting, loop: baseline.Loop, run: Ours) -> tuple[str, ...]:
    """Both accuracies on the same test pictures with their 95 % intervals, after each one's last timed epoch."""
    theirs = Score(loop.n, loop.correct[-1])
    overlap = theirs.low <= run.test.high and run.test.low <= theirs.high
    note = "intervals overlap" if overlap else "**intervals do not overlap**"
    if setting.weights == "random":
        note = "random weights: says nothing"
    after = f" after {len(loop.correct)} of {setting.epochs} epochs" if len(loop.correct) < setting.epochs else ""
    return ("— test accuracy, first round", f"{theirs}{after}", str(run.test), "", note)


def arguments() -> argparse.Namespace:
    """The command line, read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a folder with train/<class>/ and val/<class>/")
    parser.add_argument("--backbone", choices=BACKBONES, default="resnet18")
    parser.add_argument("--weights", help="default: pre-trained where a file is on this machine, else random")
    parser.add_argument("--input-size", type=int, help="pixels (default: the backbone's, 224)")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument(
        "--tutorial-epochs", type=int, default=1, help="how many of them the tutorial's loop really runs"
    )
    parser.add_argument("--steps", type=int, default=6, help="batches of 32 that its learning speed is measured over")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=cores(), help="for both (default: all cores)")
    parser.add_argument("--parts", nargs="+", choices=list(BARS), default=list(BARS))
    return parser.parse_args()


def main() -> None:
    """Print one Markdown table."""
    chosen = arguments()
    weights = chosen.weights or (backbone(chosen.backbone).offline() or ("random",))[0]
    setting = Setting(
        chosen.data.resolve(),
        chosen.backbone,
        weights,
        chosen.input_size,
        chosen.epochs,
        min(chosen.tutorial_epochs, chosen.epochs),
        chosen.steps,
        chosen.threads,
    )
    for file in chosen.data.rglob("*.*"):
        file.read_bytes()  # so that nobody pays for a cold disk
    rows = [row for strategy in chosen.parts for row in compared(setting, strategy, chosen.rounds)]
    print(table(("measured: median (min–max)", "tutorial's loop", "Thaw", "ratio", "bar"), rows))
    print()
    print(footer("benchmarks.tutorial", ("torch", "torchvision", "Pillow"), *notes(setting), hide=[str(chosen.data)]))


def notes(setting: Setting) -> list[str]:
    """What else the figures depend on."""
    wanted = setting.recipe("linear_probe", 0)
    split = {name: sum(1 for _ in (setting.data / name).rglob("*.*")) for name in ("train", "val")}
    return [
        f"DIR is {setting.data.name}: {split['train']} files to train, {split['val']} to validate or test",
        f"{setting.row.title} at {wanted.preprocessing.crop} px, weights {setting.weights}, {setting.threads} threads for both",
        f"Tutorial's loop: float32, batches of {TUTORIAL_BATCH} (`last_stage`: {BATCH}). Thaw: "
        f"{devices.place(setting.row, 'cpu').precision}, batches of {BATCH}",
    ]


if __name__ == "__main__":
    main()

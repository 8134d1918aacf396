"""The arms: the tutorial's loop and Thaw's run of one strategy, each measured in a fresh process."""

import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmarks import baseline
from benchmarks.report import cores
from explorer import recipe
from explorer.catalogue.backbone import Backbone
from explorer.catalogue.backbones import backbone
from explorer.catalogue.strategies import strategy
from explorer.evidence import Score
from explorer.models import memory
from explorer.models.devices import Device
from explorer.recipe import Recipe
from explorer.training.compute.loop import train
from explorer.training.compute.preparing import prepare
from explorer.training.compute.scoring import outcome

TUTORIAL_BATCH, BATCH = 4, 32


@dataclass(frozen=True)
class Setting:
    """What both loops are given: pictures, network, threads, and how much of it is timed.

    `stages` are those that learn in the strategy `custom`; `steps` counts the batches of 32 over which the tutorial's
    learning is timed.
    """

    data: Path
    backbone: str
    weights: str
    input_size: int | None
    epochs: int
    tutorial_epochs: int
    steps: int
    threads: int
    stages: tuple[str, ...]

    @property
    def row(self) -> Backbone:
        """The backbone's row of the catalogue."""
        return backbone(self.backbone)

    def recipe(self, name: str, seed: int = 0) -> Recipe:
        """The same as a recipe of a strategy: all pictures, on the CPU. Raises ExplorerError where it does not apply."""
        return recipe.make(
            backbone=self.backbone,
            weights=self.weights,
            dataset="folder",
            data_dir=str(self.data),
            per_class=None,
            strategy=name,
            stages=self.stages if name == "custom" else None,
            epochs=self.epochs,
            batch_size=BATCH,
            input_size=self.input_size,
            seed=seed,
            device="cpu",
        )


@dataclass(frozen=True)
class Arm:
    """How a run went: seconds from end to end (of all epochs, though only `timed` of them may have been run), of them
    before the first step, images a second while learning (one a measurement), the most memory the process had and what
    it had before (its libraries), in bytes, the score on test after the last epoch that was run, and the precision."""

    seconds: float
    prepared: float
    timed: int
    speeds: tuple[float, ...]
    peak: int
    libraries: int
    test: Score
    precision: str


def expressible(name: str) -> bool:
    """Whether the tutorial's loop can do it: it chooses once, before it begins, which parameters learn."""
    return strategy(name).unfreezes == "at once"


def batch_of(wanted: Recipe) -> int:
    """The tutorial's own batch, or with more than a head to learn, which favours it, Thaw's."""
    return BATCH if wanted.tuned else TUTORIAL_BATCH


def tutorial(setting: Setting, name: str, seed: int) -> Arm:
    """The tutorial's loop; then, with the clock and the memory meter read, its steps alone."""
    libraries = _emptied()
    wanted = setting.recipe(name, seed)
    loop = baseline.run(setting.data, wanted, batch_of(wanted), setting.tutorial_epochs)
    peak = memory.peak(_CPU)
    speed = _tutorial_speed(setting, wanted)
    seconds, right = loop.seconds(setting.epochs), Score(loop.n, loop.correct[-1])
    return Arm(seconds, loop.setup, setting.tutorial_epochs, (speed,), peak, libraries, right, "float32")


def _tutorial_speed(setting: Setting, wanted: Recipe) -> float:
    """Images a second of its steps, from decoded pictures."""
    pictures = baseline.loaders(setting.data, wanted.preprocessing, BATCH)["train"].dataset
    rows = [pictures[i % len(pictures)] for i in range(setting.steps * BATCH)]
    images, labels = torch.stack([image for image, _ in rows]), torch.tensor([label for _, label in rows])
    return baseline.speed(baseline.network(wanted, len(pictures.classes)), images, labels, batch_of(wanted))


def ours(setting: Setting, name: str, seed: int) -> Arm:
    """Prepare, train, outcome: a run without its folder."""
    libraries = _emptied()
    started = time.perf_counter()
    session = prepare(setting.recipe(name, seed))
    prepared = time.perf_counter() - started
    speeds = tuple(epoch.images_per_second for epoch in train(session))
    result = outcome(session)
    seconds = time.perf_counter() - started
    precision = session.place.precision
    return Arm(seconds, prepared, setting.epochs, speeds, result.peak_memory, libraries, result.test, precision)


_CPU = Device(torch.device("cpu"), bfloat16=False)


def _emptied() -> int:
    """Set the memory meter back; the bytes that are resident already."""
    memory.reset_peak(_CPU)
    return memory.peak(_CPU)


def fresh(arm: Callable[[Setting, str, int], Arm], setting: Setting, name: str, seed: int, home: str) -> Arm:
    """The arm in a new process, in which nothing is left warm by the one before; `home` is its Thaw folder."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, initializer=_begin, initargs=(setting.threads, home)) as pool:
        return pool.submit(arm, setting, name, seed).result()


def _begin(threads: int, home: str) -> None:
    """Both loops decode and compute on this many cores."""
    os.environ["THAW_HOME"] = home
    if hasattr(os, "sched_setaffinity") and threads < cores():
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    os.environ["THAW_THREADS"] = str(threads)  # no pass beside another: the other loop has none
    torch.set_num_threads(threads)


def measured(setting: Setting, name: str, rounds: int, warm: bool) -> dict[str, list[Arm]]:
    """`tutorial` (where its loop can do the strategy), `ours` and, with `warm`, `again`: a second run that finds the
    boundary's cache filled; one Arm a round, taking turns. Thaw's first runs begin with an empty cache."""
    found: dict[str, list[Arm]] = {"tutorial": [], "ours": [], "again": []}
    for seed in range(rounds):
        with tempfile.TemporaryDirectory() as home:
            if expressible(name):
                found["tutorial"].append(fresh(tutorial, setting, name, seed, home))
            found["ours"].append(fresh(ours, setting, name, seed, home))
            if warm:
                found["again"].append(fresh(ours, setting, name, seed, home))
    return found

"""How near does a run come to what the machine can do? Its epochs against the same steps on one batch that lies ready.

    python -m benchmarks.ceiling [--backbone resnet18] [--size 224] [--strategy full]
    python -m benchmarks.ceiling --card [--against COMMIT]

The ceiling has the run's network, precision, memory format, optimizer and batch size, and no input pipeline, no scoring, no
reports: torchvision's own forward pass (behind a frozen front: the stages that learn) on one made-up batch that is on the
device already, on a GPU captured as one CUDA graph. Runs of ten epochs, scored as a visitor's are, and the ceiling's steps take
turns, after an uncounted round. On CPUs the shares are given in processor time too, which other load on the machine changes
less; whole epochs are held against the clock, since their passes without gradients use a second core where there is one.

`--card` measures what a GPU makes of a run instead (`benchmarks/card.py`), beside another build's in the same minutes.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from benchmarks import card
from benchmarks.report import Spread, footer, held, table
from explorer import recipe
from explorer.catalogue import AUGMENTATIONS, BACKBONES
from explorer.catalogue.backbones import backbone
from explorer.catalogue.strategies import STRATEGIES
from explorer.models import devices
from explorer.recipe import Recipe
from explorer.runs.records import Epoch
from explorer.training.compute import freezing
from explorer.training.compute.loop import train_overlapped
from explorer.training.compute.optimizing import adamw
from explorer.training.compute.preparing import prepare
from explorer.training.compute.session import Session

BAR, WHOLE = 0.85, 0.9  # of the ceiling: learning alone, epochs with all that belongs to them
EPOCHS = 10  # a round
STEPS = 3  # times those of an epoch, for the ceiling's turn
AT_ONCE = [name for name, row in STRATEGIES.items() if row.unfreezes == "at once" and name != "custom"]


@dataclass(frozen=True)
class Speed:
    """Images a second, by the clock on the wall and by the time that the process spent on processors."""

    wall: float
    processor: float


@dataclass(frozen=True)
class Round:
    """The speed of the ceiling, of an epoch's learning, and of the epoch with its scoring."""

    ceiling: Speed
    learning: Speed
    epoch: Speed


class Watch:
    """Both clocks, from its making on."""

    def __init__(self) -> None:
        self.wall, self.processor = time.perf_counter(), time.process_time()

    def speed(self, images: int) -> Speed:
        """Of so many images since then."""
        return Speed(images / (time.perf_counter() - self.wall), images / (time.process_time() - self.processor))


class Steps:
    """What a run reports to: it is called before each step, so a step's time is that between two calls in one epoch."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begin anew."""
        self.spent, self.count, self.last, self.epoch = 0.0, 0, 0.0, ""

    def __call__(self, fraction: float, message: str) -> None:
        alone = torch.get_num_threads() == 1  # then another thread may look meanwhile
        now = time.thread_time() if alone else time.process_time()
        if message == self.epoch:
            self.spent += now - self.last
            self.count += 1
        self.last, self.epoch = now, message

    def processor(self, batch: int) -> float:
        """Images a second of processor time, of all steps but the last of each epoch."""
        return self.count * batch / self.spent


def bare(session: Session) -> Callable[[int], Speed]:
    """A function that does so many steps of the ceiling, and says how fast."""
    network, front, place = session.network.copy(), session.front["train"], session.place
    optimizer = adamw(freezing.groups(network, session.recipe, session.learns), place)
    batch = torch.arange(session.recipe.batch_size)
    real = front.read(batch)
    x = torch.randn_like(real.float()).to(real.dtype)  # in the same memory format
    labels = torch.randint(len(session.data.classes), batch.shape).to(place.device)
    freezing.set_modes(network, session.recipe, session.learns)

    def step() -> Tensor:
        optimizer.zero_grad(set_to_none=True)
        with place.autocast():
            logits = front.tail(network, x) if front.upto else network.model(x)
        loss = functional.cross_entropy(logits.float(), labels)
        loss.backward()
        optimizer.step()
        return loss.detach()

    take = captured(step) if place.captures else step

    def steps(count: int) -> Speed:
        watch = Watch()
        losses = [take() for _ in range(count)]
        losses[-1].item()  # waits for an accelerator
        return watch.speed(count * len(batch))

    return steps


def captured(step: Callable[[], Tensor]) -> Callable[[], Tensor]:
    """The step as a CUDA graph, as torch's notes have it."""
    side, graph = torch.cuda.Stream(), torch.cuda.CUDAGraph()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    with torch.cuda.graph(graph, stream=side):
        loss = step()

    def replay() -> Tensor:
        graph.replay()
        return loss

    return replay


def measured(chosen: Recipe, rounds: int) -> tuple[Session, list[Round]]:
    """Runs of `EPOCHS` epochs and as many steps of the ceiling as some of those have, in turn; the first round is not counted.
    Returns the last session too."""
    found, session = [], prepare(chosen)
    for _ in range(rounds + 1):
        session, some, steps = prepare(chosen), list[Epoch](), Steps()
        ceiling, images, batch = bare(session), len(session.front["train"].labels), chosen.batch_size
        watch = Watch()
        train_overlapped(session, some.append, steps)
        whole = watch.speed(images * EPOCHS)
        learning = Speed(statistics.harmonic_mean(e.images_per_second for e in some), steps.processor(batch))
        found.append(Round(ceiling(images // batch * STEPS), learning, whole))
    return session, found[1:]


def rows(found: list[Round], scored: str, processor: bool) -> list[tuple[str, ...]]:
    """The table's rows; the bar is held against processor time where there is one."""

    def row(name: str, speeds: list[Speed], bar: float | None, spend: bool = processor) -> tuple[str, ...]:
        pairs = list(zip(speeds, (r.ceiling for r in found), strict=True))
        wall = Spread(tuple(100 * mine.wall / its.wall for mine, its in pairs))
        spent = Spread(tuple(100 * mine.processor / its.processor for mine, its in pairs))
        reached = held((spent if spend else wall).median >= 100 * bar, f"≥ {100 * bar:.0f} %") if bar else ""
        speed = Spread(tuple(mine.wall for mine in speeds))
        return (name, str(speed), f"{wall} %", f"{spent} %" if processor else "", reached)

    return [
        row("ceiling: steps on one batch that lies ready", [r.ceiling for r in found], None),
        row("Thaw, an epoch's learning, with its input pipeline", [r.learning for r in found], BAR),
        row(f"Thaw, whole epochs, with scoring {scored}", [r.epoch for r in found], WHOLE, False),
    ]


def arguments() -> argparse.Namespace:
    """The command line, read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", choices=list(BACKBONES), default="resnet18")
    parser.add_argument("--weights", help="default: pre-trained where a file is on this machine, else random")
    parser.add_argument("--size", type=int, default=224, help="pixels")
    parser.add_argument("--strategy", choices=AT_ONCE, default="full")
    parser.add_argument("--augmentation", choices=list(AUGMENTATIONS), default="none")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--per-class", type=int, default=32, help="photo patches of each of 17 classes")
    parser.add_argument("--rounds", type=int, default=3, help=f"of {EPOCHS} epochs each")
    parser.add_argument("--device", choices=recipe.DEVICES, default="auto")
    parser.add_argument("--card", action="store_true", help="what a GPU makes of a run")
    parser.add_argument("--against", help="with --card: a commit to compare with")
    return parser.parse_args()


def wanted(given: argparse.Namespace) -> Recipe:
    """The recipe of the run."""
    return recipe.make(
        backbone=given.backbone,
        weights=given.weights or (backbone(given.backbone).offline() or ("random",))[0],
        per_class=given.per_class,
        strategy=given.strategy,
        augmentation=given.augmentation,
        epochs=EPOCHS,
        batch_size=given.batch,
        input_size=given.size,
        device=given.device,
    )


def main() -> None:
    """Print one Markdown table."""
    given = arguments()
    if given.card:
        if not torch.cuda.is_available():
            raise SystemExit("--card measures an NVIDIA GPU, and torch finds none here.")
        print(card.tables(given.against, given.rounds, tuple(BACKBONES)))
        hardware = devices.choose(backbone(given.backbone), "cuda").hardware
        print("\n" + footer("benchmarks.ceiling", ("torch", "torchvision"), hardware))
        return
    threads = devices.set_threads()
    with tempfile.TemporaryDirectory() as home:
        os.environ["THAW_HOME"] = home  # leave no trace in the visitor's cache
        chosen = wanted(given)
        session, found = measured(chosen, given.rounds)
    n = {split: len(getattr(session.data, split)) for split in ("train", "val", "test")}
    scored = f"of {min(256, n['train'])} training and {n['val']} validation images"
    scored += f", and the features of {n['test']} test images" if chosen.tuned else ""
    columns = ("median (min–max) of rounds", "images/s", "share of the ceiling", "share in processor time", "bar")
    print(table(columns, rows(found, scored, session.place.device.type == "cpu")))
    facts = [
        f"{chosen.title} at {given.size} px, {n['train']} images, batches of {given.batch}, {session.place.precision}, "
        f"{session.place.device.type}, {threads} threads",
        f"Before the first step, once: {session.seconds['features']:.1f} s (decoding, and the frozen front if there is one)",
    ]
    print("\n" + footer("benchmarks.ceiling", ("torch", "torchvision"), *facts))


if __name__ == "__main__":
    main()

"""How much faster is a run than the loop of PyTorch's transfer-learning tutorial, on the same pictures and threads?

    python -m benchmarks.tutorial --data DIR

DIR holds `train/<class>/` and `val/<class>/` (the tutorial's own: ants and bees). Every run is a fresh process, the
tutorial's loop and Thaw in turn, Thaw with an empty cache; libraries are loaded before the clock starts, as in the worker.
See benchmarks/README.md for what is and what is not comparable.
"""

import argparse
import os
from pathlib import Path

from benchmarks.report import cores, footer, table
from benchmarks.tutorial.arms import BATCH, TUTORIAL_BATCH, Setting, measured
from benchmarks.tutorial.rows import COLUMNS, rows
from explorer.catalogue import STRATEGIES
from explorer.catalogue.backbones import backbone
from explorer.errors import ExplorerError
from explorer.models import devices

BACKBONES = ("resnet18", "resnet34", "resnet50", "mobilenet_v2", "squeezenet1_1")


def arguments() -> argparse.Namespace:
    """The command line, read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    threads = int(os.environ.get("THAW_THREADS") or cores())
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
    parser.add_argument("--threads", type=int, default=threads, help="for both (default: $THAW_THREADS or all cores)")
    parser.add_argument("--parts", nargs="+", choices=list(STRATEGIES), default=list(STRATEGIES), metavar="STRATEGY")
    parser.add_argument("--stages", nargs="+", help="those that learn in `custom` (default: the last but one alone)")
    return parser.parse_args()


def main() -> None:
    """Print one Markdown table, strategy by strategy."""
    chosen = arguments()
    row = backbone(chosen.backbone)
    setting = Setting(
        chosen.data.resolve(),
        chosen.backbone,
        chosen.weights or (row.offline() or ("random",))[0],
        chosen.input_size,
        chosen.epochs,
        min(chosen.tutorial_epochs, chosen.epochs),
        chosen.steps,
        chosen.threads,
        tuple(chosen.stages or (row.stage_names[-2],)),
    )
    for file in chosen.data.rglob("*.*"):
        file.read_bytes()  # so that nobody pays for a cold disk
    parts, refused = applicable(setting, chosen.parts)
    cached = next((name for name in parts if setting.recipe(name).frozen_front), None)
    print(table(COLUMNS, ()), flush=True)
    libraries = 0.0
    for name in parts:
        found = measured(setting, name, chosen.rounds, warm=name == cached)
        libraries = max(libraries, *(arm.libraries / 1e6 for arms in found.values() for arm in arms))
        for line in rows(setting, name, found):
            print(f"| {' | '.join(line)} |", flush=True)
    print()
    facts = [*notes(setting, libraries), *refused]
    print(footer("benchmarks.tutorial", ("torch", "torchvision", "Pillow"), *facts, hide=[str(chosen.data)]))


def applicable(setting: Setting, parts: list[str]) -> tuple[list[str], list[str]]:
    """The strategies that this backbone can do, and why not the others."""
    good, refused = [], []
    for name in parts:
        try:
            setting.recipe(name)
            good.append(name)
        except ExplorerError as error:
            refused.append(f"`{name}` was left out: {str(error).partition('. ')[0]}")
    return good, refused


def notes(setting: Setting, libraries: float) -> list[str]:
    """What else the figures depend on."""
    wanted = setting.recipe("linear_probe")
    split = {name: sum(1 for _ in (setting.data / name).rglob("*.*")) for name in ("train", "val")}
    return [
        f"DIR is {setting.data.name}: {split['train']} files to train, {split['val']} to validate or test",
        f"{setting.row.title} at {wanted.preprocessing.crop} px, weights {setting.weights}, {setting.epochs} epochs, "
        f"{setting.threads} threads for both",
        f"Tutorial's loop: float32, batches of {TUTORIAL_BATCH} for the probe, else {BATCH}. Thaw: "
        f"{devices.choose(setting.row, 'cpu').precision}, batches of {BATCH}",
        f"Peak memory is the process's, {libraries:.0f} MB of libraries included. `custom`: {', '.join(setting.stages)}",
    ]


if __name__ == "__main__":
    main()

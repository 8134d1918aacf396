"""Four families leave Thaw by every way and come back: does what arrives say what the run said?

A ResNet-10, MobileNetV2, SqueezeNet and ConvNeXt-Tiny (the best weights on this machine, else random ones) learn by four
strategies. Each run is exported in every format by the command line. PYTHON, a bare environment of torch, torchvision and
safetensors, carries out the script, loads all weights strictly into torchvision's class, runs the notebook's cells, and opens
the torch.export program; ONNX is run by the export's own check. The ZIP is imported into a Thaw folder that has nothing, where
the test pictures get their classes again.

    python3 -m venv bare && bare/bin/pip install torch torchvision safetensors
    python -m benchmarks.round_trip --python bare/bin/python [--dataset photo_patches | --data DIR] [--epochs 3]
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from benchmarks.report import footer, table
from explorer.catalogue import BACKBONES
from explorer.export.formats import FORMATS

RUNS = (
    ("resnet10", "last_stage"),
    ("mobilenet_v2", "lp_ft"),
    ("squeezenet1_1", "full"),
    ("convnext_tiny", "linear_probe"),
)
COLUMNS = (
    "run",
    "test accuracy, 95 % interval",
    "script, alone",
    "weights, strictly",
    "notebook agrees",
    "ONNX",
    "ONNX with picture",
    "torch.export",
    "report",
    "back by ZIP",
)
LOADED = """import json, sys
from safetensors import safe_open
from safetensors.torch import load_file
with safe_open("weights.safetensors", "pt") as file: facts = file.metadata()
exec(facts["build"])
print(model.load_state_dict(load_file("weights.safetensors"), strict=True))"""
OPENED = """import torch
program = torch.export.load("torch-export.pt2").module()
for n in (1, 5): print("logits", tuple(program(torch.zeros(n, 3, SIZE, SIZE, dtype=torch.uint8)).shape))"""


def thaw(home: Path, *words: str) -> Any:
    """What this command of Thaw's prints as JSON, with this folder."""
    command = [sys.executable, "-m", "explorer", *words, "--json"]
    return json.loads(called(command, Path.cwd(), os.environ | {"THAW_HOME": str(home)}).splitlines()[-1])


def called(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> str:
    """What a command prints; raises RuntimeError with the end of its errors where it fails."""
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command} failed: {done.stderr[-3000:]}")
    return done.stdout


def out_by_every_way(home: Path, run: str, room: Path) -> dict[str, str]:
    """Export the run in all formats into `room`: the notes of each."""
    notes = {}
    for name, row in FORMATS.items():
        done = thaw(home, "export", run, "--to", name, "--out", str(room / f"{name}{row.endings[0]}"))
        notes[name] = " ".join(done["notes"])
    return notes


def unpacked(archive: Path) -> Path:
    """The folder beside a ZIP that holds what it brought."""
    with zipfile.ZipFile(archive) as pack:
        pack.extractall(archive.with_suffix(""))
    return archive.with_suffix("")


def alone(python: str, room: Path, size: int) -> list[str]:
    """What the bare environment makes of the script, the weights, the notebook and the program, in the order of COLUMNS."""
    script = called([python, "-I", "model_trainer.py"], unpacked(room / "script.zip"))
    right, n = re.findall(r"^test: (\d+) of (\d+)", script, re.M)[-1]
    loaded = called([python, "-I", "-c", LOADED], room)
    away = unpacked(room / "notebook.zip")
    book = json.loads((away / "run.ipynb").read_text(encoding="utf-8"))
    (away / "cells.py").write_text("\n".join("".join(c["source"]) for c in book["cells"] if c["cell_type"] == "code"))
    same, of = re.findall(r"agrees with the run on (\d+) of (\d+)", called([python, "-I", "cells.py"], away))[0]
    called([python, "-I", "-c", OPENED.replace("SIZE", str(size))], room)
    return [f"{right} of {n}", "yes" if "All keys matched" in loaded else loaded, f"{same} of {of}"]


def back(home: Path, other: Path, run: str, room: Path) -> str:
    """Whether the run came, to a folder that has nothing, as it went, and how many test pictures get the class that they got."""
    thaw(other, "import", str(room / "zip.zip"))
    told, said = [], []
    for place in (home, other):
        told.append(next(row for row in thaw(place, "runs")["runs"] if row["run"] == run))
        named = thaw(place, "predict", run, str(room / "script" / "data" / "test"), "--no-distances")
        said.append({row["file"]: row["class"] for row in named["predictions"]})
    same = sum(said[1].get(name) == label for name, label in said[0].items())
    return f"{same} of {len(said[0])} named alike" if told[0] == told[1] else "**not as it went**"


def row(given: argparse.Namespace, backbone: str, strategy: str, room: Path) -> tuple[str, ...]:
    """One run, out by every way and back."""
    home, other = room / "home", room / "other"
    source = ("--dataset", "folder", "--data-dir", given.data) if given.data else ("--dataset", given.dataset)
    weights = ("--weights", "default" if BACKBONES[backbone].offline() else "random")
    length = ("--epochs", str(given.epochs), "--per-class", str(given.per_class))
    done = thaw(home, "train", "--backbone", backbone, "--strategy", strategy, *weights, *source, *length)
    test, run = done["test"], done["run"]
    interval = f"{test['correct']} of {test['n']} ({100 * test['low']:.1f} to {100 * test['high']:.1f} %)"
    notes = out_by_every_way(home, run, room)
    differences = [
        re.findall(r"probabilities (?:differ by at most|by) (\d[\d.]*e-\d+)", notes[name])[0]
        for name in ("onnx", "onnx-picture", "torch-export")
    ]
    report = f"{(room / 'report.html').stat().st_size / 1e6:.2f} MB"
    arrived = alone(given.python, room, done["recipe"]["input_size"] or BACKBONES[backbone].input_size)
    name = f"{backbone}, {done['recipe']['weights']}, `{strategy}`"
    return (name, interval, *arrived, *differences, report, back(home, other, run, room))


def arguments() -> argparse.Namespace:
    """The command line, read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--python", required=True, help="of an environment with torch, torchvision and safetensors alone"
    )
    parser.add_argument("--dataset", default="photo_patches")
    parser.add_argument("--data", help="a folder with one sub-folder per class, in place of a set")
    parser.add_argument("--backbone", nargs="+", choices=[name for name, _ in RUNS], default=[name for name, _ in RUNS])
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--per-class", type=int, default=10)
    return parser.parse_args()


def main() -> None:
    """One row for each family."""
    given = arguments()
    print(table(COLUMNS, ()), flush=True)
    for backbone, strategy in RUNS:
        if backbone in given.backbone:
            with tempfile.TemporaryDirectory() as room:
                print(f"| {' | '.join(row(given, backbone, strategy, Path(room)))} |", flush=True)
    bare = called(
        [given.python, "-c", "import torch, torchvision; print(torch.__version__, torchvision.__version__)"], Path.cwd()
    )
    print(
        "\n"
        + footer(
            "benchmarks.round_trip",
            ("torch", "onnxruntime"),
            f"bare: {bare.strip()}",
            hide=(given.python, given.data or ""),
        )
    )


if __name__ == "__main__":
    main()

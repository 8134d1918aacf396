"""How long a run takes to leave: each export of a ResNet-18 run, ONNX beside PyTorch, and many pictures named.

A ResNet-18 with random weights learns for an epoch on made-up pictures at 224 pixels. Then each format is written (with
its check on 32 test images); one picture at a time goes through onnxruntime and through PyTorch in turns; and 1,000 JPEGs go
through `predict`, beside the same decoding and the same passes of the network and nothing else, in turns.

    python -m benchmarks.exports

Exports are judged by the processor's seconds, of one thread: on a machine that has other work the clock tells of that work.
"""

import argparse
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks import families
from benchmarks.report import Spread, brief, footer, held, table
from explorer.export.compute import agreement, graphs, handlers, predicting
from explorer.export.formats import FORMATS
from explorer.looks.pair import compute
from explorer.models import predicting as network_says
from explorer.progress import silent

SECONDS, TIMES, SHARE = 3.0, 1.2, 0.9
"""The bars: seconds of an export, ONNX against eager PyTorch, and the share of the limit that `predict` reaches."""
EXPORTED = ("format", "processor s, alone", "after another graph", "on the clock", "size", "bar")
SIDE = 320  # pixels of a JPEG's side


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Seconds that `work` takes on the clock, and of this process on any core."""
    began, ours = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - ours


def jpegs(folder: Path, count: int) -> list[tuple[str, Path]]:
    """So many JPEGs of noise over a slope, as (name, file)."""
    rng = np.random.default_rng(0)
    slope = np.linspace(0, 150, SIDE)[:, None, None]
    made = []
    for i in range(count):
        coarse = rng.integers(0, 100, (SIDE // 8, SIDE // 8, 3)).repeat(8, 0).repeat(8, 1)
        made.append((f"{i:04d}.jpg", folder / f"{i:04d}.jpg"))
        Image.fromarray((slope + coarse).astype(np.uint8)).save(made[-1][1], quality=88)
    return made


def forget() -> None:
    """Nothing that one graph of a run leaves for the next."""
    for kept in (graphs._program, graphs._written, agreement._ours):
        kept.cache_clear()


def written(run: str, room: Path) -> list[tuple[str, ...]]:
    """A row for each format, in a process that has written one before: seconds of the processor where nothing of the run is
    kept, and where its graph and what its network says are; of the first on the clock too."""
    rows = []
    for name, row in FORMATS.items():
        out = room / f"{name}{row.endings[0]}"
        write = partial(handlers.write, run, name, out, silent)
        write()
        forget()
        (clock, alone), (_, after) = timed(write), timed(write)
        size = f"{out.stat().st_size / 1e6:.1f} MB"
        rows.append((f"`{name}`", brief(alone), brief(after), brief(clock), size, held(alone <= SECONDS, "≤ 3 s")))
    return rows


def beside_onnx(run: str, room: Path, rounds: int) -> tuple[Spread, Spread]:
    """Milliseconds of one picture through PyTorch and through onnxruntime, in turns, both on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(room / "onnx.onnx", options, providers=["CPUExecutionProvider"])
    pixels, whole = agreement.pixels(run)[:1], graphs._whole(run)
    one = torch.from_numpy(pixels)

    def eager() -> None:
        with torch.inference_mode():
            whole(one)

    found = [(timed(eager)[0], timed(lambda: session.run(None, {"pixels": pixels}))[0]) for _ in range(rounds + 3)]
    ours, theirs = zip(*found[3:], strict=True)
    return Spread(tuple(1000 * t for t in ours)), Spread(tuple(1000 * t for t in theirs))


def limit(run: str, files: list[tuple[str, Path]]) -> None:
    """Decoding and passes of the network, and nothing else, one batch after the other."""
    recipe, network = compute.finished(run), compute.network(run)
    decode = predicting.decoder(run, recipe)
    for start in range(0, len(files), predicting.BATCH):
        found = [decode(path) for _, path in files[start : start + predicting.BATCH]]
        pixels = np.stack([pixels for pixels, _ in (row for row in found if not isinstance(row, str))])
        network_says.logits(network, compute.to_input(run, pixels))


def shares(run: str, files: list[tuple[str, Path]], rounds: int) -> list[tuple[float, float]]:
    """Of each round: seconds of the processor that the limit takes, and those that `predict` takes."""
    folder, one = files[0][1].parent, files[0][1].parent.with_name("one")
    one.mkdir(exist_ok=True)
    shutil.copy(files[0][1], one)
    predicting.predict(run, str(one))  # the distances of the run's own pictures are found once
    found = []
    for _ in range(rounds):
        plain = timed(lambda: limit(run, files))[1]
        found.append((plain, timed(lambda: predicting.predict(run, str(folder)))[1]))
    return found


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", default="resnet18")
    parser.add_argument("--pictures", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=30, help="pictures through ONNX and PyTorch in turns")
    given = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as room:
        os.environ["THAW_HOME"], place = str(Path(room) / "home"), Path(room)
        data = families.pictures(place / "data", {"train": 6, "val": 4, "test": 11})
        run = families.trained(given.backbone, data, strategy="full", input_size=None)
        (place / "jpegs").mkdir()
        files = jpegs(place / "jpegs", given.pictures)
        print(table(EXPORTED, written(run, place)), end="\n\n", flush=True)
        ours, theirs = beside_onnx(run, place, given.rounds)
        times = ours.median / theirs.median
        row = (str(ours), str(theirs), f"{times:.2f}", held(times >= TIMES, "≥ 1.2"))
        print(table(("PyTorch, ms a picture", "onnxruntime", "times as fast", "bar"), [row]), end="\n\n", flush=True)
        found = shares(run, files, 2)
        share = statistics.median(plain / whole for plain, whole in found)
        cells = ", ".join(f"{plain:.1f} and {whole:.1f}" for plain, whole in found)
        row = (str(len(files)), cells, f"{share:.2f}", held(share >= SHARE, "≥ 0.9"))
        print(table(("JPEGs", "processor seconds: limit and predict", "share", "bar"), [row]), end="\n\n")
        print(footer("benchmarks.exports", ("torch", "onnxruntime", "pillow"), f"{given.backbone}, one thread"))


if __name__ == "__main__":
    main()

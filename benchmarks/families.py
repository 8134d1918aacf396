"""What applies to which family of backbones: every look, the audit and the exports, on random weights.

One network of each family learns for an epoch on 24 made-up pictures, once its head alone, once all of it; then every look at
the two runs is asked as a page asks it. Each cell is `yes`, the number of the reason for which it is refused in words, or a
fault of ours, named. The table is kept in docs/backbones.md:

    python -m benchmarks.families --out cells.jsonl --write docs/backbones.md

Rows that `--out` holds are not computed again.
"""

import argparse
import contextlib
import io
import json
import os
import runpy
import sys
import tempfile
import time
import traceback
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file

from benchmarks.report import footer, table
from explorer import recipe as recipes
from explorer import runs
from explorer.catalogue import ATTRIBUTIONS, Backbone
from explorer.catalogue.backbones import backbone
from explorer.errors import ExplorerError
from explorer.export import archive
from explorer.export.compute import handlers as exports
from explorer.looks.attribution.compute import gradients
from explorer.looks.pair import compute
from explorer.models.finding import ensure
from explorer.progress import silent
from explorer.question import ask_for
from explorer.training.compute.handlers import train
from explorer.worker.handlers import answer

SMALL = (
    "resnet10 vgg11_bn vgg16 squeezenet1_1 mobilenet_v2 convnext_tiny vit_b_16 "
    "torchvision:resnext50_32x4d torchvision:wide_resnet50_2 torchvision:regnet_y_400mf torchvision:regnet_x_400mf "
    "torchvision:shufflenet_v2_x0_5 torchvision:mnasnet0_5 torchvision:googlenet torchvision:inception_v3 torchvision:alexnet "
    "torchvision:densenet121 torchvision:efficientnet_b0 torchvision:efficientnet_v2_s torchvision:mobilenet_v3_small "
    "torchvision:swin_t torchvision:swin_v2_t torchvision:maxvit_t torchvision:vit_b_32 "
    "timm:vit_tiny_patch16_224 timm:deit_tiny_distilled_patch16_224 timm:vit_small_patch16_dinov3 "
    "timm:vit_base_patch32_clip_224 timm:convnext_atto timm:convnextv2_atto timm:test_vit timm:test_resnet "
    "timm:test_efficientnet timm:test_nfnet timm:test_maxvit timm:test_byobnet timm:test_mambaout timm:resnet10t "
    "timm:swin_tiny_patch4_window7_224 timm:mobilenetv4_conv_small timm:mixer_s32_224 timm:poolformer_s12 timm:edgenext_xx_small "
    "timm:ghostnet_050 timm:hrnet_w18_small timm:beit_base_patch16_224"
)
NAMES = tuple(SMALL.split())
"""One small network of each family that torchvision or timm has, and Thaw's own."""
SIZES = (64, 96)
"""Pixels that a network is tried with, where it takes them; else its own."""
CLASSES, IMAGES = ("chequered", "lying", "standing"), {"train": 4, "val": 3, "test": 4}
FORMATS = ("script", "weights", "notebook", "onnx", "torch-export", "zip")
YES, FAILS = "yes", "FAILS: "
Ask = Callable[[], object]


def pictures(root: Path, images: Mapping[str, int] = IMAGES) -> Path:
    """A folder of 3 classes of noisy pictures, so many in each split: a chequered board, lying and standing stripes."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:64, :64] // 8 % 2
    for name, plain in zip(CLASSES, (x ^ y, y, x), strict=True):
        for split, count in images.items():
            (root / split / name).mkdir(parents=True)
            for i in range(count):
                pixels = plain[:, :, None] * 150 * rng.uniform(0.5, 1, 3) + rng.integers(0, 90, (64, 64, 3))
                Image.fromarray(pixels.astype(np.uint8)).save(root / split / name / f"{i:02d}.png")
    return root


def size_of(row: Backbone) -> int:
    """The input at which a network is tried: the smallest of SIZES that it takes, else its own."""
    return next((size for size in SIZES if row.any_size and size >= row.least), row.input_size)


def trained(name: str, data: Path, **more: Any) -> str:
    """The id of a finished run of two steps."""
    given = {"backbone": name, "weights": "random", "dataset": "folder", "data_dir": str(data), "per_class": None}
    given |= {"epochs": 1, "batch_size": 6, "input_size": size_of(backbone(name)), "device": "cpu"}
    run = train(runs.create(recipes.make(**given | more), here=True))
    if run.state != "finished":
        raise RuntimeError(f"the run {run.state}: {run.error}")
    return run.id


def asked(name: str, **fields: Any) -> Ask:
    """A question, to be answered here."""
    return lambda: answer(ask_for(name, **fields), silent)


def together(*asks: Ask) -> Ask:
    """Several questions that make one cell."""
    return lambda: [ask() for ask in asks]


def audited(run: str) -> object:
    """Raises where the freeze audit of a run is not clean."""
    found = runs.audit(run)
    if not found.clean:
        raise RuntimeError(f"the audit says {found.fault}")
    return found


def ran(run: str, to: str, room: Path) -> object:
    """A run written as a format, and what it is for done with it: a script is run, weights are loaded, a ZIP is opened."""
    row = exports.format_of(to)
    out = room / f"{to}{row.endings[0]}"
    notes = exports.write(run, to, out, silent)
    if to == "script":
        with zipfile.ZipFile(out) as pack, contextlib.chdir(room), contextlib.redirect_stdout(io.StringIO()):
            pack.extractall(room / "away")
            runpy.run_path(str(room / "away" / "model_trainer.py"), run_name="__main__")
    if to == "weights":
        names: dict[str, Any] = {}
        with safe_open(out, "pt") as file:
            exec(file.metadata()["build"], names)
        names["model"].load_state_dict(load_file(out), strict=True)
    if to == "zip":
        runs.delete(run)
        archive.bring(out)
    return notes


def cells(name: str, data: Path, room: Path) -> Iterator[tuple[str, Ask]]:
    """The columns of a network, each with what is to be done for it; the last two end the first run."""
    made: dict[str, str] = {}

    def learn(kind: str, **more: Any) -> Ask:
        def done() -> object:
            made[kind] = trained(name, data, **more)
            return audited(made[kind])

        return done

    yield "found", lambda: ensure(name) or backbone(name)
    yield "probe", learn("a", strategy="linear_probe")
    yield "full", learn("b", strategy="full")
    yield "best stage", learn("c", strategy="best_stage", reads=backbone(name).stage_names[-2])
    a, b = made["a"], made["b"]
    pair, stages, said = {"a": a, "b": b}, backbone(name).stage_names, runs.predictions(b).classes[0]
    maps = [asked("feature_maps", stage=stage, image=0, **pair) for stage in stages]
    yield "features", together(asked("feature_strip", image=0, **pair), asked("excitement", **pair), *maps)
    yield "first filters", asked("filters", **pair)
    yield "map", together(asked("project", method="pca", **pair), asked("separation", run=b))
    yield "how far it moved", together(*(asked(q, **pair) for q in ("compare", "stage_pairs", "probe_stages")))
    yield "rewind", together(asked("rewind", run=b), asked("interpolate", images=("test",), **pair))
    for method, row in ATTRIBUTIONS.items():
        fit = [stage for stage in stages if not row.obstacle(backbone(name), stage)] if row.staged else []
        where = fit or [stages[-2]]
        fields = {"method": method, "target": said, "image": 0} | pair
        yield (
            row.title.partition(" (")[0],
            together(*(asked("attribute", stage=stage, **fields) for stage in where[-2:])),
        )
    yield "randomise", asked("randomise", run=b, image=0, target=said, stage=stages[-2])
    yield (
        "neighbours",
        together(asked("neighbours", run=b, image=0), asked("predict", run=b, folder=str(data / "test"))),
    )
    for to in FORMATS:
        yield to, lambda to=to: ran(b, to, room)


def row_of(name: str, data: Path) -> dict[str, Any]:
    """All cells of a network: what came of each, and its seconds."""
    found: dict[str, str] = {}
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as room, few_steps():
        for column, ask in cells(name, data, Path(room)):
            began = time.perf_counter()
            found[column] = outcome(ask)
            seconds[column] = round(time.perf_counter() - began, 2)
            print(f"  {column}: {seconds[column]} s", file=sys.stderr, flush=True)
            if column in ("found", "probe", "full") and found[column] != YES:
                break
    row = None if found["found"] != YES else backbone(name)
    facts = {"stages": list(row.stage_names), "size": size_of(row), "title": row.title} if row else {}
    compute.network.cache_clear()
    return {"name": name, "cells": found, "seconds": seconds} | facts


@contextlib.contextmanager
def few_steps() -> Iterator[None]:
    """Integrated gradients and GradientSHAP with few steps: whether they run is the question, not how well."""
    kept = gradients.STEPS, gradients.DRAWS
    gradients.STEPS, gradients.DRAWS = 4, 3
    try:
        yield
    finally:
        gradients.STEPS, gradients.DRAWS = kept


def outcome(ask: Ask) -> str:
    """YES, the words in which it is refused, or FAILS with the fault."""
    try:
        ask()
    except ExplorerError as error:
        return str(error)
    except Exception as error:  # any fault is what is looked for
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"{FAILS}{type(error).__name__}: {str(error)[:200]} ({Path(where.filename).name}:{where.lineno})"
    return YES


def markdown(rows: Sequence[dict[str, Any]], note: str) -> str:
    """The page: a table of what applies, the reasons where something does not, networks that do not fit."""
    fit = [row for row in rows if row["cells"]["found"] == YES]
    columns = list(dict.fromkeys(column for row in fit for column in row["cells"] if column != "found"))
    reasons: dict[str, int] = {}

    def cell(row: dict[str, Any], column: str) -> str:
        said = row["cells"].get(column, "")
        if said in ("", YES):
            return "✓" if said else ""
        plain = said.replace(row["title"], "this backbone").replace(row["name"], "NAME")
        for stage in row["stages"]:
            plain = plain.replace(repr(stage), "this stage")
        return f"[{reasons.setdefault(plain, len(reasons) + 1)}]"

    lines = [[f"`{row['name']}`", str(row["size"]), *(cell(row, column) for column in columns)] for row in fit]
    parts = [table(("backbone", "px", *columns), lines)]
    parts.append("\n".join(f"{n}. {said}" for said, n in reasons.items()))
    others = [f"- `{row['name']}`: {row['cells']['found']}" for row in rows if row not in fit]
    if others:
        parts.append("Refused when they are looked up, with the reason:\n\n" + "\n".join(others))
    return "\n\n".join([*filter(None, parts), note])


def stored(out: Path) -> dict[str, dict[str, Any]]:
    """The rows that were computed before, by name."""
    lines = out.read_text(encoding="utf-8").splitlines() if out.is_file() else []
    return {row["name"]: row for row in map(json.loads, lines)}


def main(arguments: Sequence[str] | None = None) -> None:
    """Compute what is missing, print the table, or write it into a page below its words."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=NAMES, help="backbones (default: one of each family)")
    parser.add_argument("--out", type=Path, default=Path("families.jsonl"), help="where each row is added")
    parser.add_argument("--write", type=Path, help="the page whose table is replaced")
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as room:
        os.environ["THAW_HOME"], data = room, pictures(Path(room) / "pictures")
        for name in given.names:
            if name not in stored(given.out):
                row = row_of(name, data)
                with given.out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")
                bad = [f"{column}: {said}" for column, said in row["cells"].items() if said.startswith(FAILS)]
                print(name, f"{sum(row['seconds'].values()):.0f} s", *bad, sep="\n  ", file=sys.stderr, flush=True)
    known = stored(given.out)
    text = markdown(
        [known[name] for name in given.names if name in known],
        footer("benchmarks.families", ("torch", "torchvision", "timm", "onnxruntime"), hide=[str(given.out)]),
    )
    if given.write:
        words = given.write.read_text(encoding="utf-8").partition("\n| backbone |")[0]
        given.write.write_text(f"{words.rstrip()}\n\n{text}\n", encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()

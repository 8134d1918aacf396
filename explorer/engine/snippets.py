"""Carry out the glossary's snippets on a live backbone: what they print, the value of their last line, their `picture`.

Only code of our own, from files under assets/, comes here; a visitor chooses which, and on which backbone.
"""

import ast
import contextlib
import copy
import functools
import io
import signal
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.catalogue import Backbone
from explorer.catalogue.backbones import backbone
from explorer.engine import backbones, datasets, devices
from explorer.errors import ExplorerError
from explorer.recipe import make

SECONDS = 20.0  # after which a snippet is ended; the longest of ours takes one on the built-in backbone
CLASSES = ("brick", "coffee", "fur", "retina")
EACH = 2  # pictures of each class in the batch
OPENED = """
def features(x):  # what the head reads, (n, d)
    kept = []
    hook = head.register_forward_pre_hook(lambda module, inputs: kept.append(inputs[0]))
    model(x)
    hook.remove()
    return kept[0]

def fit_head(steps=100):  # a linear probe on x and y; the backbone stays as it is
    seen = features(x).detach()
    optimizer = torch.optim.AdamW(head.parameters(), lr=0.01)
    for _ in range(steps):
        optimizer.zero_grad()
        F.cross_entropy(head(seen), y).backward()
        optimizer.step()"""
LINES, TILES, TALL, SMALL = 60, 8, 120, 64  # most lines of output, most tiles of a picture, their pixels; of the batch


@dataclass(frozen=True)
class Scene:
    """What every snippet finds: a torchvision model with a new head, in eval mode, and a batch.

    `x` (8, 3, h, w), `y` (8,) are two test patches of each of four photographs; `pictures` (8, h, w, 3) uint8 the same.
    """

    row: Backbone
    weights: str
    model: nn.Module
    x: Tensor
    y: Tensor
    pictures: np.ndarray

    def names(self) -> dict[str, Any]:
        """The names that a snippet finds; the model is a copy of its own."""
        model = copy.deepcopy(self.model)
        stages = {name: model.get_submodule(path) for name, path in stage_ends(self.row).items()}
        tools = {"torch": torch, "nn": nn, "F": functional}
        head = model.get_submodule(head_path(self.row))
        names = {**tools, "model": model, "head": head, "stages": stages, "x": self.x.clone(), "y": self.y.clone()}
        exec(OPENED, names)
        return names


@functools.lru_cache(maxsize=2)
def scene(name: str, weights: str) -> Scene:
    """The scene of a backbone with these weights (`random` for none), drawn with seed 0."""
    row = backbone(name)
    network = backbones.build(name, len(CLASSES), weights, seed=0)
    size = row.preprocessing(network.weights)
    data = datasets.load(make(dataset="photo_patches", per_class=None))
    rows = [i for c in CLASSES for i in np.flatnonzero(data.test.labels == data.classes.index(c))[3 : 3 + EACH]]
    pictures = data.test.take(rows).pixels(size)
    x = devices.to_input(torch.from_numpy(pictures), size, torch.device("cpu")).contiguous()
    y = torch.arange(len(CLASSES)).repeat_interleave(EACH)
    return Scene(row, network.weights, network.model, x, y, pictures)


def head_path(row: Backbone) -> str:
    """Where the new head stands in torchvision's model."""
    return {"squeezenet1_1": "classifier.1", "convnext_tiny": "classifier.2"}.get(row.name, row.head)


def stage_ends(row: Backbone) -> dict[str, str]:
    """For each stage the module whose output is the stage's output."""
    special = {("vit_b_16", "stem"): "encoder.dropout", ("convnext_tiny", "stage4"): "features.7"}
    return {stage.name: special.get((row.name, stage.name), stage.parts[-1]) for stage in row.stages}


def opening(row: Backbone, weights: str) -> str:
    """The lines that build `model`, `head`, `stages` with torchvision, to be pasted before a snippet."""
    drop = f"nn.Sequential(nn.Dropout({row.dropout}), nn.Linear({row.features}, {len(CLASSES)}))"
    head = drop if row.dropout else f"nn.Linear({row.features}, {len(CLASSES)})"
    pool = "nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())"
    heads = {"squeezenet1_1": f"model.classifier = nn.Sequential({pool}, {head})"}
    lines = [
        "import torch",
        "from torch import nn",
        "from torch.nn import functional as F",
        "from torchvision import models",
        "",
    ]
    if row.name == "resnet10":
        lines += [
            "from torchvision.models.resnet import BasicBlock, ResNet",
            "model = ResNet(BasicBlock, [1, 1, 1, 1])",
        ]
        if weights != "random":
            lines += [
                "from safetensors.torch import load_file",
                'tensors = load_file("assets/backbone/resnet10.safetensors")',
                "model.load_state_dict({name: t.float() for name, t in tensors.items()}, strict=False)",
            ]
    else:
        lines.append(f"model = models.{row.name}(weights={None if weights == 'random' else weights!r})")
    if row.name.startswith("vgg"):
        lines.append("model.avgpool = nn.AdaptiveAvgPool2d(1)")
    lines.append(heads.get(row.name, f"{_attribute(head_path(row))} = {head}") + "  # a new head for 4 classes")
    ends = ", ".join(f'"{name}": {_attribute(path)}' for name, path in stage_ends(row).items())
    lines += [f"head = {_attribute(head_path(row))}", f"stages = {{{ends}}}  # the module that ends each stage"]
    batch = f"x, y = …  # {len(CLASSES) * EACH} pictures as input, and their classes"
    return "\n".join([*lines, "model.eval()", batch, OPENED])


def _attribute(path: str) -> str:
    """`features.3.conv` → `model.features[3].conv`."""
    return "model" + "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in path.split("."))


@dataclass(frozen=True)
class Ran:
    """What came of a snippet (see results.Snippet)."""

    output: str
    seconds: float
    picture: np.ndarray
    low: float = 0.0
    high: float = 0.0


def run(code: str, file: str, line: int, found: Scene, seconds: float = SECONDS) -> Ran:
    """Carry out `code`, which begins at `line` of `file`, in names of its own.

    Raises ExplorerError, naming file, line and reason, where the code fails or takes longer than `seconds`.
    """
    names, printed, start = found.names(), io.StringIO(), time.monotonic()
    try:
        with devices.seeded(0), torch.enable_grad(), _limit(seconds), contextlib.redirect_stdout(printed):
            value = _execute(code, file, line, names)
        if value is not None:
            print(repr(value), file=printed)
        picture, low, high = _drawn(names.get("picture"))
    except Exception as error:
        where = next(
            (f.lineno for f in reversed(traceback.extract_tb(error.__traceback__)) if f.filename == file), line
        )
        reason = str(error) if isinstance(error, _TooLong) else f"{type(error).__name__}: {error}"
        raise ExplorerError(
            f"{file}, line {where}: this snippet cannot be carried out on {found.row.title}. {reason}"
        ) from error
    return Ran(_cut(printed.getvalue()), time.monotonic() - start, picture, low, high)


def _execute(code: str, file: str, line: int, names: dict[str, Any]) -> Any:
    """Run the code; the value of its last line where that is an expression, as in a notebook."""
    tree = ast.increment_lineno(ast.parse(code), line - 1)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, file, "exec"), names)
    return eval(compile(ast.Expression(last.value), file, "eval"), names) if isinstance(last, ast.Expr) else None


class _TooLong(Exception):
    """A snippet took longer than it may."""


@contextlib.contextmanager
def _limit(seconds: float) -> Iterator[None]:
    """End what takes longer; only where the system has alarms, and on the main thread, as in the worker's processes."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: Any) -> None:
        raise _TooLong(f"It took longer than {seconds:g} seconds and was ended. Choose a smaller backbone.")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _cut(text: str) -> str:
    lines = text.rstrip().split("\n")
    return "\n".join(lines if len(lines) <= LINES else [*lines[:LINES], f"… and {len(lines) - LINES} lines more"])


def _drawn(picture: Any) -> tuple[np.ndarray, float, float]:
    """(h, w), (n, h, w) or colours (n, 3, h, w) → one picture of tiles side by side, uint8, with what black and white mean."""
    if picture is None:
        return np.zeros((0,), np.uint8), 0.0, 0.0
    values = torch.as_tensor(picture).detach().float()
    if not 2 <= values.ndim <= 4 or (values.ndim == 4 and values.shape[1] != 3):
        raise ValueError(f"`picture` has the shape {tuple(values.shape)}; it may be (h, w), (n, h, w) or (n, 3, h, w)")
    values = values[None] if values.ndim == 2 else values[:TILES]
    low, high = float(values.min()), float(values.max())
    grey = ((values - low) / (high - low or 1.0) * 255).round().to(torch.uint8).numpy()
    tiles = grey.transpose(0, 2, 3, 1) if grey.ndim == 4 else grey
    return beside(tiles, TALL), low, high


def beside(tiles: np.ndarray, tall: int) -> np.ndarray:
    """Tiles (n, h, w[, 3]) uint8 side by side with a white gap; small ones enlarged cell by cell to about `tall` pixels."""
    times = max(1, round(tall / tiles.shape[1]))
    large = tiles.repeat(times, axis=1).repeat(times, axis=2)
    gap = np.full((large.shape[1], 6, *large.shape[3:]), 255, np.uint8)
    parts = [part for tile in large for part in (tile, gap)]
    return np.concatenate(parts[:-1], axis=1)

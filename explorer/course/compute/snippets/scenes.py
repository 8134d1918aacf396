"""What a snippet finds: a torchvision model with a new head, a few pictures, and the lines that build the same elsewhere."""

import copy
import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.catalogue import Backbone, Preprocessing
from explorer.catalogue.backbones import backbone
from explorer.data import datasets
from explorer.export import building
from explorer.models import backbones, devices
from explorer.recipe import make

CLASSES = ("brick", "coffee", "fur", "retina")
EACH = 2  # pictures of each class in the batch
PICTURES = "pictures.png"  # the batch as a file
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
        head = model.get_submodule(self.row.head)
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


def stage_ends(row: Backbone) -> dict[str, str]:
    """For each stage the module whose output is the stage's output."""
    last = {
        stage.name: [part for part in stage.parts if part not in (*row.after_pool, *stage.loose)][-1]
        for stage in row.stages
    }
    ends = {stage.name: stage.ends for stage in row.stages if stage.ends and not stage.ends.startswith("/")}
    return {stage.name: ends.get(stage.name, last[stage.name]) for stage in row.stages}


def opening(row: Backbone, weights: str) -> str:
    """The lines that build `model`, `head`, `stages`, `x` and `y` with torchvision, to be pasted before a snippet; they read
    the pictures, and weights that ship, from files beside them (`explorer.course.view.opening` hands them out).
    """
    lines = [*_model_lines(row, weights), *_head_lines(row)]
    ends = ", ".join(f'"{name}": {_attribute(path)}' for name, path in stage_ends(row).items())
    lines += [
        f"head = {_attribute(row.head)}",
        f"stages = {{{ends}}}  # the module that ends each stage, not all of it",
    ]
    seed = ["", "torch.manual_seed(0)  # as in Thaw, whatever the snippet draws"]
    return "\n".join([*lines, "model.eval()", "", *_batch_lines(row.preprocessing(weights)), OPENED, *seed])


def _model_lines(row: Backbone, weights: str) -> list[str]:
    """The imports, and the lines that build `model` as its library does."""
    lines = [
        "import torch",
        "from PIL import Image",
        "from torch import nn",
        "from torch.nn import functional as F",
        "from torchvision import models",
        "from torchvision.transforms.functional import pil_to_tensor",
        "",
        "torch.manual_seed(0)",
    ]
    if row.code:
        lines += row.code.splitlines()
        if weights != "random":
            lines += [
                "from safetensors.torch import load_file",
                f'tensors = load_file("{row.weights_path(weights).name}")',
                "model.load_state_dict({name: t.float() for name, t in tensors.items()}, strict=False)",
            ]
    elif row.traced:
        lines[:0] = ["import timm" if row.library == "timm" else "import torchvision"]
        lines += building.backbone_lines(row, weights)
    else:
        lines.append(f"model = models.{row.name}(weights={None if weights == 'random' else weights!r})")
    return lines


def _head_lines(row: Backbone) -> list[str]:
    """The lines that give it a new head, drawn as Thaw draws it."""
    drop = f"nn.Sequential(nn.Dropout({row.dropout}), nn.Linear({row.features}, {len(CLASSES)}))"
    head = drop if row.dropout else f"nn.Linear({row.features}, {len(CLASSES)})"
    pool = "nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())"
    lines = []
    if row.pool and not row.in_one:
        lines.append(f"{_attribute(row.pool)} = {pool}")
    place = row.in_one or row.head
    lines.append("torch.manual_seed(1)  # Thaw draws this head, too")
    lines.append(
        f"{_attribute(place)} = {f'nn.Sequential({pool}, {head})' if row.in_one else head}  # a new head for 4 classes"
    )
    lines += [f"{_attribute(path)} = nn.Identity()" for path in row.skipped]
    return lines


def _batch_lines(size: Preprocessing) -> list[str]:
    """The lines that read `x` and `y`."""
    return [
        f'strip = pil_to_tensor(Image.open("{PICTURES}")) / 255  # {len(CLASSES) * EACH} pictures side by side',
        f"mean, std = torch.tensor([{list(size.mean)}, {list(size.std)}]).view(2, 3, 1, 1)",
        "x = (torch.stack(strip.split(strip.shape[1], dim=2)) - mean) / std",
        f"y = torch.arange({len(CLASSES)}).repeat_interleave({EACH})  # their classes",
    ]


def _attribute(path: str) -> str:
    """`features.3.conv` → `model.features[3].conv`."""
    return "model" + "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in path.split("."))

"""A torchvision model with a new head, cut into its stages."""

import copy
import hashlib
import importlib
import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from explorer.catalogue import Backbone
from explorer.catalogue.stages import Stage
from explorer.models.bits import same as same_bits
from explorer.models.cutting import cut, shortened
from explorer.models.pooling import pooled
from explorer.models.tokens import FirstToken
from explorer.models.weights import Origin

NORMALISATIONS = (nn.modules.batchnorm._BatchNorm, nn.LayerNorm, nn.GroupNorm)


class Network(nn.Module):
    """A torchvision model with a new head, cut into its stages: x → stages → pooling (pooled) → head → logits (n, k).

    `model` is torchvision's own class with torchvision's own tensor names (of a backbone found by name that is cut off, its
    first part as a torch.fx module); `stages`, `pooling` and `head` (n, d) → (n, k) are views on the same modules, so a copy of
    the network is a copy of one set of weights.
    """

    stages: dict[str, nn.Sequential]
    pooling: nn.Module
    head: nn.Module
    lock: "Lock"
    origin: Origin | None
    standard: tuple[Tensor, Tensor] | None
    named: dict[str, tuple[str, ...]]

    def __init__(self, row: Backbone, model: nn.Module, classes: int, weights: str) -> None:
        super().__init__()
        self.row, self.classes, self.weights, self.origin = row, classes, weights, None
        for part in () if row.traced else row.gone:
            model.set_submodule(part, nn.Identity())
        pooling, head = replace_head(row, model, classes)
        self.model = model = shortened(row, model) if row.traced and row.until else model
        if row.traced:
            views, pooling = cut(row, model)
        else:
            views = {stage.name: _view(row, model, stage) for stage in row.stages}
        # Views stay unregistered, so that every tensor keeps one name: torchvision's.
        self.__dict__["stages"] = views
        self.__dict__["pooling"] = pooling
        self.__dict__["head"] = head
        self.__dict__["lock"] = Lock()
        self.__dict__["standard"] = None
        self.__dict__["named"] = {}

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "Network":
        """What `to` does; views that read buffers are cut again, since a module that moves puts new ones in their place."""
        super()._apply(fn, recurse)
        if self.row.traced:
            self.__dict__["stages"], self.__dict__["pooling"] = cut(self.row, self.model)
        return self

    def forward(self, x: Tensor) -> Tensor:
        """(n, 3, h, w) → logits (n, k)."""
        return self.after(x, None)

    def until(self, x: Tensor, stage: str | None) -> Tensor:
        """The output of `stage` for an input (n, 3, h, w); of no stage at all (None) it is the input."""
        names = self.row.stage_names
        for name in names[: names.index(stage) + 1] if stage else ():
            x = self.stages[name](x)
        return x

    def after(self, x: Tensor, stage: str | None) -> Tensor:
        """Logits (n, k) from the output of `stage` (None: from the input)."""
        return self.classify(self.features(x, stage))

    def features(self, x: Tensor, stage: str | None) -> Tensor:
        """What the head reads, (n, d) float32, from the output of `stage` (None: from the input)."""
        names = self.row.stage_names
        for name in names[names.index(stage) + 1 :] if stage else names:
            x = self.stages[name](x)
        return self.pooling(x.float())

    def pooled_stages(self, x: Tensor, after: str | None = None) -> Iterator[tuple[str, np.ndarray]]:
        """(stage, pooled features (n, c) float32) of each stage behind `after` (None: of all), from the output of `after`."""
        names = self.row.stage_names
        for name in names[names.index(after) + 1 :] if after else names:
            x = self.stages[name](x)
            yield name, pooled(x).cpu().numpy()

    def shared(self, other: "Network") -> tuple[str, ...]:
        """The stages from the input on that are the same in another network of the row, every tensor to the last bit; how many
        batches BatchNorm has counted does not matter."""
        x, y = self.model.state_dict(), other.model.state_dict()

        def same(stage: str) -> bool:
            names = self.names(stage)
            alike = names == other.names(stage)  # one may be cut off there
            return alike and all(same_bits(x[name], y[name]) for name in names if x[name].is_floating_point())

        return tuple(takewhile(same, self.row.stage_names))

    def classify(self, x: Tensor) -> Tensor:
        """Logits (n, k) from what the head reads (n, d), in float32 even inside an autocast."""
        with torch.autocast(x.device.type, enabled=False):
            return self.head(self.standardised(x))

    def standardised(self, x: Tensor) -> Tensor:
        """What the head itself reads, float32, of features (n, d): until `fold` they are standardised."""
        return x.float() if self.standard is None else (x.float() - self.standard[0]) / self.standard[1]

    def standardise(self, features: Tensor) -> None:
        """Let the head read (x - mean) / std of these features (n, d) until `fold`.

        A head's rate then means the same on every backbone, whatever the scale of its features. A spread below a
        twentieth of the average one counts as that, so that dead features are not blown up.
        """
        spread = features.std(dim=0)
        self.__dict__["standard"] = (features.mean(dim=0), spread.clamp_min(spread.mean() / 20 + 1e-12))

    @torch.no_grad()
    def fold(self) -> None:
        """Put the standardisation into the head's own weights: one plain linear layer again, the same logits."""
        if self.standard is not None:
            (mean, spread), linear = self.standard, self._linear()
            linear.weight /= spread
            linear.bias.sub_(linear.weight @ mean)
            self.__dict__["standard"] = None

    def _linear(self) -> nn.Linear:
        head = self.head[-1] if isinstance(self.head, nn.Sequential) else self.head
        return cast(nn.Linear, head)

    def names(self, part: str) -> tuple[str, ...]:
        """The names of all tensors (parameters and buffers) of a stage, or of `head`, as in `model.state_dict()`."""
        if part not in self.named:
            tensors = self.model.state_dict(keep_vars=True)
            head = {id(t) for t in self.head.state_dict(keep_vars=True).values()} if part == "head" else set()
            inside = (
                filter(self._under(part), tensors) if part != "head" else (n for n in tensors if id(tensors[n]) in head)
            )
            self.named[part] = tuple(inside)
        return self.named[part]

    def modules_of(self, part: str) -> list[nn.Module]:
        """The modules of a stage or of `head`, each once: the view and what it runs, and whatever else belongs to it."""
        if part == "head":
            return list(self.head.modules())
        under = self._under(part)
        more = [module for name, module in self.model.named_modules() if under(name)]
        return list(dict.fromkeys([*self.stages[part].modules(), *more]))

    def train(self, mode: bool = True) -> "Network":
        """What `nn.Module.train` does, unless everything is in that mode already: to set it takes as long as steps of a probe."""
        return super().train(mode) if any(m.training is not mode for m in self.modules()) else self

    def _under(self, stage: str) -> Callable[[str], bool]:
        """Whether a name of torchvision's lies under one of the stage's parts."""
        parts = next(s.parts for s in self.row.stages if s.name == stage)
        return lambda name: any(name == part or name.startswith(f"{part}.") for part in parts)

    def fingerprint(self, stages: tuple[str, ...] = ()) -> str:
        """16 hexadecimal digits that change with any bit of these stages (none: of the backbone); the head does not count."""
        digest = hashlib.sha256()
        counted = [self._under(stage) for stage in stages or self.row.stage_names]
        for name, tensor in self.model.state_dict().items():
            if any(under(name) for under in counted):
                digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
                digest.update(tensor.cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
        return digest.hexdigest()[:16]

    def copy(self, sharing: Iterable[Tensor] = ()) -> "Network":
        """A fresh copy that shares nothing but these tensors."""
        return copy.deepcopy(self, {id(tensor): tensor for tensor in sharing})


class Lock:
    """A lock that a copy of the network does not share."""

    def __init__(self) -> None:
        self.held = threading.RLock()

    def __deepcopy__(self, memo: object) -> "Lock":
        return Lock()


def _view(row: Backbone, model: nn.Module, stage: Stage) -> nn.Sequential:
    """The modules of one stage in order; in-place ReLUs between stages are left as torchvision has them."""
    if stage.view:
        module, _, name = stage.view.partition(":")
        return nn.Sequential(getattr(importlib.import_module(module), name)(model))
    modules = [model.get_submodule(part) for part in stage.parts if part not in (*row.after_pool, *stage.loose)]
    return nn.Sequential(*modules, *([getattr(nn, stage.then)()] if stage.then else []))


def replace_head(row: Backbone, model: nn.Module, classes: int) -> tuple[nn.Module, nn.Module]:
    """Put a new linear head where the model has its own; returns the pooling (last stage's output → (n, d)) and the head.

    VGG's and SqueezeNet's own classifiers give way to global average pooling and one linear layer.
    """
    linear = nn.Linear(row.features, classes)
    head = nn.Sequential(nn.Dropout(row.dropout), linear) if row.dropout else linear
    after = [model.get_submodule(part) for part in row.after_pool]
    pooling = FirstToken() if row.tokens else nn.Sequential(nn.AdaptiveAvgPool2d(1), *after, nn.Flatten(1))
    if row.pool:
        model.set_submodule(row.pool, pooling)
    model.set_submodule(row.head, head)
    for path in row.skipped:
        model.set_submodule(path, nn.Identity())
    if row.in_one:
        del cast(nn.Sequential, model.get_submodule(row.in_one))[2:]
    return pooling, head

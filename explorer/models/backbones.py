"""Build and load a row of the catalogue; lend a model and take it back as it was."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torchvision import models

from explorer.catalogue import Backbone, own
from explorer.catalogue.backbones import backbone
from explorer.catalogue.weights import RANDOM, source
from explorer.models import libraries
from explorer.models.cells import cells
from explorer.models.lending import lend
from explorer.models.matching import redraw
from explorer.models.network import NORMALISATIONS, Network
from explorer.models.pooling import grid, pooled
from explorer.models.weights import Origin, load, origin
from explorer.progress import ProgressCallback, silent

__all__ = ["NORMALISATIONS", "Network", "blank", "build", "cells", "grid", "lend", "pooled"]


MOST = 64  # fingerprints that are kept
_fingerprints: dict[tuple[Origin, Backbone], str] = {}


class Undrawn(TorchFunctionMode):
    """Inside, nothing is drawn into a tensor: it stays what its memory holds, for a network whose weights are loaded next.

    VGG-16 draws 120 million numbers for layers that are cut off again: 2.2 s of an EPYC core, then 0.01 s.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        given = kwargs or {}
        if func in BEHIND_DRAWS and isinstance(args[0], nn.Parameter):
            return args[0]
        return func(*args, **given) if func not in DRAWS else args[0] if args else given["tensor"]


DRAWS = (
    Tensor.normal_, Tensor.uniform_, nn.init.normal_, nn.init.uniform_, nn.init.trunc_normal_, nn.init.kaiming_uniform_,
    nn.init.kaiming_normal_, nn.init.xavier_uniform_,
)  # fmt: skip
BEHIND_DRAWS = (Tensor.erfinv_, Tensor.mul_, Tensor.add_, Tensor.div_, Tensor.clamp_)
"""What timm makes of the numbers that it drew: a truncated normal distribution by hand, and less of it in later blocks."""


class ShapesAlone(TorchFunctionMode):
    """Inside, BatchNorm on the meta device gives what it was given, which has the shape that is asked for: PyTorch works it
    out in Python, layer by layer, which is most of a pass (DenseNet-121 at 64 pixels: 0.8 of 1.0 CPU-seconds)."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func is nn.functional.batch_norm and isinstance(args[0], Tensor) and args[0].is_meta:
            return args[0]
        return func(*args, **kwargs or {})


def blank(row: Backbone) -> nn.Module:
    """The row's model as its own library makes it, with its own head and random weights."""
    if row.traced:
        return libraries.build(row.library, row.builder, row.arguments)
    if not row.code:
        return models.get_model(row.name, weights=None)
    names: dict[str, Any] = {}
    exec(row.code, names)  # the lines that a snippet shows are the lines that build it
    return names["model"]


def build(
    name: str,
    classes: int,
    weights: str = "default",
    seed: int = 0,
    progress: ProgressCallback = silent,
    reads: str = "",
) -> Network:
    """The backbone with these weights and a fresh head for `classes` classes, in eval mode, on the CPU.

    `seed` draws the head (and the whole net for `random` and matched weights); `progress` hears of a download; `reads` is the
    stage that the head reads, behind which the backbone is cut off (empty: the last).
    Raises ExplorerError for an unknown name, or for weights that are not on this machine and cannot be downloaded.
    """
    row = backbone(name)
    weights = row.resolve(weights)
    begun = origin(row, weights)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        fill = weights == RANDOM or own.is_own(weights)  # a visitor's file may leave out what lies behind the stages
        with nullcontext() if fill else Undrawn():
            model = blank(row)
        if weights != RANDOM:
            load(row, model, source(weights) or weights, progress)
        if source(weights):
            torch.default_generator.manual_seed(seed)
            redraw(row, model)
        torch.default_generator.manual_seed(seed + 1)  # the head is the same whatever the weights
        network = Network(row.cut(reads), model, classes, weights)
    network.origin = begun if begun == origin(row, weights) else None
    return network.eval()


def fingerprint(network: Network) -> str:
    """`Network.fingerprint` of all stages of a network as `build` gave it: where the same file gave the same stages before, they
    are not hashed again."""
    if network.origin is None:
        return network.fingerprint()
    key = network.origin, network.row
    if key not in _fingerprints:
        if len(_fingerprints) >= MOST:
            _fingerprints.clear()
        _fingerprints[key] = network.fingerprint()
    return _fingerprints[key]

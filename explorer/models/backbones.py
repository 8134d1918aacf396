"""Build and load a row of the catalogue; lend a model and take it back as it was."""

from collections.abc import Callable
from functools import partial

import torch
from torch import nn
from torchvision import models
from torchvision.models.resnet import BasicBlock, ResNet

from explorer.catalogue import Backbone
from explorer.catalogue.backbones import backbone
from explorer.models.cells import cells
from explorer.models.lending import lend
from explorer.models.network import NORMALISATIONS, Network
from explorer.models.pooling import grid, pooled
from explorer.models.weights import Progress, load

__all__ = ["NORMALISATIONS", "Network", "build", "cells", "grid", "lend", "pooled"]


def _silent(fraction: float, message: str) -> None:
    """A progress that nobody reads."""


def _builder(row: Backbone) -> Callable[[], nn.Module]:
    """torchvision's own class for the row, with random weights."""
    if row.name == "resnet10":
        return partial(ResNet, BasicBlock, [1, 1, 1, 1])
    return partial(models.get_model, row.name, weights=None)


def build(name: str, classes: int, weights: str = "default", seed: int = 0, progress: Progress = _silent) -> Network:
    """The backbone with these weights and a fresh head for `classes` classes, in eval mode, on the CPU.

    `seed` draws the head (and the whole net for `random` weights); `progress` hears of a download.
    Raises ExplorerError for an unknown name, or for weights that are not on this machine and cannot be downloaded.
    """
    row = backbone(name)
    weights = row.resolve(weights)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = _builder(row)()
        if weights != "random":
            load(row, model, weights, progress)
        torch.manual_seed(seed + 1)  # the head is the same whatever the weights
        network = Network(row, model, classes, weights)
    return network.eval()

"""Build and load a row of the catalogue; lend a model and take it back as it was."""

from typing import Any

import torch
from torch import nn
from torchvision import models

from explorer.catalogue import Backbone
from explorer.catalogue.backbones import backbone
from explorer.models import libraries
from explorer.models.cells import cells
from explorer.models.lending import lend
from explorer.models.network import NORMALISATIONS, Network
from explorer.models.pooling import grid, pooled
from explorer.models.weights import Progress, load

__all__ = ["NORMALISATIONS", "Network", "blank", "build", "cells", "grid", "lend", "pooled"]


def _silent(fraction: float, message: str) -> None:
    """A progress that nobody reads."""


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
    name: str, classes: int, weights: str = "default", seed: int = 0, progress: Progress = _silent, reads: str = ""
) -> Network:
    """The backbone with these weights and a fresh head for `classes` classes, in eval mode, on the CPU.

    `seed` draws the head (and the whole net for `random` weights); `progress` hears of a download; `reads` is the stage that
    the head reads, behind which the backbone is cut off (empty: the last).
    Raises ExplorerError for an unknown name, or for weights that are not on this machine and cannot be downloaded.
    """
    row = backbone(name)
    weights = row.resolve(weights)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = blank(row)
        if weights != "random":
            load(row, model, weights, progress)
        torch.manual_seed(seed + 1)  # the head is the same whatever the weights
        network = Network(row.cut(reads), model, classes, weights)
    return network.eval()

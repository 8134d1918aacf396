"""Where a linear probe would change the backbone if it could: the gradient of each stage against its weights."""

import torch
from torch.nn import functional

from explorer.experiments.block import Gradients
from explorer.models import devices
from explorer.models.lending import lend
from explorer.models.network import Network
from explorer.progress import ProgressCallback, silent
from explorer.recipe import Recipe
from explorer.training.compute import loop, planning, scoring
from explorer.training.compute.preparing import prepare

LOOKED_AT = 256
"""Training images that the gradient is taken of at most."""


def gradients(recipe: Recipe, report: ProgressCallback = silent) -> Gradients:
    """Of the linear probe that the recipe stands for, at the weights that its run keeps: ‖∂L/∂θ‖ / ‖θ‖ for the weights θ of each
    stage taken together, L the mean loss of training images, BatchNorm by its running statistics.

    Lee et al. (2022, arXiv 2210.11466) weight learning rates by this ratio (Auto-RGN). It costs a probe and one pass back.
    """
    devices.set_threads()
    session = prepare(recipe, lambda share, words: report(0.8 * share, words), splits=("train", "val"))
    for _ in loop.train(session):
        pass
    scoring.take_best(session)
    report(0.8, "The gradient of every stage")
    rows = planning.spread(len(session.data.train), LOOKED_AT)
    images = session.data.train.take(rows)
    pixels, labels = torch.from_numpy(images.pixels(recipe.preprocessing)), torch.from_numpy(images.labels)
    total = 0.0
    with lend(session.network.copy()) as network:
        network.requires_grad_(True)
        for x, y in zip(pixels.split(32), labels.split(32), strict=True):
            seen = session.place.images(x, recipe.preprocessing)
            loss = functional.cross_entropy(network(seen), y.to(session.place.device), reduction="sum") / len(labels)
            loss.backward()
            total += float(loss.detach())
        norms = [_relative(network, stage) for stage in network.row.stage_names]
        return Gradients(stages=network.row.stage_names, norms=torch.tensor(norms).numpy(), n=len(labels), loss=total)


def _relative(network: Network, stage: str) -> float:
    names = set(network.names(stage))
    weights = [p for name, p in network.model.named_parameters() if name in names and p.grad is not None]
    size = sum(float(p.detach().square().sum()) for p in weights)
    slope = sum(float(p.grad.square().sum()) for p in weights if p.grad is not None)
    return (slope / size) ** 0.5 if size else 0.0

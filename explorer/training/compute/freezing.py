"""Apply a recipe's choice of trainable parameters to a network; describe it; say what changed."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from explorer.catalogue.datasets import dataset
from explorer.models.backbones import ShapesAlone, Undrawn, build
from explorer.models.bits import same
from explorer.models.network import NORMALISATIONS, Network
from explorer.recipe import Recipe
from explorer.training.question import Description, StageDescription

BATCHNORM = nn.modules.batchnorm._BatchNorm


def learning(network: Network, recipe: Recipe, learns: tuple[str, ...] | None = None) -> set[str]:
    """The names of the parameters that learn while the stages `learns` do (default: all that the recipe ever unfreezes).

    These are the head's, those of the stages, and in the BatchNorm mode `affine` the scale and shift of the
    normalisation layers of every other stage.
    """
    stages = recipe.learns if learns is None else learns
    names = {name for part in (*stages, "head") for name in network.names(part)}
    if recipe.batchnorm == "affine":
        layers = [n for n, m in network.model.named_modules() if isinstance(m, NORMALISATIONS)]
        names |= {f"{layer}.{what}" for layer in layers for what in ("weight", "bias")}
    return names & {name for name, _ in network.model.named_parameters()}


def unfreeze(network: Network, recipe: Recipe, learns: tuple[str, ...] | None = None) -> Network:
    """The same network, changed in place: exactly the parameters of `learning` require gradients, in the modes of `set_modes`."""
    names = learning(network, recipe, learns)
    for name, parameter in network.model.named_parameters():
        parameter.requires_grad_(name in names)
    return set_modes(network, recipe, learns)


def set_modes(network: Network, recipe: Recipe, learns: tuple[str, ...] | None = None) -> Network:
    """Put each part in the mode it learns in; to be called after every `train()` or `eval()`.

    A frozen stage is in eval mode too: `requires_grad=False` alone stops neither its BatchNorm statistics nor its dropout
    (pytorch#86590). In the modes that keep statistics everywhere the BatchNorm layers of learning stages are in eval mode
    as well, all else there in train mode. The BatchNorm mode `moving` leaves everything in train mode, as the bug does.
    """
    network.train()
    if recipe.batchnorm == "moving":
        return network
    for stage in network.row.stage_names:
        if stage not in (recipe.learns if learns is None else learns):
            for module in network.modules_of(stage):
                module.eval()
    if recipe.keeps_statistics:
        for module in network.modules():
            if isinstance(module, BATCHNORM):
                module.eval()
    return network


class Modes:
    """The modes of a phase, set before each of its epochs: the first time by `set_modes`, then by what it left."""

    def __init__(self) -> None:
        self._kept: list[tuple[nn.Module, bool]] = []

    def set(self, network: Network, recipe: Recipe, learns: tuple[str, ...]) -> None:
        """Put each part of the network in the mode it learns in."""
        if not self._kept:
            set_modes(network, recipe, learns)
            if all(
                type(module).train is nn.Module.train for module in network.model.modules()
            ):  # else one has its own way
                self._kept = [(module, module.training) for module in network.modules()]
        for module, trains in self._kept:
            if module.training is not trains:
                module.training = trains


def groups(network: Network, recipe: Recipe, learns: tuple[str, ...] | None = None) -> list[dict[str, Any]]:
    """The optimizer's parameter groups, the head first, then the stages that learn; nothing frozen is in any.

    The last stage has the recipe's `backbone_rate`, each one before it `rate_decay` times that of the next (Howard &
    Ruder 2018, arXiv 1801.06146, "discriminative fine-tuning"). `rate` keeps a group's rate where a schedule moves `lr`.
    """
    names = learning(network, recipe, learns)
    parameters = {n: p for n, p in network.model.named_parameters() if n in names}
    found = []
    rate = recipe.backbone_rate
    for stage in reversed(network.row.stage_names):
        mine = [parameters[n] for n in network.names(stage) if n in parameters]
        if mine:
            found.insert(0, {"name": stage, "lr": rate, "rate": rate, "params": mine})
            rate *= recipe.rate_decay
    head = [parameters[n] for n in network.names("head") if n in parameters]
    return [{"name": "head", "lr": recipe.head_rate, "rate": recipe.head_rate, "params": head}, *found]


def describe(recipe: Recipe, classes: int | None = None) -> Description:
    """What the recipe does to each stage and the head; `classes` defaults to the data set's (2 for a folder).

    Shapes come from one forward pass on torch's meta device, which computes nothing.
    """
    k = classes or dataset(recipe.dataset).classes or 2
    with torch.device("meta"), ShapesAlone():
        with Undrawn():
            network = unfreeze(build(recipe.backbone, k, "random", reads=recipe.reads), recipe)
        x = torch.empty(2, 3, recipe.preprocessing.crop, recipe.preprocessing.crop)
        rows = []
        for stage in network.row.stage_names:
            x = network.stages[stage](x)
            rows.append(_describe(network, stage, tuple(x.shape[1:])))
    rows.append(_describe(network, "head", (k,)))
    return Description(backbone=recipe.backbone, weights=recipe.weights, strategy=recipe.strategy, stages=tuple(rows))


def _describe(network: Network, part: str, output: tuple[int, ...]) -> StageDescription:
    names = set(network.names(part))
    parameters = [p for n, p in network.model.named_parameters() if n in names]
    layers = [m for m in network.modules_of(part) if isinstance(m, NORMALISATIONS)]
    learned = sum(p.numel() for p in parameters if p.requires_grad)
    return StageDescription(
        stage=part, parameters=sum(p.numel() for p in parameters), learned=learned, learns=learned > 0,
        normalisation_layers=len(layers),
        statistics_move=any(isinstance(m, BATCHNORM) and m.training and m.track_running_stats for m in layers),
        output=output,
    )  # fmt: skip


def snapshot(network: Network) -> dict[str, Tensor]:
    """A copy of every parameter and buffer, on the CPU."""
    return {name: tensor.clone() for name, tensor in now(network).items()}


def now(network: Network) -> dict[str, Tensor]:
    """Every parameter and buffer, on the CPU: where the network is there, they change with it."""
    return {name: tensor.cpu() for name, tensor in network.model.state_dict().items()}


def state(network: Network, before: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A copy of every parameter and buffer, where they are; on a CPU, of what is still as in `before` that one itself."""
    found = {name: tensor.detach() for name, tensor in network.model.state_dict().items()}
    return {name: before[name] if t.is_cpu and same(t, before[name]) else t.clone() for name, t in found.items()}


def changed(before: Mapping[str, Tensor], after: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of `after` that are not bitwise equal to `before`."""
    return {name: tensor for name, tensor in after.items() if not same(tensor, before[name])}


def parameters(network: Network) -> dict[str, int]:
    """How many weights there are and how many of them learn."""
    flags = [(p.numel(), p.requires_grad) for p in network.parameters()]
    return {"learned": sum(n for n, learns in flags if learns), "total": sum(n for n, _ in flags)}

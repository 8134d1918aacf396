"""Apply a recipe's choice of what learns to a fresh copy of a network; describe it; audit what really happened."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from explorer.catalogue import DATASETS
from explorer.engine.backbones import NORMALISATIONS, Network, build
from explorer.recipe import Recipe
from explorer.results import Audit, Description, StageAudit, StageDescription

BATCHNORM = nn.modules.batchnorm._BatchNorm


def apply(network: Network, recipe: Recipe) -> Network:
    """A copy in which exactly the recipe's stages and the head require gradients, in the modes of `set_modes`."""
    copy = network.copy()
    copy.requires_grad_(False)
    learning = {name for part in (*recipe.learns, "head") for name in copy.names(part)}
    for name, parameter in copy.model.named_parameters():
        parameter.requires_grad_(name in learning)
    return set_modes(copy, recipe)


def set_modes(network: Network, recipe: Recipe) -> Network:
    """Put each part in the mode it learns in; to be called after every `train()` or `eval()`.

    A frozen stage is in eval mode too: `requires_grad=False` alone stops neither its BatchNorm statistics nor its dropout
    (pytorch#86590). The BatchNorm mode `moving` leaves everything in train mode, as the bug does.
    """
    network.train()
    if recipe.batchnorm == "moving":
        return network
    for stage in network.row.stage_names:
        if stage not in recipe.learns:
            for module in network.modules_of(stage):
                module.eval()
    return network


def groups(network: Network, recipe: Recipe) -> list[dict[str, Any]]:
    """The optimizer's parameter groups, the head first, then the stages that learn; nothing frozen is in any."""
    parameters = dict(network.model.named_parameters())
    rates = {"head": recipe.head_rate} | dict.fromkeys(recipe.learns, recipe.backbone_rate)
    return [
        {"name": part, "lr": rate, "params": [parameters[n] for n in network.names(part) if n in parameters]}
        for part, rate in rates.items()
    ]


def describe(recipe: Recipe, classes: int | None = None) -> Description:
    """What the recipe does to each stage and the head; `classes` defaults to the data set's (2 for a folder).

    Shapes come from one forward pass on torch's meta device, which computes nothing.
    """
    k = classes or DATASETS[recipe.dataset].classes or 2
    with torch.device("meta"):
        network = apply(build(recipe.backbone, k, "random"), recipe)
        x = torch.empty(2, 3, recipe.preprocessing.crop, recipe.preprocessing.crop)
    rows = []
    for stage in network.row.stage_names:
        x = network.stages[stage](x)
        rows.append(_describe(network, stage, tuple(x.shape[1:]), stage in recipe.learns))
    rows.append(_describe(network, "head", (k,), True))
    return Description(recipe.backbone, recipe.weights, recipe.strategy, tuple(rows))


def _describe(network: Network, part: str, output: tuple[int, ...], learns: bool) -> StageDescription:
    names = set(network.names(part))
    parameters = [p for n, p in network.model.named_parameters() if n in names]
    layers = [m for m in network.modules_of(part) if isinstance(m, NORMALISATIONS)]
    return StageDescription(
        part,
        sum(p.numel() for p in parameters),
        sum(p.numel() for p in parameters if p.requires_grad),
        learns,
        len(layers),
        any(isinstance(m, BATCHNORM) and m.training and m.track_running_stats for m in layers),
        output,
    )


def snapshot(network: Network) -> dict[str, Tensor]:
    """A copy of every parameter and buffer, on the CPU."""
    return {name: tensor.detach().cpu().clone() for name, tensor in network.model.state_dict().items()}


def changed(before: Mapping[str, Tensor], after: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of `after` that are not bitwise equal to `before`."""
    return {name: tensor for name, tensor in after.items() if not torch.equal(tensor, before[name])}


def parameters(network: Network) -> dict[str, int]:
    """How many weights there are and how many of them learn."""
    flags = [(p.numel(), p.requires_grad) for p in network.parameters()]
    return {"learned": sum(n for n, learns in flags if learns), "total": sum(n for n, _ in flags)}


def audit(
    run: str,
    recipe: Recipe,
    network: Network,
    optimizer: torch.optim.Optimizer,
    before: Mapping[str, Tensor],
    recomputed: float,
) -> Audit:
    """Declared against actual for each stage and the head of a network that has just learned (modes as it learned in).

    `before` is the `snapshot` taken before the first step. Nothing is rounded: a frozen stage is clean only at exactly 0.0.
    """
    set_modes(network, recipe)
    after = snapshot(network)
    optimized = {id(p) for group in optimizer.param_groups for p in group["params"]}
    parts = (*network.row.stage_names, "head")
    rows = tuple(_audit(network, part, recipe, before, after, optimized) for part in parts)
    return Audit(run, all(row.clean for row in rows) and recomputed == 0.0, rows, recomputed)


def _audit(
    network: Network,
    part: str,
    recipe: Recipe,
    before: Mapping[str, Tensor],
    after: Mapping[str, Tensor],
    optimized: set[int],
) -> StageAudit:
    learns = part == "head" or part in recipe.learns
    parameters = {n: p for n, p in network.model.named_parameters() if n in set(network.names(part))}
    buffers = [n for n in network.names(part) if n not in parameters and before[n].is_floating_point()]
    change = _largest(before, after, parameters)
    drift = _largest(before, after, buffers)
    inside = any(id(p) in optimized for p in parameters.values())
    trained = any(m.training for m in network.modules_of(part))
    clean = (inside and change > 0) if learns else (change == 0 and drift == 0 and not inside)
    learned = sum(p.numel() for p in parameters.values() if p.requires_grad and id(p) in optimized)
    declared, mode = "learns" if learns else "frozen", "train" if trained else "eval"
    return StageAudit(part, declared, learned, change, drift, mode, inside, clean)


def _largest(before: Mapping[str, Tensor], after: Mapping[str, Tensor], names: Any) -> float:
    """The largest absolute difference over the named tensors (0.0 for none, inf where one is not finite)."""
    largest = 0.0
    for name in names:
        if not before[name].numel() or torch.equal(before[name], after[name]):
            continue
        difference = (after[name].double() - before[name].double()).abs().max().item()
        largest = max(largest, difference if difference == difference else float("inf"))
    return largest

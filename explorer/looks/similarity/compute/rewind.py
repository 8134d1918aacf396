"""Stages of a tuned network rewound to other weights, one choice of them after the other, and what it then says."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from explorer.catalogue.backbones import stage_of
from explorer.data.stream import Stream, logits
from explorer.errors import ExplorerError
from explorer.models.bits import same
from explorer.models.network import Network
from explorer.progress import ProgressCallback, silent
from explorer.training.compute import batchnorm

State = Mapping[str, Tensor]


@dataclass(frozen=True)
class Plan:
    """Which stages, in the network's order, are rewound to which of the states on offer."""

    stages: tuple[str, ...]
    to: str


@dataclass(frozen=True)
class ResetLogits:
    """What became of a plan: `identical` says that every tensor was bitwise what it had been; `plain` is the logits
    (n, k) with the statistics that came with the weights, `reestimated` those with the statistics of `layers` BatchNorm
    layers re-estimated, and `control` those of the network as it was with the same layers' re-estimated (None, and 0,
    where nothing was: no statistics from the first stage on differ, or identical)."""

    plan: Plan
    identical: bool
    plain: np.ndarray
    reestimated: np.ndarray | None = None
    control: np.ndarray | None = None
    layers: int = 0


def rewind(
    network: Network,
    states: Mapping[str, State],
    plans: Sequence[Plan],
    test: Stream,
    train: Stream,
    as_it_was: np.ndarray,
    report: ProgressCallback = silent,
) -> Iterator[ResetLogits]:
    """Each plan carried out on a copy (Zhang, Bengio & Singer 2019, arXiv 1902.01996), in the order of their first stages.

    `states` has, by name, the tensors of a whole network; a stage takes its buffers from them too. What comes before the
    first stage of a plan is run once for all plans, and where a plan changes nothing the logits are `as_it_was` (n, k).
    `test` and `train` begin at the input and end somewhere in the network; `train`, shuffled, serves the statistics alone.
    From the first stage on those BatchNorm layers are re-estimated whose statistics differ between the network and the
    state: all of them for random weights, none for first weights where learning kept the statistics.
    The network stays as it is. Raises ExplorerError for an unknown or empty choice of stages.
    """
    names = network.row.stage_names
    for plan in plans:
        if not plan.stages:
            raise ExplorerError(f"No stage was chosen. Allowed: {', '.join(names)}. Choose at least one.")
        for stage in plan.stages:
            stage_of(network.row, stage)
    work, own = network.copy(), network.model.state_dict()
    controls: dict[tuple[str, ...], np.ndarray] = {}
    for done, plan in enumerate(sorted(plans, key=lambda plan: min(map(names.index, plan.stages)))):
        report(done / len(plans), f"{' and '.join(plan.stages)}, {done + 1} of {len(plans)}")
        first = min(map(names.index, plan.stages))
        if not put(work, states[plan.to], plan.stages):
            yield ResetLogits(plan, True, as_it_was)
            continue
        for stream in (test, train):
            stream.advance(network, names[first - 1] if first else None)
        plain = logits(work, test)
        layers = batchnorm.moved(work, own, states[plan.to], names[first:])
        reestimated = logits(work, test) if batchnorm.reestimate(work, train, layers) else None
        put(work, own, names[first:])
        if reestimated is None:
            yield ResetLogits(plan, False, plain)
            continue
        key = _names(work, layers)
        if key not in controls:
            batchnorm.reestimate(work, train, layers)
            controls[key] = logits(work, test)
            put(work, own, names[first:])
        yield ResetLogits(plan, False, plain, reestimated, controls[key], len(layers))


def _names(network: Network, layers: Sequence[nn.Module]) -> tuple[str, ...]:
    """The layers by name, in the network's order."""
    return tuple(name for name, module in network.model.named_modules() if any(module is layer for layer in layers))


def put(network: Network, state: State, stages: Sequence[str]) -> bool:
    """Give the stages the tensors of `state`, in place; returns whether any weight or statistic changed a bit."""
    mine = network.model.state_dict()
    names = [name for stage in stages for name in network.names(stage)]
    changed = any(mine[n].is_floating_point() and not same(mine[n], state[n].to(mine[n].device)) for n in names)
    with torch.no_grad():
        for name in names:
            mine[name].copy_(state[name])
    return changed

"""Stages of a tuned network set back to other weights, one choice of them after the other, and what it then says."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from explorer.catalogue.backbones import stage_of
from explorer.engine import batchnorm
from explorer.engine.backbones import Network
from explorer.engine.stream import Stream, logits
from explorer.errors import ExplorerError

State = Mapping[str, Tensor]


@dataclass(frozen=True)
class Plan:
    """Which stages, in the network's order, are set back to which of the states on offer."""

    stages: tuple[str, ...]
    to: str


@dataclass(frozen=True)
class Reset:
    """What became of a plan: `identical` says that every tensor was bitwise what it had been; `plain` is the logits
    (n, k) with the statistics that came with the weights, `settled` those with statistics estimated anew (None where
    nothing was: no BatchNorm layer from the first stage on, or identical)."""

    plan: Plan
    identical: bool
    plain: np.ndarray
    settled: np.ndarray | None


def rewind(
    network: Network,
    states: Mapping[str, State],
    plans: Sequence[Plan],
    test: Stream,
    train: Stream,
    as_it_was: np.ndarray,
    report: Callable[[float, str], None] = lambda share, words: None,
) -> Iterator[Reset]:
    """Each plan carried out on a copy (Zhang, Bengio & Singer 2019, arXiv 1902.01996), in the order of their first stages.

    `states` has, by name, the tensors of a whole network; a stage takes its buffers from them too. What comes before the
    first stage of a plan is run once for all plans, and where a plan changes nothing the logits are `as_it_was` (n, k).
    `test` and `train` begin at the input and end somewhere in the network; `train`, shuffled, serves the statistics alone.
    The network stays as it is. Raises ExplorerError for an unknown or empty choice of stages.
    """
    names = network.row.stage_names
    for plan in plans:
        if not plan.stages:
            raise ExplorerError(f"No stage was chosen. Allowed: {', '.join(names)}. Choose at least one.")
        for stage in plan.stages:
            stage_of(network.row, stage)
    work, own = network.copy(), network.model.state_dict()
    for done, plan in enumerate(sorted(plans, key=lambda plan: min(map(names.index, plan.stages)))):
        report(done / len(plans), f"{' and '.join(plan.stages)}, {done + 1} of {len(plans)}")
        first = min(map(names.index, plan.stages))
        if not put(work, states[plan.to], plan.stages):
            yield Reset(plan, True, as_it_was, None)
            continue
        for stream in (test, train):
            stream.advance(network, names[first - 1] if first else None)
        plain = logits(work, test)
        settled = logits(work, test) if batchnorm.reestimate(work, train, names[first:]) else None
        put(work, own, names[first:])
        yield Reset(plan, False, plain, settled)


def put(network: Network, state: State, stages: Sequence[str]) -> bool:
    """Give the stages the tensors of `state`, in place; returns whether any weight or statistic changed a bit."""
    mine = network.model.state_dict()
    names = [name for stage in stages for name in network.names(stage)]
    changed = any(mine[n].is_floating_point() and not torch.equal(mine[n], state[n].to(mine[n].device)) for n in names)
    with torch.no_grad():
        for name in names:
            mine[name].copy_(state[name])
    return changed


def settled(network: Network, test: Stream, train: Stream) -> np.ndarray | None:
    """Logits (n, k) of a copy with nothing set back but all statistics estimated anew: the control of `rewind`; None
    where there is no BatchNorm layer. Both streams are at the input."""
    work = network.copy()
    return logits(work, test) if batchnorm.reestimate(work, train, network.row.stage_names) else None

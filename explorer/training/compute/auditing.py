"""The freeze audit: what a recipe declared of every stage, against what was seen while it learned and what it left."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from operator import attrgetter

import torch
from torch import Tensor, nn

from explorer.models.bits import same
from explorer.models.network import Network
from explorer.recipe import Recipe
from explorer.runs.records import FAULTS, Audit, StageAudit
from explorer.training.compute import freezing
from explorer.training.compute.freezing import BATCHNORM
from explorer.training.compute.modes import innermost

State = Mapping[str, Tensor]
_MODE, _FLAG = attrgetter("training"), attrgetter("requires_grad")


class Witness:
    """What a network's modules and weights were while it learned; `note` is called in every step, between the forward
    and the backward pass, so that nothing set before or after it can hide what they were then. A replay of a captured step runs
    none of this: it does what was noted when it was captured, and is not used where `state` is another (`loop.step`)."""

    def __init__(self) -> None:
        self.seen: dict[str, set[str]] = {"train": set(), "eval": set(), "asked": set(), "unasked": set()}
        self._modules: dict[str, nn.Module] = {}
        self._weights: dict[str, nn.Parameter] = {}
        self._last: tuple[bool, ...] = ()

    def watch(self, network: Network) -> None:
        """Have a look at this network in the steps to come."""
        self._modules, self._weights = dict(network.model.named_modules()), dict(network.model.named_parameters())
        self._last = ()

    def state(self) -> tuple[bool, ...]:
        """The mode of every module, then the flag of every weight, now: what a captured step was captured with."""
        return (*map(_MODE, self._modules.values()), *map(_FLAG, self._weights.values()))

    def note(self) -> None:
        """Note the mode of every module and the flag of every weight, now."""
        if (now := self.state()) == self._last:
            return
        self._last = now
        for names, values, yes, no in (
            (self._modules, now[: len(self._modules)], "train", "eval"),
            (self._weights, now[len(self._modules) :], "asked", "unasked"),
        ):
            self.seen[yes].update(name for name, value in zip(names, values, strict=True) if value)
            self.seen[no].update(name for name, value in zip(names, values, strict=True) if not value)


@dataclass(frozen=True)
class Evidence:
    """What a network is judged by: all tensors before the first step, and as they are in each of the states that matter
    (after the last step, in the epoch that is kept); what was seen while it learned; and what the optimizer holds."""

    before: State
    after: tuple[State, ...]
    witness: Witness
    held: set[str]

    def largest(self, names: Iterable[str]) -> float:
        """The largest change of any of these tensors, in any of the states."""
        wanted = list(names)
        return max(_largest(changes, wanted) for changes in self.changes)

    def least(self, names: Collection[str]) -> float:
        """The largest change of any of these tensors in the state in which that is smallest."""
        return min(_largest(changes, names) for changes in self.changes)

    @cached_property
    def changes(self) -> tuple[dict[str, float], ...]:
        """For each state how far each tensor moved; worked out once, since several questions are asked of it."""
        return tuple({name: _change(name, self.before, state) for name in self.before} for state in self.after)


def evidence(
    network: Network,
    optimizer: torch.optim.Optimizer,
    before: State,
    witness: Witness,
    kept: State | None = None,
) -> Evidence:
    """The evidence on a network as it is now; `kept` holds the tensors of the epoch that is kept, if there is one."""
    states = [network.model.state_dict(), *([kept] if kept else [])]
    after = tuple({name: tensor.cpu() for name, tensor in state.items()} for state in states)
    inside = {id(p) for group in optimizer.param_groups for p in group["params"]}
    held = {name for name, p in network.model.named_parameters() if id(p) in inside}
    return Evidence(before, after, witness, held)


def audit(
    run: str,
    recipe: Recipe,
    network: Network,
    found: Evidence,
    recomputed: float,
    earlier: Collection[tuple[str, str]] = (),
) -> Audit:
    """Declared against actual for each stage and the head of a network that has just learned.

    `earlier` has the faults (stage, fault) of the phases before this one. Nothing is rounded: what is frozen is clean only
    at exactly 0.0.
    """
    rows = []
    for row in stage_audits(recipe, network, found):
        faults = {*row.found, *(fault for stage, fault in earlier if stage == row.stage)}
        rows.append(replace(row, clean=not faults, faults=", ".join(f for f in FAULTS if f in faults)))
    return Audit(run, all(row.clean for row in rows) and recomputed == 0.0, tuple(rows), recomputed)


def stage_audits(recipe: Recipe, network: Network, found: Evidence) -> tuple[StageAudit, ...]:
    """The rows of the audit, input first, the head last."""
    may = freezing.learning(network, recipe)
    parts = (*network.row.stage_names, "head")
    return tuple(_audit(recipe, network, part, may, found) for part in parts)


def _audit(recipe: Recipe, network: Network, part: str, may: set[str], found: Evidence) -> StageAudit:
    """One row; `may` names the parameters of the network that are to learn."""
    names = set(network.names(part))
    weights = {n: p for n, p in network.model.named_parameters() if n in names}
    buffers, allowed, held = names - weights.keys(), may & weights.keys(), found.held & weights.keys()
    change, leak = found.largest(allowed), found.largest(weights.keys() - allowed)
    drift = found.largest(n for n in buffers if found.before[n].is_floating_point())
    counted = found.largest(n for n in buffers if not found.before[n].is_floating_point())
    asked, unasked = (found.witness.seen[flag] & weights.keys() for flag in ("asked", "unasked"))
    modes = _modes(recipe, network, part, found.witness)
    faults = {
        "moved": leak > 0 or (_keeps(recipe, part) and (drift > 0 or counted > 0)),
        "mode": bool(modes["misplaced"]),
        "gradient": asked != allowed or unasked != weights.keys() - allowed,
        "optimizer": held != allowed,
        "still": bool(allowed) and found.least(allowed) == 0,
    }
    return StageAudit(
        part,
        "learns" if allowed else "frozen",
        sum(weights[n].numel() for n in asked & held),
        max(change, leak),
        drift,
        in_optimizer=bool(held),
        clean=not any(faults.values()),
        leaked=leak,
        counted=int(counted),
        requires_grad=sum(weights[n].numel() for n in asked),
        faults=", ".join(fault for fault in FAULTS if faults.get(fault)),
        **modes,
    )


def _keeps(recipe: Recipe, part: str) -> bool:
    """Whether BatchNorm's statistics are to stay in this part, and to be normalised by."""
    return part not in (*recipe.learns, "head") or recipe.keeps_statistics


def _modes(recipe: Recipe, network: Network, part: str, witness: Witness) -> dict[str, str]:
    """The row's words on modes: of all modules of the part, of its BatchNorm layers, and of what was not as declared."""
    inside = {id(module) for module in network.modules_of(part)}
    modules = {name: m for name, m in network.model.named_modules() if id(m) in inside}
    train, kept = witness.seen["train"] & modules.keys(), witness.seen["eval"] & modules.keys()
    layers = {name for name, m in modules.items() if isinstance(m, BATCHNORM)}
    words = {"train": layers & train, "eval": layers & kept}
    found = [word for word, some in words.items() if some]
    odd = {n: m for n, m in modules.items() if n in (kept if _trains(recipe, part, m) else train)}
    kinds = {type(m).__name__ for m in innermost(odd) or odd.values()}
    return {
        "mode": "train" if train else "eval",
        "batchnorm_mode": "mixed" if len(found) == 2 else "".join(found),
        "misplaced": ", ".join(sorted(kinds)),
    }


def _trains(recipe: Recipe, part: str, module: nn.Module) -> bool:
    """Whether this module of the part is to be in train mode while the network learns."""
    return part in (*recipe.learns, "head") and not (isinstance(module, BATCHNORM) and _keeps(recipe, part))


def _largest(changes: Mapping[str, float], names: Iterable[str]) -> float:
    """The largest of the changes with these names (0.0 for none)."""
    return max((changes[name] for name in names), default=0.0)


def _change(name: str, before: State, after: State) -> float:
    """The largest absolute difference within a tensor (inf where one is not finite)."""
    if not before[name].numel() or same(before[name], after[name]):
        return 0.0
    difference = (after[name].double() - before[name].double()).abs().max().item()
    return difference if difference == difference else float("inf")

"""What freezing stops and what it does not, by a real step of learning on a copy of the live model."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from explorer.course.compute.truths.asked import TruthContext, number, percent, picked, whole
from explorer.course.question.checks import Truth
from explorer.errors import ExplorerError
from explorer.looks.features.compute.filters import first_convolution


def goes_on(asked: TruthContext) -> Truth:
    """What still moves in a backbone whose weights are all frozen, in one step of learning in train mode."""
    names = asked.scene.names()
    model, head = names["model"], names["head"]
    layers = [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    if not layers:
        raise ExplorerError(
            f"{asked.row.title} has no BatchNorm layers, so this check has nothing to show on it. Choose a backbone with "
            f"BatchNorm, for instance ResNet-10."
        )
    model.requires_grad_(False)
    head.requires_grad_(True)
    model.train()
    heads = {id(p) for p in head.parameters()}
    old = {name: t.clone() for name, t in model.state_dict(keep_vars=True).items() if id(t) not in heads}
    with torch.random.fork_rng(devices=[]):
        _step(names, torch.optim.AdamW(model.parameters(), lr=0.01))
    now = model.state_dict(keep_vars=True)
    weights = max(_moved(old[n], now[n]) for n in old if isinstance(now[n], nn.Parameter))
    statistics = max(_moved(old[n], now[n]) for n in old if "running" in n)
    gradients = any(p.grad is not None for p in model.parameters() if id(p) not in heads)
    answer = "weights" if weights else "gradients" if gradients else "statistics" if statistics else "nothing"
    words = f"Measured just now in one training step on a copy of {asked.row.title}, with {len(names['x'])} pictures."
    return picked(answer, words, weights=f"{weights:.1f}", statistics=f"{statistics:.3f}", layers=str(len(layers)))


def _step(names: dict[str, Any], optimizer: torch.optim.Optimizer) -> None:
    functional.cross_entropy(names["model"](names["x"]), names["y"]).backward()
    optimizer.step()


def _moved(old: Tensor, new: Tensor) -> float:
    return (new.detach() - old.detach()).abs().max().item()


def cost_frozen(asked: TruthContext, epochs: str) -> Truth:
    """What a step of learning costs on average with a frozen backbone, in percent of the multiplications of a full step:
    in so many epochs, of which only the first computes the features, since they are kept."""
    names = asked.scene.names()
    forward, first, last = multiplications(names["model"], names["head"], names["x"][:2])
    full, frozen, cached = 3 * forward - first, forward + last, 2 * last
    mean = (forward - last) / int(epochs) + cached
    words = (
        f"Counted just now on {asked.row.title}: the multiplications of the forward pass, per picture. The backward "
        "pass takes twice as many, minus those that would carry gradients on to the pixels."
    )
    return number(100 * mean / full, words, mean=percent(mean / full), epochs=epochs,
                  forward=percent(forward / full), backward=percent(1 - forward / full),
                  frozen=percent(frozen / full), full=whole(full / 1e6), cached=percent(cached / full))  # fmt: skip


def multiplications(model: nn.Module, head: nn.Module, x: Tensor) -> tuple[float, float, float]:
    """What a picture of x (n, 3, h, w) costs in the forward pass: through the model, its first convolution, its head.

    The backward pass follows from these: a layer's gradient costs as much again for its weights, and once more for its input
    where anything before it learns, which is nowhere before the first. It is not counted itself, since torch's counter
    takes the weight gradient of a grouped convolution for that of a dense one (pytorch#183405).
    """
    first = first_convolution(model)[1]
    seen: list[Tensor] = []
    hook = head.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))

    def count(layer: nn.Module, given: Tensor) -> float:
        with FlopCounterMode(display=False) as counter:
            layer(given)
        return counter.get_total_flops() / 2 / len(x)  # it counts an addition with each

    forward = count(model, x)
    hook.remove()
    return forward, count(first, x), count(head, seen[0])


def in_mid_training(asked: TruthContext) -> Truth:
    """Whether a stage that is frozen between two steps moves on, with the same AdamW: after `zero_grad()` as it is, which
    sets gradients to None, and after one that sets them to zero."""
    none, zeros = (_frozen_between(asked, to_none) for to_none in (True, False))
    answer = "always" if none else "zeros" if zeros else "never"
    stage = asked.row.stage_names[-1]
    words = (
        f"Measured just now in two training steps on two copies of {asked.row.title}; {stage} was frozen between them."
    )
    return picked(answer, words, stage=stage, none=f"{none:.4f}", zeros=f"{zeros:.4f}")


def _frozen_between(asked: TruthContext, to_none: bool) -> float:
    """How far the weights of the last stage move in the step after they are frozen."""
    names = asked.scene.names()
    model, last = names["model"], last_stage(asked, names["model"])
    names["x"], names["y"] = names["x"][::2], names["y"][::2]
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.001, weight_decay=0.01)
    with torch.random.fork_rng(devices=[]):
        _step(names, optimizer)
        for p in last:
            p.requires_grad_(False)
        optimizer.zero_grad(set_to_none=to_none)
        old = [p.clone() for p in last]
        _step(names, optimizer)
    return max(_moved(a, b) for a, b in zip(old, last, strict=True))


def last_stage(asked: TruthContext, model: nn.Module) -> list[nn.Parameter]:
    """The weights of the backbone's last stage, all its parts."""
    return [p for part in asked.row.stages[-1].parts for p in model.get_submodule(part).parameters()]


def first_step(asked: TruthContext, rate: str) -> Truth:
    """How far AdamW's first step moves a weight of the last stage, as its rate says; the gradient hardly matters."""
    names = asked.scene.names()
    last = last_stage(asked, names["model"])
    old = [p.detach().clone() for p in last]
    with torch.random.fork_rng(devices=[]):
        _step(names, torch.optim.AdamW(last, lr=float(rate), weight_decay=0.0))
    moved = torch.cat([(new.detach() - was).abs().flatten() for was, new in zip(old, last, strict=True)])
    gradients = torch.cat([p.grad.abs().flatten() for p in last if p.grad is not None])
    weight = torch.cat([was.abs().flatten() for was in old]).mean().item()
    middle = moved.median().item()
    words = f"Measured just now in one step on a copy of {asked.row.title}, with {len(names['x'])} pictures."
    return number(middle, words, moved=f"{middle:.2g}", rate=rate, weight=f"{weight:.2g}", share=percent(middle / weight),
                  gradient=f"{gradients.median().item():.1g}", stage=asked.row.stage_names[-1])  # fmt: skip

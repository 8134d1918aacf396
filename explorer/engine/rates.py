"""Propose learning rates: a range test behind the frozen front, in seconds; where there is none, in steps of training.

Smith 2015, "Cyclical learning rates for training neural networks", arXiv 1506.01186, section 3.3; the habit of raising
the rate by a constant factor in each step and of taking a tenth of where the loss is lowest is fastai's.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from explorer.engine import devices, freezing, training
from explorer.engine.training import Session
from explorer.recipe import Recipe
from explorer.results import RateCurve, RateSearch

STEPS = 60
HEAD, BACKBONE = (1e-5, 1.0), (1e-6, 0.1)  # first and last rate of each test
SMOOTH = 0.9
DIVERGED = 3.0  # times the lowest smoothed loss so far

Step = Callable[[Tensor, int, float], Tensor]
"""From a batch, its number and a rate to the loss before it was learned from."""


def find(recipe: Recipe, report: training.Report = training.silent) -> RateSearch:
    """Rates for the head and, where stages learn, for the last of them, each with its curve.

    First the head learns alone while its rate rises; then, with the head at the rate found, all that learns does while
    the backbone's rate rises. The network of the recipe's last phase is used, so that every stage takes part that will.
    """
    session = training.prepare(recipe, report, splits=("train",))
    training.open_last_phase(session, report)
    start = {name: tensor.clone() for name, tensor in session.network.model.state_dict().items()}
    half = 0.65 if recipe.tuned else 0.98
    head = _sweep(session, "head", HEAD, _head_step(session), _telling(report, 0.3, half, "Raising the head's rate"))
    backbone = None
    if recipe.tuned:
        session.network.model.load_state_dict(start)
        told = _telling(report, half, 0.98, "Raising the backbone's rate")
        backbone = _sweep(session, "backbone", BACKBONE, _step(session, head.suggested, told), told)
    return RateSearch(len(session.front["train"].labels), recipe.batch_size, head, backbone)


def _telling(report: training.Report, start: float, end: float, message: str) -> Callable[[int], None]:
    """Says how far a sweep is, step by step; what `report` raises stops it."""
    return lambda step: report(start + (end - start) * step / STEPS, message)


def _sweep(
    session: Session, part: str, ends: tuple[float, float], step: Step, told: Callable[[int], None]
) -> RateCurve:
    """Raise the rate from one end to the other until the loss runs away; `step` learns from a batch at a rate."""
    recipe, labels = session.recipe, session.front["train"].labels
    freezing.set_modes(session.network, recipe, session.learns)
    order = torch.Generator().manual_seed(recipe.seed)
    tried, losses, smooth = [], [], 0.0
    waiting: list[Tensor] = []
    with devices.seeded(recipe.seed):
        for number in range(STEPS):
            told(number)
            rate = ends[0] * (ends[1] / ends[0]) ** (number / (STEPS - 1))
            waiting = waiting or training.batches(torch.randperm(len(labels), generator=order), recipe.batch_size)
            smooth = SMOOTH * smooth + (1 - SMOOTH) * step(waiting.pop(), number, rate).item()
            value = smooth / (1 - SMOOTH ** (number + 1))
            if not math.isfinite(value):
                break
            tried.append(rate)
            losses.append(value)
            if number > STEPS // 4 and value > DIVERGED * min(losses):  # the first steps of a new head jump
                break
    lowest = tried[losses.index(min(losses))] if tried else ends[0]
    return RateCurve(part, tuple(tried), tuple(losses), _round(lowest / 10))


def _step(session: Session, head: float, told: Callable[[int], None]) -> Step:
    """All that learns takes a step of training: the head at its rate, the last stage at the one given, others decayed."""
    recipe = session.recipe
    session.optimizer = training.adamw(freezing.groups(session.network, recipe, session.learns), session.place)
    weight = training.class_weights(session)

    def step(batch: Tensor, number: int, rate: float) -> Tensor:
        for group in session.optimizer.param_groups:
            group["lr"] = head if group["name"] == "head" else rate * group["rate"] / recipe.backbone_rate
        return training.step(session, batch, number, weight, lambda fraction, message: told(number))

    return step


def _head_step(session: Session) -> Step:
    """The head takes a step by itself, on what the rest of the network, which stays as it is, gives it."""
    recipe, network, labels = session.recipe, session.network, session.front["train"].labels
    groups = freezing.groups(network, recipe, session.learns)
    optimizer = training.adamw([group for group in groups if group["name"] == "head"], session.place)
    inputs, weight = _head_inputs(session), training.class_weights(session)

    def step(batch: Tensor, number: int, rate: float) -> Tensor:
        optimizer.param_groups[0]["lr"] = rate
        logits = network.classify(inputs(batch, number))
        target = labels[batch.to(labels.device)].to(logits.device)
        loss = functional.cross_entropy(logits.float(), target, weight=weight)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def _head_inputs(session: Session) -> Callable[[Tensor, int], Tensor]:
    """A function from a batch and its number to what the head reads of it, (b, d).

    Where stages learn, an image goes through them once, when it is first asked for, in the modes of training (a new
    network's BatchNorm statistics fit nothing yet); where none does, each batch is a draw of its own.
    """
    front, network = session.front["train"], session.network
    known: dict[int, Tensor] = {}

    def inputs(batch: Tensor, number: int) -> Tensor:
        def read(size: int) -> Tensor:
            with torch.no_grad(), session.place.autocast():
                return torch.cat([front.features(network, x) for x in front.draws(batch, number, size)])

        if known and batch[0].item() in known:  # the batches of one pass hold every image, so then all of them are
            return torch.stack([known[i] for i in batch.tolist()])
        rows = training.in_portions(session, read, len(batch))
        if not front.probe:
            known.update(zip(batch.tolist(), rows, strict=True))
        return rows

    return inputs


def _round(rate: float) -> float:
    """One digit and no more: the method promises an order of magnitude."""
    digits = 10.0 ** math.floor(math.log10(rate))
    return float(f"{round(rate / digits) * digits:.1g}")

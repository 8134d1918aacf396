"""Propose learning rates: a range test on the cached boundary, in seconds.

Smith 2015, "Cyclical learning rates for training neural networks", arXiv 1506.01186, section 3.3; the habit of raising
the rate by a constant factor in each step and of taking a tenth of where the loss is lowest is fastai's.
"""

import math
from collections.abc import Callable

import torch
from torch.nn import functional

from explorer.engine import devices, freezing, training
from explorer.engine.training import Session
from explorer.recipe import Recipe
from explorer.results import RateCurve, RateSearch

STEPS = 60
HEAD, BACKBONE = (1e-5, 1.0), (1e-6, 0.1)  # first and last rate of each test
SMOOTH = 0.9
DIVERGED = 3.0  # times the lowest smoothed loss so far


def find(recipe: Recipe, report: training.Report = training.silent) -> RateSearch:
    """Rates for the head and, where stages learn, for the last of them, each with its curve.

    First the head learns alone while its rate rises; then, with the head at the rate found, all that learns does while
    the backbone's rate rises. The network of the recipe's last phase is used, so that every stage takes part that will.
    """
    session = training.prepare(recipe, report)
    training.open_last_phase(session, report)
    start = {name: tensor.clone() for name, tensor in session.network.model.state_dict().items()}
    report(0.5, "Raising the head's rate")
    head = _sweep(session, "head", HEAD, lambda rate, group: rate if group["name"] == "head" else 0.0)
    backbone = None
    if recipe.tuned:
        session.network.model.load_state_dict(start)
        report(0.75, "Raising the backbone's rate")

        def rates(rate: float, group: dict) -> float:
            return head.suggested if group["name"] == "head" else rate * group["rate"] / recipe.backbone_rate

        backbone = _sweep(session, "backbone", BACKBONE, rates)
    return RateSearch(len(session.front["train"].labels), recipe.batch_size, head, backbone)


def _sweep(session: Session, part: str, ends: tuple[float, float], rates: Callable[[float, dict], float]) -> RateCurve:
    """Raise the rate from one end to the other until the loss runs away; `rates` gives each group's at every step."""
    recipe, front, network = session.recipe, session.front["train"], session.network
    optimizer = torch.optim.AdamW(freezing.groups(network, recipe, session.learns), weight_decay=0.01)
    freezing.set_modes(network, recipe, session.learns)
    order = torch.Generator().manual_seed(recipe.seed)
    tried, losses, smooth = [], [], 0.0
    waiting: list[torch.Tensor] = []
    with devices.seeded(recipe.seed):
        for step in range(STEPS):
            rate = ends[0] * (ends[1] / ends[0]) ** (step / (STEPS - 1))
            for group in optimizer.param_groups:
                group["lr"] = rates(rate, group)
            if not waiting:
                batches = torch.randperm(len(front.labels), generator=order).split(recipe.batch_size)
                waiting = [b for b in batches if len(b) > 1]
            batch = waiting.pop()
            with session.place.autocast():
                logits = front.tail(network, front.draw(batch, step))
            loss = functional.cross_entropy(logits.float(), front.labels[batch].to(logits.device))
            smooth = SMOOTH * smooth + (1 - SMOOTH) * loss.item()
            value = smooth / (1 - SMOOTH ** (step + 1))
            if not math.isfinite(value):
                break
            tried.append(rate)
            losses.append(value)
            if step > STEPS // 4 and value > DIVERGED * min(losses):  # the first steps of a new head jump
                break
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
    lowest = tried[losses.index(min(losses))] if tried else ends[0]
    return RateCurve(part, tuple(tried), tuple(losses), _round(lowest / 10))


def _round(rate: float) -> float:
    """One digit and no more: the method promises an order of magnitude."""
    digits = 10.0 ** math.floor(math.log10(rate))
    return float(f"{round(rate / digits) * digits:.1g}")

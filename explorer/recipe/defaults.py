"""What a recipe is filled in with where nothing was said: rates, stages, BatchNorm mode, schedule."""

import math
from typing import Any

from explorer.catalogue import Backbone, shifts
from explorer.catalogue.backbones import DEFAULT_BACKBONE, backbone
from explorer.catalogue.strategies import Strategy, strategy
from explorer.catalogue.weights import drawn, drawn_words, source
from explorer.errors import ExplorerError

PER_CLASS, EPOCHS, BATCH_SIZE = 25, 10, 32
"""What every form and the command line begin with, too."""


def fill(given: dict[str, Any]) -> dict[str, Any]:
    """The same choices with every default in its place, so that a stored recipe never depends on later ones."""
    filled = dict(given)
    row = backbone(str(filled.get("backbone", DEFAULT_BACKBONE)))
    plan = strategy(str(filled.get("strategy", "linear_probe")))
    weights = row.resolve(filled.get("weights") or "default")
    filled["weights"] = weights if plan.pretrained else "random"
    if plan.affine:
        filled["batchnorm"] = "affine"
    usual = {"head_rate": plan.head_rate, "backbone_rate": row.rate(plan), "rate_decay": plan.rate_decay}
    for name, rate in usual.items():
        if filled.get(name) is None:
            filled[name] = rate
    if filled.get("batchnorm") == "affine":
        filled["backbone_rate"] = filled["backbone_rate"] or row.rate(plan, "affine")
    if filled.get("spoilt"):
        filled["spoilt"] = shifts.plain(str(filled["spoilt"]))
    if filled.get("views") is None:
        filled["views"] = 1 if filled.get("augmentation", "none") == "none" else 4
    filled |= schedule(filled, row, plan)
    return filled | {"batchnorm": batchnorm(filled, row, plan)}


def batchnorm(filled: dict[str, Any], row: Backbone, plan: Strategy) -> Any:
    """The BatchNorm mode under the one name it has: `frozen_everywhere` is `frozen` where no stage with BatchNorm learns."""
    mode, random = filled.get("batchnorm"), drawn(filled["weights"])
    if row.normalisation != "batch" or not filled.get("stages"):
        return "frozen" if mode in (None, "frozen_everywhere") else mode
    if mode == "frozen_everywhere" and random:
        weights, whose = drawn_words(filled["weights"]), "mean 0 and variance 1"
        whose = "the layers that they were drawn after" if source(filled["weights"]) else whose
        raise ExplorerError(
            f"batchnorm: {weights} come with statistics of {whose}, which are not worth keeping in trainable stages "
            f"(got 'frozen_everywhere'). Choose 'frozen', so that they normalise by the batch, or pre-trained weights."
        )
    return mode or ("frozen" if random else plan.batchnorm)


def schedule(filled: dict[str, Any], row: Backbone, plan: Strategy) -> dict[str, Any]:
    """The stages that learn and after how many epochs more of them join, for a strategy that is not `custom`."""
    epochs = filled.get("epochs", 10)
    if plan.unfreezes == "at once" or not isinstance(epochs, int) or epochs < 1:
        rest = {} if plan.name == "custom" else {"stages": row.stage_names[plan.learns]}
        return {"unfreeze_every": None} | rest
    parts = 2 if plan.unfreezes == "after the head" else len(row.stages) + 1
    every = filled.get("unfreeze_every")
    if every is None:
        every = max(1, epochs // parts)
    if not isinstance(every, int) or every < 1:
        return {}  # pydantic says what is wrong with it
    if every >= epochs:
        raise ExplorerError(
            f"With {plan.title} the first {every} of {epochs} epochs would train the head alone, and nothing would be "
            f"unfrozen after them. Allowed: fewer than {epochs}. Give more epochs, or unfreeze earlier."
        )
    joined = len(row.stages) if parts == 2 else min(len(row.stages), math.ceil(epochs / every) - 1)
    return {"unfreeze_every": every, "stages": row.stage_names[-joined:]}

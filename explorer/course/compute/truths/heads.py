"""The head: how many weights it has, and what it says before it has learned."""

import math
from functools import cache

import torch
from torch.nn import functional

from explorer.catalogue import Backbone
from explorer.course.compute.truths.asked import TruthContext, number, ordered, percent, picked, whole
from explorer.course.compute.truths.structure import described
from explorer.course.question.checks import Truth
from explorer.models import backbones


def head_parameters(asked: TruthContext, classes: str) -> Truth:
    """How many parameters a new head for so many classes has."""
    head = described(asked, classes=int(classes)).stages[-1]
    words = f"Counted just now in a new head for {classes} classes on {asked.row.title}."
    return number(head.parameters, words, features=str(asked.row.features), classes=classes, count=whole(head.parameters),
                  weights=whole(asked.row.features * int(classes)), backbone=whole(asked.row.parameters),
                  share=percent(head.parameters / asked.row.parameters))  # fmt: skip


def untrained_head(asked: TruthContext) -> Truth:
    """What a head that has not learned says of the scene's pictures."""
    scene = asked.scene
    with torch.no_grad():
        logits = scene.model(scene.x)
    sure = logits.softmax(dim=1).amax(dim=1).mean().item()
    classes = logits.shape[1]
    fair = 1 / classes
    answer = "zero" if not logits.any() else "even" if sure < (1 + fair) / 2 else "sure"
    right = int((logits.argmax(dim=1) == scene.y).sum())
    loss = functional.cross_entropy(logits, scene.y).item()
    words = f"Computed just now by a new head on {asked.row.title}, for {len(scene.x)} pictures of {classes} classes."
    return picked(answer, words, sure=percent(sure), right=str(right), n=str(len(scene.y)), loss=f"{loss:.2f}",
                  even=f"{math.log(classes):.2f}")  # fmt: skip


def head_sizes(asked: TruthContext) -> Truth:
    """The order, fewest parameters first, of a new head, the first and the last stage, and the head that was taken off."""
    stages = described(asked).stages
    counts = {
        "new": stages[-1].parameters,
        "first": stages[0].parameters,
        "old": old_head(asked.row),
        "last": stages[-2].parameters,
    }
    facts = {key: whole(n) for key, n in counts.items()}
    return ordered(counts, f"Counted just now in {asked.row.title}, whose head for ImageNet has 1000 classes.", **facts)


@cache
def old_head(row: Backbone) -> int:
    """How many parameters torchvision's own head for 1000 classes has: all of the model's but the backbone's."""
    with torch.device("meta"):
        model = backbones.blank(row)
    return sum(p.numel() for p in model.parameters()) - row.parameters

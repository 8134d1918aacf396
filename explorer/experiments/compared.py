"""What each kind of experiment compares: its arms by name, as fields of recipes."""

from collections.abc import Sequence
from typing import Any

from explorer.catalogue import Backbone, shifts
from explorer.catalogue.strategies import named, strategy
from explorer.catalogue.weights import RANDOM, matched

Arm = tuple[str, dict[str, Any]]

CLEAN = "clean"
INPUTS = (CLEAN, "noise-4", "blur-4", "invert", "recolour-4")
"""How pictures are corrupted in the experiment on blocks, unless told: those of Lee et al. (2022) that need no other data set."""
RATED = ("last_stage", "full", "lp_ft")
DECADES = (-1, 0, 1, 2)
"""Powers of ten that each strategy's own backbone rate is multiplied by, unless told."""
MODES = ("frozen_everywhere", "frozen", "moving")
BATCHES = (4, 8, 32, 128)
"""Batch sizes, unless told."""
KEPT = "kept"
START_WORDS = {
    "pretrained": "pre-trained",
    "matched": "matched",
    "random": "random",
    KEPT: "pre-trained, its statistics kept",
}
"""First weights of the experiment on starts → their words."""
HEAD, ALL = "head", "all"
"""Besides every stage alone: nothing but the head, and everything."""


def cuts(stages: Sequence[str]) -> list[Arm]:
    """Every depth from the head alone to everything, first from pre-trained weights, then from random ones."""
    arms: list[Arm] = []
    for start in ("pretrained", "random"):
        for depth in range(len(stages) + 1):
            learns = stages[len(stages) - depth :]
            name = named(stages, learns, start == "pretrained")
            fields: dict[str, Any] = {"strategy": name} | ({"stages": learns} if name == "custom" else {})
            arms.append((f"{start}/{depth}", fields | ({"weights": "random"} if start == "random" else {})))
    return arms


def starts(weights: str, batch: bool) -> list[Arm]:
    """`START/DEPTH`: the head alone, then everything, from weights that are pre-trained, drawn with their statistics, and random;
    everything by one recipe, so that the first weights alone differ. With BatchNorm (`batch`) that means the batch's statistics,
    the only ones that drawn weights can learn by; so `kept/all` is the pre-trained start as one would tune it."""
    first = {"pretrained": weights, "matched": matched(weights), "random": RANDOM}
    tuned = {"strategy": "full", **({"batchnorm": "frozen"} if batch else {})}
    arms: list[Arm] = [
        (f"{start}/{HEAD}", {"strategy": "linear_probe", "weights": name}) for start, name in first.items()
    ]
    arms += [(f"{start}/{ALL}", tuned | {"weights": name}) for start, name in first.items()]
    return [*arms, *([(f"{KEPT}/{ALL}", {"strategy": "full"})] if batch else [])]


def blocks(stages: Sequence[str], inputs: Sequence[str]) -> list[Arm]:
    """`STAGE@INPUT`: on each kind of input the head alone, every stage tuned alone at the same rates (the last first, which is
    the cheapest), and everything."""
    arms: list[Arm] = []
    for how in inputs:
        corrupted = {} if how == CLEAN else {"spoilt": how}
        arms.append((f"{HEAD}@{how}", {"strategy": "linear_probe"} | corrupted))
        arms += [
            (f"{stage}@{how}", {"strategy": "custom", "stages": (stage,)} | corrupted) for stage in reversed(stages)
        ]
        arms.append((f"{ALL}@{how}", {"strategy": "full"} | corrupted))
    return arms


def rates(strategies: Sequence[str], decades: Sequence[int], row: Backbone) -> list[Arm]:
    """`STRATEGY*DECADE`: the linear probe, then every strategy with its own backbone rate times ten to each power."""
    arms: list[Arm] = [("linear_probe", {"strategy": "linear_probe"})]
    for name in strategies:
        own = row.rate(strategy(name))
        if not own:
            continue
        for decade in decades:
            fields: dict[str, Any] = {"strategy": name}
            arms.append((f"{name}*{decade}", fields | ({"backbone_rate": own * 10.0**decade} if decade else {})))
    return arms


def modes(name: str, batches: Sequence[int]) -> list[Arm]:
    """`MODE*BATCH`: the strategy in every BatchNorm mode in which its stages learn, with every number of images in a batch."""
    arms: list[Arm] = []
    for batch in batches:
        arms += [(f"{mode}*{batch}", {"strategy": name, "batchnorm": mode, "batch_size": batch}) for mode in MODES]
    return arms


def times(decade: int) -> str:
    """`× 0.1`, `× 1`, `× 100`."""
    return f"× {10.0**decade:g}"


def parted(arm: str) -> tuple[str, str]:
    """(stage, input) of an arm on one block; (strategy, power of ten) or (mode, batch) of the others."""
    first, _, second = arm.partition("@" if "@" in arm else "*")
    return first, second


def input_words(how: str) -> str:
    """`clean`, `blurred at severity 4`."""
    return "clean" if how == CLEAN else shifts.words(how)


def stage_words(stage: str) -> str:
    """`head alone`, `layer2 alone`, `everything`."""
    return {HEAD: "head alone", ALL: "everything"}.get(stage, f"{stage} alone")

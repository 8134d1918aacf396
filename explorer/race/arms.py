"""What takes part in a race: the recipes of a new one, and what each arm is called."""

from collections.abc import Mapping, Sequence
from typing import Any

from explorer.catalogue import STRATEGIES
from explorer.errors import ExplorerError
from explorer.recipe import Recipe, make

FEWEST, MOST, MOST_SEEDS = 2, 5, 5
RATES = ("head_rate", "backbone_rate", "rate_decay")
Fields = Mapping[str, Any]


def arm_name(recipe: Recipe, several: bool = False) -> str:
    """`full`, with what is not the usual behind it: `full/frozen` for a BatchNorm mode, `full/crop` for an augmentation,
    `full/0.003-0.0001` for rates; where a race has `several` backbones, this arm's before it."""
    parts = [recipe.backbone] if several else []
    parts.append(recipe.strategy)
    if recipe.batchnorm != recipe.usual_batchnorm:
        parts.append(recipe.batchnorm)
    if recipe.augmentation != "none":
        parts.append(recipe.augmentation)
    if own_rates(recipe):
        parts.append("-".join(f"{rate:g}" for rate in (recipe.head_rate, recipe.backbone_rate) if rate))
    return "/".join(parts)


def own_rates(recipe: Recipe) -> bool:
    """Whether the recipe has other rates than its strategy's."""
    usual = make(backbone=recipe.backbone, strategy=recipe.strategy, stages=recipe.stages, batchnorm=recipe.batchnorm)
    return any(getattr(recipe, rate) != getattr(usual, rate) for rate in RATES)


def recipes(
    strategies: Sequence[str],
    seeds: int,
    both_modes: bool = False,
    more: Sequence[Fields] = (),
    rates: Mapping[str, Fields] | None = None,
    **shared: Any,
) -> list[Recipe]:
    """The recipes of a new race, seed by seed, so that a curve of every arm appears early.

    `shared` holds the fields that all have in common; `stages` is read by the strategy `custom` alone. With `both_modes` each
    strategy that can keep BatchNorm's statistics in the stages it tunes runs with those of the batch too. Each of `more` holds
    fields (an augmentation, another backbone) with which every strategy runs once more, and `rates` other rates with which the
    strategies it names do.
    """
    if not 1 <= seeds <= MOST_SEEDS:
        raise ExplorerError(f"A race takes 1 to {MOST_SEEDS} seeds, not {seeds}.")
    different = len(set(strategies)) == len(strategies) <= MOST
    first = (
        [arm for name in strategies for arm in _arms(name, both_modes, more, (rates or {}).get(name), shared)]
        if different
        else []
    )
    if not different or (len(first) < FEWEST and len(first) == len(strategies)):
        raise ExplorerError(
            f"A race takes {FEWEST} to {MOST} different strategies, not {len(strategies)}. Choose among those offered, or let "
            f"one run in variants."
        )
    if len(first) > MOST:
        raise ExplorerError(
            f"A race takes {FEWEST} to {MOST} arms, and these {len(strategies)} strategies make {len(first)} in all variants. "
            f"Choose fewer strategies, or fewer variants."
        )
    return [arm.model_copy(update={"seed": seed}) for seed in range(seeds) for arm in first]


def _arms(name: str, both: bool, more: Sequence[Fields], rates: Fields | None, shared: Fields) -> list[Recipe]:
    """The arms of one strategy: as it is, in the other BatchNorm mode, at other rates, and with each of `more`."""
    made = make(strategy=name, **shared)
    found = [made]
    if both and made.batchnorm == "frozen_everywhere":
        found.append(made.model_copy(update={"batchnorm": "frozen"}))
    if rates:
        found.append(make(strategy=name, **(dict(shared) | dict(rates))))
    for fields in more:
        if "backbone" in fields and not _takes(name, str(fields["backbone"])):
            continue
        found.append(make(strategy=name, **(dict(shared) | dict(fields))))
    return found


def _takes(strategy: str, name: str) -> bool:
    """Whether another backbone can take part: `custom` names stages of the first one."""
    normalises = make(backbone=name).row.normalisation != "none"
    return strategy != "custom" and (normalises or not STRATEGIES[strategy].affine)

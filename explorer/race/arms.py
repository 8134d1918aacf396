"""What takes part in a race: the recipes of a new one, and what each arm is called."""

from collections.abc import Sequence
from typing import Any

from explorer.errors import ExplorerError
from explorer.recipe import Recipe, make

FEWEST, MOST, MOST_SEEDS = 2, 5, 5


def arm_name(recipe: Recipe) -> str:
    """`full`, or `full/frozen` in a BatchNorm mode that is not the usual one."""
    return recipe.strategy + (f"/{recipe.batchnorm}" if recipe.batchnorm != recipe.usual_batchnorm else "")


def recipes(strategies: Sequence[str], seeds: int, both_modes: bool = False, **shared: Any) -> list[Recipe]:
    """The recipes of a new race, seed by seed, so that a curve of every arm appears early.

    `shared` holds the fields that all have in common; `stages` is read by the strategy `custom` alone. With `both_modes` each
    strategy that can keep BatchNorm's statistics in the stages it tunes runs with those of the batch too.
    """
    if not FEWEST <= len(strategies) <= MOST or len(set(strategies)) < len(strategies):
        raise ExplorerError(
            f"A race takes {FEWEST} to {MOST} different strategies, not {len(strategies)}. Choose among those offered."
        )
    if not 1 <= seeds <= MOST_SEEDS:
        raise ExplorerError(f"A race takes 1 to {MOST_SEEDS} seeds, not {seeds}.")
    first = [made for name in strategies for made in _modes(make(strategy=name, **shared), both_modes)]
    if len(first) > MOST:
        raise ExplorerError(
            f"A race takes {FEWEST} to {MOST} arms, and these {len(strategies)} strategies make {len(first)} in both BatchNorm "
            f"modes. Choose fewer strategies, or one mode."
        )
    return [arm.model_copy(update={"seed": seed}) for seed in range(seeds) for arm in first]


def _modes(recipe: Recipe, both: bool) -> list[Recipe]:
    """The recipe, and where it keeps statistics in stages that learn, the one that does not."""
    other = [recipe.model_copy(update={"batchnorm": "frozen"})] if recipe.batchnorm == "frozen_everywhere" else []
    return [recipe, *other] if both else [recipe]

"""What the arms of a race are called on the page."""

from collections.abc import Sequence

from explorer.app.words import short_title
from explorer.race.arms import own_rates
from explorer.race.races import Race
from explorer.recipe import Recipe

_WORDS = {"none": "no augmentation", "flip": "flips", "crop": "random crops", "colour": "crops and colours"}


def arm_titles(recipes: Sequence[Recipe]) -> list[str]:
    """The strategy of each, and what else tells it from the others: backbone, augmentation, rates that are not the usual."""
    several = len({recipe.backbone for recipe in recipes}) > 1
    return [_title(recipe, several) for recipe in recipes]


def titles_of(race: Race) -> dict[str, str]:
    """Arm → title."""
    return dict(zip([arm.name for arm in race.arms], arm_titles([arm.recipe for arm in race.arms]), strict=True))


def _title(recipe: Recipe, several: bool) -> str:
    parts = [short_title(recipe)]
    if several:
        parts.append(recipe.row.title.removesuffix(" (built in)"))
    if recipe.augmentation != "none":
        parts.append(_WORDS[recipe.augmentation])
    if own_rates(recipe):
        parts.append("rates " + " and ".join(f"{rate:g}" for rate in (recipe.head_rate, recipe.backbone_rate) if rate))
    return ", ".join(parts)

"""What a recipe would do, before it is carried out."""

from typing import Any

from explorer import recipe as recipes
from explorer.engine import devices, freezing, rates, training
from explorer.results import Description, RateSearch


def describe(recipe: dict[str, Any]) -> Description:
    """What a recipe does to each stage."""
    return freezing.describe(recipes.make(**recipe))


def find_rates(recipe: dict[str, Any], report: training.Report = training.silent) -> RateSearch:
    """Learning rates that suit a recipe, each with the curve behind it."""
    devices.set_threads()
    return rates.find(recipes.make(**recipe), report)

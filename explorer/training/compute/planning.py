"""What a recipe would do, before it is carried out."""

from typing import Any

import numpy as np

from explorer import recipe as recipes
from explorer.data import datasets
from explorer.data.stream import Stream
from explorer.errors import ExplorerError
from explorer.models import backbones, devices
from explorer.training.compute import batchnorm_shift, freezing, rates
from explorer.training.compute.session import Report, silent
from explorer.training.question import Description, RateSearch, StatisticsShift

MOST = 128  # training images that a set's statistics are taken from


def describe(recipe: dict[str, Any]) -> Description:
    """What a recipe does to each stage."""
    return freezing.describe(recipes.make(**recipe))


def find_rates(recipe: dict[str, Any], report: Report = silent) -> RateSearch:
    """Learning rates that suit a recipe, each with the curve behind it."""
    devices.set_threads()
    return rates.find(recipes.make(**recipe), report)


def statistics_shift(recipe: dict[str, Any]) -> StatisticsShift:
    """How far a recipe's training images (up to `MOST`) lie from the running statistics of its backbone, stage by stage."""
    made = recipes.make(**recipe)
    if made.row.normalisation != "batch" or made.weights == "random":
        raise ExplorerError(
            f"{made.row.title} with the weights {made.weights} brings no BatchNorm statistics along. Choose a backbone with "
            f"BatchNorm, pre-trained."
        )
    data, place = datasets.load(made), devices.place(made.row, made.device)
    network = backbones.build(made.backbone, len(data.classes), made.weights, made.seed).to(place.device)
    images = data.train.take(spread(len(data.train), MOST))
    found = batchnorm_shift.shifts(network, Stream(images.pixels(made.preprocessing), made.preprocessing, place))
    return StatisticsShift(len(images), tuple(found), tuple(found.values()))


def spread(n: int, most: int) -> np.ndarray:
    """The places of up to `most` of n things, evenly spread, so that every class of a sorted list takes part."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(int))

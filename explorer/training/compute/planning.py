"""What a recipe would do, before it is carried out."""

import numpy as np

from explorer.data import datasets
from explorer.data.stream import Stream
from explorer.errors import ExplorerError
from explorer.models import backbones, devices
from explorer.progress import ProgressCallback, silent
from explorer.recipe import Recipe
from explorer.training.compute import batchnorm_shift, freezing, measuring, rates
from explorer.training.question import Anatomy, Description, RateSearch, Speed, StatisticsShift

MOST = 128  # training images that a set's statistics are taken from


def describe(recipe: Recipe) -> Description:
    """What a recipe does to each stage."""
    return freezing.describe(recipe)


def anatomy(backbone: str, pixels: int) -> Anatomy:
    """What the stages of a backbone are made of, for inputs of so many pixels a side."""
    return measuring.anatomy(backbone, pixels)


def speed(backbone: str, pixels: int) -> Speed:
    """How fast this machine runs the stages of a backbone."""
    devices.set_threads()
    return measuring.speed(backbone, pixels)


def find_rates(recipe: Recipe, report: ProgressCallback = silent) -> RateSearch:
    """Learning rates that suit a recipe, each with the curve behind it."""
    devices.set_threads()
    return rates.find(recipe, report)


def statistics_shift(recipe: Recipe) -> StatisticsShift:
    """How far a recipe's training images (up to `MOST`) lie from the running statistics of its backbone, stage by stage."""
    if recipe.row.normalisation != "batch" or recipe.drawn:
        raise ExplorerError(
            f"{recipe.row.title} with the weights {recipe.weights} has no BatchNorm statistics of its own from pre-training. "
            "Choose a pre-trained backbone with BatchNorm."
        )
    data, place = datasets.load(recipe), devices.choose(recipe.row, recipe.device)
    network = backbones.build(recipe.backbone, len(data.classes), recipe.weights, recipe.seed).to(place.device)
    images = data.train.take(spread(len(data.train), MOST))
    found = batchnorm_shift.shifts(network, Stream(images.pixels(recipe.preprocessing), recipe.preprocessing, place))
    return StatisticsShift(n=len(images), stages=tuple(found), nats=tuple(found.values()))


def spread(n: int, most: int) -> np.ndarray:
    """The places of up to `most` of n things, evenly spread, so that every class of a sorted list takes part."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(int))

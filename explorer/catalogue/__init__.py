"""What can be chosen: backbones with their stages, data sets, strategies, methods. Plain data, one row each."""

from explorer.catalogue.backbone import Backbone
from explorer.catalogue.backbones import BACKBONES
from explorer.catalogue.datasets import DATASETS, LABELS, Dataset
from explorer.catalogue.methods import (
    ATTRIBUTIONS,
    BASELINES,
    CONTROLS,
    PROJECTIONS,
)
from explorer.catalogue.strategies import (
    AUGMENTATIONS,
    BATCHNORM_MODES,
    BATCHNORM_TITLES,
    LAYERNORM_MODES,
    LAYERNORM_TITLES,
    MOST_VIEWS,
    STRATEGIES,
    Strategy,
)
from explorer.catalogue.weights import Preprocessing, Weights

__all__ = [
    "ATTRIBUTIONS",
    "AUGMENTATIONS",
    "BACKBONES",
    "BASELINES",
    "BATCHNORM_MODES",
    "BATCHNORM_TITLES",
    "CONTROLS",
    "LAYERNORM_MODES",
    "LAYERNORM_TITLES",
    "DATASETS",
    "LABELS",
    "MOST_VIEWS",
    "PROJECTIONS",
    "STRATEGIES",
    "Backbone",
    "Dataset",
    "Preprocessing",
    "Strategy",
    "Weights",
]

"""Where a network looks: Captum's methods behind one function (model, images, class → map), and whether to trust the map."""

from explorer.engine.attribution.asking import METHODS, attribute, cells_of, contrasted, rise
from explorer.engine.attribution.baselines import BASELINES
from explorer.engine.attribution.controls import CONTROLS, gains, orders, scattered
from explorer.engine.attribution.faithfulness import Curves, curves, in_cells, inside
from explorer.engine.attribution.randomisation import alike, cascade, likeness
from explorer.engine.backbones.saying import probabilities

__all__ = [
    "BASELINES",
    "CONTROLS",
    "METHODS",
    "Curves",
    "alike",
    "attribute",
    "cascade",
    "cells_of",
    "contrasted",
    "curves",
    "gains",
    "in_cells",
    "inside",
    "likeness",
    "orders",
    "probabilities",
    "rise",
    "scattered",
]

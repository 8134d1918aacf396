"""Where a network looks: Captum's methods behind one function (model, images, class → map), and whether to trust the map."""

from explorer.engine.attribution.asking import METHODS, attribute, cells_of, probabilities, rise
from explorer.engine.attribution.baselines import BASELINES
from explorer.engine.attribution.controls import CONTROLS, gains, orders, scattered
from explorer.engine.attribution.faithfulness import Curves, curves, in_cells, inside
from explorer.engine.attribution.randomisation import cascade, likeness

__all__ = [
    "BASELINES",
    "CONTROLS",
    "METHODS",
    "Curves",
    "attribute",
    "cascade",
    "cells_of",
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

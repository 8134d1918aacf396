"""Where a network looks: Captum's methods behind one function (model, images, class → map), and whether to trust the map."""

from explorer.engine.attribution.asking import METHODS, attribute, probabilities, rise
from explorer.engine.attribution.baselines import BASELINES
from explorer.engine.attribution.faithfulness import Curves, curves, inside
from explorer.engine.attribution.randomisation import cascade, likeness

__all__ = [
    "BASELINES",
    "METHODS",
    "Curves",
    "attribute",
    "cascade",
    "curves",
    "inside",
    "likeness",
    "probabilities",
    "rise",
]

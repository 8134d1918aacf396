"""Where A and B look: one picture, sixteen, and whether the maps are to be trusted."""

from explorer.app.figures.attribution.cascades import randomisation, randomisation_maps
from explorer.app.figures.attribution.many import attributions
from explorer.app.figures.attribution.maps import Shown, attribution
from explorer.app.figures.attribution.seeds import seeds, seeds_maps
from explorer.app.figures.attribution.trust import faithfulness, faithfulnesses, on_object

__all__ = [
    "Shown",
    "attribution",
    "attributions",
    "faithfulness",
    "faithfulnesses",
    "on_object",
    "randomisation",
    "randomisation_maps",
    "seeds",
    "seeds_maps",
]

"""Where A and B look, in one picture or in many, and whether the maps are to be trusted."""

from explorer.engine.tasks.attribution.maps import attribute, attribute_many
from explorer.engine.tasks.attribution.seeds import other_seeds
from explorer.engine.tasks.attribution.trust import faithfulness, faithfulness_many, on_object, randomise

__all__ = ["attribute", "attribute_many", "faithfulness", "faithfulness_many", "on_object", "other_seeds", "randomise"]

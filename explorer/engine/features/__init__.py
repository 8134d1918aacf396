"""What the channels of a network answer: pooled features, maps, the images that excite them, the first filters."""

from explorer.engine.features.channels import maps, rank_by_change, strength, strongest
from explorer.engine.features.excite import Peaks, excite, ranks_elsewhere, spread
from explorer.engine.features.filters import first_filters
from explorer.engine.features.pooled import pooled_features
from explorer.engine.features.selective import class_selectivity
from explorer.engine.features.sight import receptive_fields

__all__ = [
    "Peaks",
    "class_selectivity",
    "excite",
    "first_filters",
    "maps",
    "pooled_features",
    "rank_by_change",
    "ranks_elsewhere",
    "receptive_fields",
    "spread",
    "strength",
    "strongest",
]

"""What channels answer: the whole backbone, one stage, one channel, the images that excite it, the first filters."""

from explorer.app.figures.features.exciting import SHOWN, Top, boxes, exciting
from explorer.app.figures.features.filters import first_filters
from explorer.app.figures.features.stage import ACROSS, channel_maps, feature_maps, own_maps, two_channel_maps
from explorer.app.figures.features.strip import feature_strip

__all__ = [
    "ACROSS",
    "SHOWN",
    "Top",
    "boxes",
    "channel_maps",
    "exciting",
    "feature_maps",
    "feature_strip",
    "first_filters",
    "own_maps",
    "two_channel_maps",
]

"""The page of the shared map: choosing method, view and colours; asking; showing, with what was clicked or lassoed."""

from explorer.app.ui.maps.choosing import Picked, pick_map
from explorer.app.ui.maps.reading import agreement_table, how_to_read, map_words, truth_table
from explorer.app.ui.maps.showing import ask_map, image_from_map, map_beside, selection_line, show_map

__all__ = [
    "Picked",
    "agreement_table",
    "ask_map",
    "how_to_read",
    "image_from_map",
    "map_beside",
    "map_words",
    "pick_map",
    "selection_line",
    "show_map",
    "truth_table",
]

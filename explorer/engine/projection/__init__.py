"""Shared 2-D maps of the same images in several networks or epochs, and how far to trust them.

`space` makes feature spaces comparable, `layouts` lays points out in the plane, `joint` maps before and after, `epochs` a
whole run, `separation` says how far the classes are apart without any map.
"""

from explorer.engine.projection.epochs import EpochMaps, map_epochs
from explorer.engine.projection.joint import SharedMap, project, warm_up
from explorer.engine.projection.separation import Apart, measure
from explorer.engine.projection.space import LEAST_OTHERS

__all__ = ["Apart", "EpochMaps", "LEAST_OTHERS", "SharedMap", "map_epochs", "measure", "project", "warm_up"]

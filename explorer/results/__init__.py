"""What a task gives back: frozen dataclasses of arrays and facts, each saved and loaded as one file."""

from explorer.results.attribution import Attribution
from explorer.results.features import FeatureMaps
from explorer.results.files import load, pack, save, unpack
from explorer.results.freezing import Audit, Description, StageAudit, StageDescription
from explorer.results.images import Gallery, Seen
from explorer.results.projection import Projection
from explorer.results.similarity import Comparison, StageChange
from explorer.results.training import Epoch, RateCurve, RateSearch

__all__ = [
    "Attribution",
    "Audit",
    "Comparison",
    "Description",
    "Epoch",
    "FeatureMaps",
    "Gallery",
    "Projection",
    "RateCurve",
    "RateSearch",
    "Seen",
    "StageAudit",
    "StageChange",
    "StageDescription",
    "load",
    "pack",
    "save",
    "unpack",
]

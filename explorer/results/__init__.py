"""What a task gives back: frozen dataclasses of arrays and facts, each saved and loaded as one file."""

from explorer.results.files import load, pack, save, unpack
from explorer.results.kinds import (
    Attribution,
    Audit,
    Comparison,
    Description,
    Epoch,
    FeatureMaps,
    Gallery,
    Projection,
    RateCurve,
    RateSearch,
    StageAudit,
    StageChange,
    StageDescription,
)

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
    "StageAudit",
    "StageChange",
    "StageDescription",
    "load",
    "pack",
    "save",
    "unpack",
]

"""What a task gives back: frozen dataclasses of arrays and facts, each saved and loaded as one file."""

from explorer.results.attribution import Attribution, Attributions, Cells, Seeds
from explorer.results.checks import Trial, Truth
from explorer.results.features import (
    Excitement,
    FeatureMaps,
    FeatureStrip,
    Filters,
    Selectivity,
    StageExcitement,
    StageSelectivity,
    StripStage,
)
from explorer.results.files import load, pack, save, unpack
from explorer.results.freezing import Audit, Description, StageAudit, StageDescription
from explorer.results.images import Gallery, Movement, Seen
from explorer.results.lessons import CurvePoint, NewHead, Stillness, Walk, WalkStage
from explorer.results.projection import Noise, Projection, Separation, Trajectory
from explorer.results.similarity import (
    Comparison,
    Drift,
    Interpolation,
    Mixtures,
    Paired,
    Reset,
    Rewind,
    StageChange,
    StagePairs,
    StageProbe,
    StageProbes,
)
from explorer.results.snippets import Snippet
from explorer.results.training import Epoch, RateCurve, RateSearch
from explorer.results.trust import (
    Cascade,
    Faithfulness,
    Faithfulnesses,
    Gain,
    OnObject,
    OrderedCurve,
    Randomisation,
)

__all__ = [
    "Attribution",
    "Attributions",
    "Audit",
    "Cascade",
    "Cells",
    "Comparison",
    "CurvePoint",
    "Description",
    "Drift",
    "Epoch",
    "Excitement",
    "Faithfulness",
    "Faithfulnesses",
    "FeatureMaps",
    "FeatureStrip",
    "Filters",
    "Gain",
    "Gallery",
    "Interpolation",
    "Mixtures",
    "Movement",
    "NewHead",
    "OnObject",
    "OrderedCurve",
    "Paired",
    "Noise",
    "Projection",
    "Separation",
    "Trajectory",
    "Trial",
    "Truth",
    "Randomisation",
    "RateCurve",
    "RateSearch",
    "Reset",
    "Rewind",
    "Seen",
    "Seeds",
    "Selectivity",
    "Snippet",
    "StageAudit",
    "StageChange",
    "StageDescription",
    "StagePairs",
    "StageProbe",
    "StageProbes",
    "StageExcitement",
    "StageSelectivity",
    "Stillness",
    "StripStage",
    "Walk",
    "WalkStage",
    "load",
    "pack",
    "save",
    "unpack",
]

"""What a task gives back: frozen dataclasses of arrays and facts, each saved and loaded as one file."""

from explorer.results.attribution import Attribution, Attributions, Seeds
from explorer.results.cells import Cells
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
from explorer.results.freezing import Description, RateCurve, RateSearch, StageDescription, StatisticsShift
from explorer.results.images import Gallery, Movement, Seen
from explorer.results.lessons import CurvePoint, NewHead, Stillness, Walk, WalkStage
from explorer.results.projection import Agreement, MapControls, Noise, Projection, Separation, Trajectory
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
from explorer.results.training import Audit, Epoch, StageAudit
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
    "Agreement",
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
    "MapControls",
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
    "StatisticsShift",
    "Stillness",
    "StripStage",
    "Walk",
    "WalkStage",
    "load",
    "pack",
    "save",
    "unpack",
]

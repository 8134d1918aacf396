"""Every Plotly figure: a result in, a go.Figure out. `layout.meta` holds its alt text, what to look for, and its limits."""

from plotly.graph_objects import Figure

from explorer.app.figures.accuracies import Bar, Gap, accuracies, differences
from explorer.app.figures.attribution import (
    Shown,
    attribution,
    attributions,
    faithfulness,
    faithfulnesses,
    on_object,
    randomisation,
    randomisation_maps,
    seeds,
    seeds_maps,
)
from explorer.app.figures.change import change_bars
from explorer.app.figures.concepts import Graph, concept_map
from explorer.app.figures.confusion import MOST_SIDE_BY_SIDE, PANELS, confusion
from explorer.app.figures.drift import drift
from explorer.app.figures.features import (
    ACROSS,
    SHOWN,
    Top,
    boxes,
    channel_maps,
    exciting,
    feature_maps,
    feature_strip,
    first_filters,
)
from explorer.app.figures.interpolation import interpolation
from explorer.app.figures.lessons import small_curve, walk
from explorer.app.figures.projection import (
    MOST_PICTURES,
    Marks,
    Paint,
    by_class,
    by_prediction,
    by_right,
    by_shuffled,
    projection_epochs,
    projection_moves,
    projection_noise,
    projection_pair,
    projection_slide,
)
from explorer.app.figures.race import AXES, Curve, Lane, race_curves, race_result
from explorer.app.figures.rates import rate_curves
from explorer.app.figures.rewind import rewind
from explorer.app.figures.stages import REFERENCES, stage_pairs, stage_probes
from explorer.app.figures.statistics import statistics_shift
from explorer.app.figures.strips import Strip, described, legend, phases, strip, strips
from explorer.app.figures.style import enlarge, tint
from explorer.app.figures.training import curves
from explorer.app.figures.votes import NO_INTERVAL, tally

__all__ = [
    "small_curve",
    "walk",
    "ACROSS",
    "AXES",
    "Bar",
    "Curve",
    "Figure",
    "Gap",
    "Graph",
    "Lane",
    "MOST_SIDE_BY_SIDE",
    "PANELS",
    "REFERENCES",
    "Shown",
    "Strip",
    "accuracies",
    "attribution",
    "attributions",
    "change_bars",
    "concept_map",
    "confusion",
    "curves",
    "described",
    "NO_INTERVAL",
    "differences",
    "drift",
    "tally",
    "enlarge",
    "faithfulness",
    "faithfulnesses",
    "SHOWN",
    "Top",
    "boxes",
    "channel_maps",
    "exciting",
    "feature_maps",
    "feature_strip",
    "first_filters",
    "interpolation",
    "legend",
    "on_object",
    "phases",
    "MOST_PICTURES",
    "Marks",
    "Paint",
    "by_class",
    "by_prediction",
    "by_right",
    "by_shuffled",
    "projection_epochs",
    "projection_moves",
    "projection_noise",
    "projection_pair",
    "projection_slide",
    "randomisation",
    "randomisation_maps",
    "rate_curves",
    "statistics_shift",
    "race_curves",
    "race_result",
    "rewind",
    "stage_pairs",
    "stage_probes",
    "strip",
    "strips",
    "tint",
    "seeds",
    "seeds_maps",
]

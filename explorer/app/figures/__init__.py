"""Every Plotly figure: a result in, a go.Figure out. `layout.meta` holds its alt text, what to look for, and its limits."""

from plotly.graph_objects import Figure

from explorer.app.figures.attribution import attribution
from explorer.app.figures.change import change_bars
from explorer.app.figures.features import ACROSS, feature_maps
from explorer.app.figures.projection import projection_moves, projection_pair
from explorer.app.figures.race import AXES, Curve, Lane, race_curves, race_result
from explorer.app.figures.rates import rate_curves
from explorer.app.figures.strips import Strip, described, legend, phases, strip, strips
from explorer.app.figures.style import tint
from explorer.app.figures.training import Bar, accuracies, curves

__all__ = [
    "ACROSS",
    "AXES",
    "Bar",
    "Curve",
    "Figure",
    "Lane",
    "Strip",
    "accuracies",
    "attribution",
    "change_bars",
    "curves",
    "described",
    "feature_maps",
    "legend",
    "phases",
    "projection_moves",
    "projection_pair",
    "rate_curves",
    "race_curves",
    "race_result",
    "strip",
    "strips",
    "tint",
]

"""Every Plotly figure: a result in, a go.Figure out. `layout.meta` holds its alt text, what to look for, and its limits."""

from plotly.graph_objects import Figure

from explorer.app.figures.attribution import attribution
from explorer.app.figures.change import change_bars
from explorer.app.figures.features import ACROSS, feature_maps
from explorer.app.figures.projection import projection_moves, projection_pair
from explorer.app.figures.strips import Strip, described, legend, strip, strips
from explorer.app.figures.style import tint
from explorer.app.figures.training import Bar, accuracies, curves

__all__ = [
    "ACROSS",
    "Bar",
    "Figure",
    "Strip",
    "accuracies",
    "attribution",
    "change_bars",
    "curves",
    "described",
    "feature_maps",
    "legend",
    "projection_moves",
    "projection_pair",
    "strip",
    "strips",
    "tint",
]

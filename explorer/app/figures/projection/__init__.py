"""The shared map as figures: still (side by side, arrows, noise) and moving (from A to B, epoch by epoch)."""

from explorer.app.figures.projection.moving import projection_epochs, projection_slide
from explorer.app.figures.projection.paint import Paint, by_class, by_prediction, by_right, by_shuffled, class_style
from explorer.app.figures.projection.points import MOST_LINES, MOST_PICTURES, MOST_POINTS, Marks
from explorer.app.figures.projection.still import projection_moves, projection_noise, projection_pair

__all__ = [
    "MOST_LINES",
    "MOST_PICTURES",
    "MOST_POINTS",
    "Marks",
    "Paint",
    "by_class",
    "by_prediction",
    "by_right",
    "by_shuffled",
    "class_style",
    "projection_epochs",
    "projection_moves",
    "projection_noise",
    "projection_pair",
    "projection_slide",
]

"""How sure a number is: intervals for an accuracy, a paired comparison of two models on the same images, and both where
images come in groups (patches of one photo, pictures of one patient)."""

from explorer.evidence.classes import ClassScore, by_class, majority
from explorer.evidence.groups import (
    Grouped,
    accuracy_by_group,
    correlation,
    difference_by_group,
    mean_by_group,
    sign_flip,
    t_quantile,
)
from explorer.evidence.pairs import (
    BROKEN,
    FIXED,
    RIGHT_IN_BOTH,
    WRONG_IN_BOTH,
    Paired,
    difference,
    grouped_verdict,
    mcnemar,
    paired,
    points,
    quadrants,
    verdict,
)
from explorer.evidence.power import POWER, images_needed
from explorer.evidence.seeds import Together, together
from explorer.evidence.shares import Balanced, Score, balanced, wilson

__all__ = [
    "BROKEN",
    "Balanced",
    "ClassScore",
    "FIXED",
    "Grouped",
    "POWER",
    "Paired",
    "RIGHT_IN_BOTH",
    "Score",
    "Together",
    "WRONG_IN_BOTH",
    "accuracy_by_group",
    "balanced",
    "by_class",
    "correlation",
    "difference",
    "difference_by_group",
    "grouped_verdict",
    "images_needed",
    "majority",
    "mcnemar",
    "mean_by_group",
    "paired",
    "points",
    "quadrants",
    "sign_flip",
    "t_quantile",
    "together",
    "verdict",
    "wilson",
]

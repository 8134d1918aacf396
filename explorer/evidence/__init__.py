"""How sure a number is: intervals for an accuracy, a paired comparison of two models on the same images, and both where
images come in groups (patches of one photo, pictures of one patient)."""

from explorer.evidence.classes import ClassScore, by_class, majority
from explorer.evidence.crossing import Crossing, crossing, overtakes
from explorer.evidence.groups import (
    Grouped,
    accuracy_by_group,
    correlation,
    difference_by_group,
    mean_by_group,
    sign_flip,
    t_quantile,
)
from explorer.evidence.many import holm
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
from explorer.evidence.pareto import pareto
from explorer.evidence.power import POWER, images_needed
from explorer.evidence.seeds import Together, together
from explorer.evidence.shares import Balanced, Score, balanced, wilson

__all__ = [
    "BROKEN",
    "Balanced",
    "ClassScore",
    "Crossing",
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
    "crossing",
    "difference",
    "difference_by_group",
    "pareto",
    "grouped_verdict",
    "holm",
    "images_needed",
    "majority",
    "mcnemar",
    "mean_by_group",
    "overtakes",
    "paired",
    "points",
    "quadrants",
    "sign_flip",
    "t_quantile",
    "together",
    "verdict",
    "wilson",
]

"""Labels that may be wrong, and how many would be flagged by chance."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from explorer.evidence import Score
from explorer.looks.data.question.faults import Thumbnails
from explorer.question import Question
from explorer.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class LabelIssues:
    """Labels that confident learning flags among `n` pictures, those that stand out most first.

    `shown` has the pictures (the first few hundred of `flagged`); `suggested` (m,) is the class proposed, `given` and `likely`
    (m,) the probability of the label and of that class, out of fold. `by_chance` (m,) is how many labels would be flagged and
    stand out as far if labels were drawn from the same probabilities, so that none is wrong: the list up to there should be
    longer. `chance` (low, mean, high) is the number flagged then in all, over `draws` draws: mean and central 95 %. `right` is
    how often the probe names the label.
    """

    n: int
    classes: tuple[str, ...]
    flagged: int
    shown: Thumbnails
    suggested: np.ndarray
    given: np.ndarray
    likely: np.ndarray
    by_chance: np.ndarray
    chance: tuple[float, float, float]
    draws: int
    right: Score


class LabelIssuesQuestion(Question[LabelIssues]):
    """Which labels of a data set are likely wrong, beside how many would be flagged by chance."""

    handler: ClassVar[str] = "explorer.looks.data.compute.labels:label_issues"
    reports: ClassVar[bool] = True
    slow: ClassVar[bool] = True
    patient: ClassVar[bool] = True
    large: ClassVar[bool] = True
    recipe: Recipe

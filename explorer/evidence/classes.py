"""How good a model is on each class, and how good it is never to look: always to name the largest."""

from dataclasses import dataclass

import numpy as np

from explorer.evidence.shares import Score


@dataclass(frozen=True)
class ClassScore:
    """Of one class: `recall`, the images of the class (n) and how many of them are named so; `precision`, the images named so
    (n) and how many of them are of the class. Each with its Wilson interval."""

    recall: Score
    precision: Score


def by_class(labels: np.ndarray, predicted: np.ndarray, classes: int) -> tuple[ClassScore, ...]:
    """The scores of each of k classes, from labels and predictions (n,)."""
    right = np.bincount(labels[labels == predicted], minlength=classes).tolist()
    there, named = (np.bincount(rows, minlength=classes).tolist() for rows in (labels, predicted))
    return tuple(ClassScore(Score(t, r), Score(n, r)) for t, n, r in zip(there, named, right, strict=True))


def majority(labels: np.ndarray) -> float:
    """The share of the largest class among labels (n,): what always naming it gets right; 0 for none."""
    return float(np.bincount(labels).max() / len(labels)) if len(labels) else 0.0

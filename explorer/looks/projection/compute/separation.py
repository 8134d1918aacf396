"""How far the classes are apart in the full feature space: the truth beside any map."""

import warnings
from dataclasses import dataclass

import numpy as np

from explorer.evidence import Score
from explorer.looks.projection.compute.space import check, standardised
from explorer.looks.similarity.compute.neighbours import majority, nearest

FOLDS, SHUFFLES = 5, 20


@dataclass(frozen=True)
class ClassSeparation:
    """Three looks at classes in the full space, and a control; the fields are those of `question.Separation`."""

    knn: Score
    probe: Score | None
    folds: int
    silhouette: float
    shuffles: np.ndarray
    shuffled: tuple[Score, ...]


def measure(features: np.ndarray, labels: np.ndarray) -> ClassSeparation:
    """How far the classes `labels` (n,) are apart in features (n, d), which are centred and scaled as for a map.

    Rotating, scaling or shifting the features changes none of the numbers (but by rounding). The control repeats the k-NN
    accuracy with the labels shuffled, 20 times, seeded.
    """
    check({"here": features}, labels)
    x = standardised(features)
    near = nearest(x)
    shuffles = np.stack([np.random.default_rng(seed).permutation(len(x)) for seed in range(SHUFFLES)])
    folds, probe = linear_probe(x * np.sqrt(features.shape[1]), labels)
    return ClassSeparation(
        _score(near, labels),
        probe,
        folds,
        silhouette(x, labels),
        shuffles,
        tuple(_score(near, labels[order]) for order in shuffles),
    )


def knn_accuracy(x: np.ndarray, labels: np.ndarray, k: int = 10) -> Score:
    """How often the majority of an image's k nearest others (of all n - 1 where they are fewer) has its class; ties as in
    `explorer.looks.similarity.compute.neighbours`."""
    return _score(nearest(x, k), labels)


def _score(near: np.ndarray, labels: np.ndarray) -> Score:
    return Score(len(near), int((majority(labels[near]) == labels).sum()))


def silhouette(x: np.ndarray, labels: np.ndarray) -> float:
    """The mean over images of (b - a) / max(a, b) in [-1, 1]: a the mean distance to its own class, b to the nearest
    other (Rousseeuw 1987, J. Comput. Appl. Math. 20:53). NaN for one class, or where every image is a class."""
    from sklearn.metrics import silhouette_score

    classes = len(np.unique(labels))
    return float(silhouette_score(x, labels)) if 2 <= classes < len(labels) else float("nan")


def linear_probe(x: np.ndarray, labels: np.ndarray) -> tuple[int, Score | None]:
    """How many images a logistic regression names that did not see them: (folds, score), stratified folds, seeded.

    L2 with C = 1 on coordinates of mean square 1. As many folds as the smallest class has images, 5 at most; with fewer
    than two images in a class, or one class, no score.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    folds = min(FOLDS, int(np.unique(labels, return_counts=True)[1].min()))
    if folds < 2 or len(np.unique(labels)) < 2:
        return folds, None
    with warnings.catch_warnings(action="ignore"):  # where 500 steps do not suffice, the score is that of 500 steps
        held_out = StratifiedKFold(folds, shuffle=True, random_state=0)
        said = np.asarray(cross_val_predict(LogisticRegression(max_iter=500), x, labels, cv=held_out))
    return folds, Score(len(labels), int(np.equal(said, labels).sum()))

"""Labels that are likely wrong, from a linear probe that is asked only about pictures it has not learned from."""

import numpy as np
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.preprocessing import StandardScaler

from explorer.errors import ExplorerError
from explorer.evidence import Score
from explorer.looks.calibration.compute.reliability import temperature
from explorer.looks.data.compute import confident
from explorer.looks.data.compute.faults import thumbnails_of
from explorer.looks.data.compute.whole import Whole, features, plain, whole
from explorer.looks.data.question.labels import LabelIssues
from explorer.models import devices
from explorer.progress import FractionCallback, ProgressCallback, silent
from explorer.recipe import Recipe

FOLDS = 5
STRENGTH = 0.01
"""Inverse of the penalty of the probe: strong, since a set may have fewer pictures than features."""
MOST_SHOWN = 200


def label_issues(recipe: Recipe, report: ProgressCallback = silent) -> LabelIssues:
    """Which labels of a data set are likely wrong, beside how many would be flagged by chance."""
    devices.set_threads()
    wanted = plain(recipe)
    report(0.0, "Loading the images")
    found = whole(wanted)
    rows = unedited_features(
        wanted, found, lambda share: report(0.05 + 0.65 * share, "Features of the frozen backbone")
    )
    labels = found.images.labels
    probability = out_of_fold(
        rows, labels, groups_that_divide(found.groups, labels),
        lambda share: report(0.7 + 0.25 * share, "Probing, a fifth at a time"), len(found.data.classes),
    )  # fmt: skip
    report(0.95, "What chance would flag")
    chance = confident.by_chance(probability)
    off = np.flatnonzero(confident.flagged(labels, probability))
    far = confident.margin(labels, probability)
    off = off[np.argsort(-far[off], kind="stable")]
    first = off[:MOST_SHOWN]
    named = confident.confident_class(labels, probability)[first]
    low, high = np.quantile(chance.counts, [0.025, 0.975])
    return LabelIssues(
        n=len(labels), classes=found.data.classes, flagged=len(off), shown=thumbnails_of(found, first), suggested=named,
        given=probability[first, labels[first]], likely=probability[first, named], by_chance=chance.as_far(far[first]),
        chance=(float(low), float(chance.counts.mean()), float(high)), draws=len(chance.counts),
        right=Score(len(labels), int((probability.argmax(axis=1) == labels).sum())),
    )  # fmt: skip


def unedited_features(recipe: Recipe, found: Whole, progress: FractionCallback) -> np.ndarray:
    """(n, d) features of the set's pictures, taken from those of the set as it is: an edit computes none again."""
    if not recipe.edits:
        return features(recipe, found.data, progress)
    original = plain(recipe.model_copy(update={"edits": ""}))
    every = whole(original)
    row = {name: i for i, name in enumerate(every.images.ids)}
    return features(original, every.data, progress)[[row[name] for name in found.images.ids]]


def groups_that_divide(groups: np.ndarray | None, labels: np.ndarray) -> np.ndarray | None:
    """The groups, where each class has enough of them for every fold to learn it from others; else None."""
    if groups is None or any(len(np.unique(groups[labels == kind])) < FOLDS for kind in np.unique(labels)):
        return None
    return groups


def out_of_fold(
    features: np.ndarray,
    labels: np.ndarray,
    groups: np.ndarray | None,
    progress: FractionCallback = silent,
    classes: int = 0,
) -> np.ndarray:
    """(n, k) float64 probabilities of each picture by a probe on the others: FOLDS parts, in whole groups where there are some.

    The logits of all folds share one temperature, found on them, so that the probabilities mean what they say: a probe on
    more features than pictures is too sure. Raises ExplorerError where a class has fewer pictures than 2.
    """
    classes = classes or int(labels.max()) + 1
    counts = np.bincount(labels, minlength=classes)
    if counts[counts > 0].min() < 2:
        raise ExplorerError(
            f"A class has {counts[counts > 0].min()} picture, and at least 2 are needed to judge one by the others. Add pictures."
        )
    folds = min(FOLDS, int(counts[counts > 0].min()))
    split = (StratifiedKFold if groups is None else StratifiedGroupKFold)(folds, shuffle=True, random_state=0)
    logits = np.full((len(labels), classes), -30.0)
    for i, (learn, judge) in enumerate(split.split(features, labels, groups), 1):
        scale = StandardScaler().fit(features[learn])
        probe = LogisticRegression(C=STRENGTH, max_iter=300).fit(scale.transform(features[learn]), labels[learn])
        said = probe.predict_log_proba(scale.transform(features[judge]))
        logits[np.ix_(judge, probe.classes_)] = np.maximum(said, -30.0)
        progress(i / folds)
    return softmax(logits / temperature(logits, labels), axis=1)

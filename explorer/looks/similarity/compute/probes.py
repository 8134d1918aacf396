"""Linear probes: what a linear reader could make of features, trained on some images and tested on others."""

import warnings

import numpy as np

from explorer.errors import ExplorerError

PENALTY = 1.0  # scikit-learn's C, on standardised features


def probe(train: np.ndarray, train_labels: np.ndarray, test: np.ndarray) -> np.ndarray:
    """The classes (n,) that logistic regression, fitted to the features `train` (m, d), gives the features `test` (n, d).

    Features are standardised by those of `train`; an L2 penalty of scikit-learn's default strength, at most 500 steps, no
    choice made on `test`: probing after Alain & Bengio 2016, arXiv 1610.01644. Raises ExplorerError where the training
    images are all of one class.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(train_labels)) < 2:
        raise ExplorerError(
            f"A probe tells classes apart, but its {len(train_labels)} training images are all of one class. Train with more."
        )
    mean, spread = train.mean(axis=0), train.std(axis=0)
    spread = np.where(spread > 1e-6 * np.abs(train).max(initial=1e-12), spread, 1.0)  # a dead feature stays 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 500 steps are enough to compare by
        fitted = LogisticRegression(C=PENALTY, max_iter=500).fit((train - mean) / spread, train_labels)
    return fitted.predict((test - mean) / spread)


def chance(train_labels: np.ndarray, test_labels: np.ndarray) -> float:
    """The share of the test images that are right by always naming the class most frequent in training."""
    return float(np.mean(test_labels == np.bincount(train_labels).argmax()))

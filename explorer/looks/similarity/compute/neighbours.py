"""Nearest neighbours in a feature space: who is nearest to whom, and whether they name the right class."""

import numpy as np


def nearest(x: np.ndarray, k: int = 10) -> np.ndarray:
    """Indices of the exact `k` nearest others of each of the points `x` (n, d), nearest first: (n, min(k, n - 1)).

    Euclidean. Squared distances are rounded to a billionth of their mean, and of equal ones the point with the lower index
    comes first, so that rounding errors (of a rotation, a scale, another machine) do not decide who is a neighbour.
    """
    x = x.astype(np.float64)
    x -= x.mean(axis=0)
    size = (x * x).sum(axis=1)
    squares = size[:, None] + size[None, :] - 2 * x @ x.T
    squares = np.round(squares / (squares.mean() or 1.0), 9)
    np.fill_diagonal(squares, np.inf)
    return np.argsort(squares, axis=1, kind="stable")[:, : min(k, len(x) - 1)]


def majority(votes: np.ndarray) -> np.ndarray:
    """The class that most of the votes (n, k), nearest first, name, (n,); of several with as many votes the one that is
    named first."""
    counts = (votes[:, :, None] == votes[:, None, :]).sum(axis=2)
    return votes[np.arange(len(votes)), counts.argmax(axis=1)]


def knn_right(x: np.ndarray, labels: np.ndarray, k: int = 10) -> np.ndarray:
    """Whether the `k` nearest others of each point of `x` (n, d) name its own class `labels` (n,), as (n,) bool.

    Leave-one-out k-nearest-neighbour classification (Cover & Hart 1967, IEEE Trans. Inf. Theory 13:21), ties as in
    `nearest` and `majority`; with n ≤ k all n - 1 others vote.
    """
    return majority(labels[nearest(x, k)]) == labels

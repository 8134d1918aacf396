"""Temperature scaling: one number that makes a model less sure, or surer, and changes no answer."""

from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

LEAST, MOST = 1 / 20, 20.0


def temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The number to divide logits (n, k) by for the least mean negative log-likelihood of the labels, from 1/20 to 20.

    Guo et al. 2017, arXiv 1706.04599; by a bounded minimisation over its logarithm in float64: in float32 the likelihood is
    too coarse near its minimum, and a search from 1 may not move at all.
    """
    exact, rows = logits.astype(np.float64), np.arange(len(labels))

    def loss(log_t: float) -> float:
        return -float(log_softmax(exact / np.exp(log_t), axis=1)[rows, labels].mean())

    bounds = (float(np.log(LEAST)), float(np.log(MOST)))
    found: Any = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))

"""Which class each channel prefers, and how clearly."""

import numpy as np

from explorer.errors import ExplorerError


def class_selectivity(features: np.ndarray, labels: np.ndarray, floor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each channel's class-selectivity index (c,) in [0, 1] and the class it prefers (c,), -1 where there is none.

    (µ_max - µ_rest) / (µ_max + µ_rest) of a channel's pooled `features` (n, c): µ_max is the mean over the images of the
    class that it answers most, µ_rest the mean of the other classes' means (Morcos et al. 2018, arXiv 1803.06959). 0: it
    answers all classes alike, or never; 1: one class only. The index is made for activations of at least 0, so it counts
    from `floor` (c,): 0 after a ReLU, the lowest value elsewhere. Raises ExplorerError for fewer than two classes.
    """
    known = np.unique(labels)
    if len(known) < 2:
        raise ExplorerError(
            f"The test images have {len(known)} class; telling which class a channel prefers needs at least 2. Choose runs "
            f"with more classes."
        )
    above = features.astype(np.float64) - floor
    means = np.stack([above[labels == k].mean(axis=0) for k in known])
    most = means.max(axis=0)
    rest = (means.sum(axis=0) - most) / (len(known) - 1)
    index = np.divide(most - rest, most + rest, out=np.zeros_like(most), where=most + rest > 0)
    return index, np.where(index > 0, known[means.argmax(axis=0)], -1)


def lowest(*features: np.ndarray) -> np.ndarray:
    """What the index counts from, (c,): 0, or the lowest value of a channel in any of the `features` (n, c) below 0."""
    return np.minimum(0.0, np.min([found.min(axis=0) for found in features], axis=0)).astype(np.float64)

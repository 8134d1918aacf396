"""What makes a finished run's result doubtful, in words that go with it: at chance, always the common class, exploded."""

import math
from collections.abc import Sequence

import numpy as np

from explorer.evidence import Score


def doubts(test: Score, labels: np.ndarray, classes: Sequence[str], train_loss: float) -> list[str]:
    """Sentences on a result that ought not to be believed as it stands; none for most.

    `labels` (n,) are those of the test images, `train_loss` the mean cross-entropy of the kept epoch on training images, in
    nats: above ln k a network is worse than one that calls all k classes equally likely.
    """
    found = []
    counts = np.bincount(labels, minlength=len(classes))
    largest = int(counts.argmax())
    share = counts[largest] / max(1, counts.sum())
    if test.low <= share:
        word = "At chance: the interval holds" if share <= test.high else "Below chance: the interval lies below"
        found.append(
            f"{word} {100 * share:.1f} %, which is right for a model that always says {classes[largest]!r}, the most frequent "
            f"class of the test images."
        )
    if train_loss > math.log(len(classes)):
        found.append(
            f"Training failed: the loss of the kept epoch on training images is {train_loss:.4g}, above ln {len(classes)} = "
            f"{math.log(len(classes)):.2f}, that of guessing evenly. Try smaller learning rates."
        )
    return found

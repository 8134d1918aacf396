"""A result that ought to carry a warning carries it, and others do not."""

import numpy as np
import pytest

from explorer.evidence import Score
from explorer.training.doubts import doubts


@pytest.mark.parametrize(
    ("right", "counts", "loss", "words"),
    [
        (97, (98, 2), 0.1, ["At chance: the interval holds 98.0 %", "always says 'a'"]),
        (300, (300, 4), 0.1, ["At chance", "98.7 %"]),
        (52, (50, 50), 0.6, ["At chance", "50.0 %"]),
        (10, (70, 30), 0.6, ["Below chance: the interval lies below 70.0 %"]),
        (90, (50, 50), 0.1, []),
        (90, (50, 50), 0.70, ["Training failed", "above ln 2 = 0.69"]),
        (
            10,
            (50, 50),
            4.7e11,
            ["Below chance", "Training failed: the loss of the kept epoch on training images is 4.7e+11"],
        ),
        (40, (30, 30, 40), 1.0, ["At chance", "always says 'c'"]),
        (80, (30, 30, 40), 1.0, []),
    ],
)
def test_what_is_said_of_a_result(right: int, counts: tuple[int, ...], loss: float, words: list[str]) -> None:
    labels = np.repeat(np.arange(len(counts)), counts)
    said = " ".join(doubts(Score(len(labels), right), labels, "abc"[: len(counts)], loss))
    assert all(word in said for word in words) and bool(said) == bool(words)

"""Orders to hold a map against: as compact as the map, and chosen without asking what this network sees in this picture."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from explorer.evidence import mean_by_group
from explorer.looks.attribution.question.trust import Gain

CONTROLS = ("centre", "shifted", "mirrored", "another")
"""The order from the middle outwards; the map moved by a quarter of the picture; the map mirrored left to right; the map of
another picture. Cells in random order are none of them: they lie scattered, so they break up a picture as no map does."""


def orders(cells: np.ndarray, another: np.ndarray, seed: int) -> np.ndarray:
    """The cells (h, w) of a map and of another picture's, strongest first: (1 + c, h · w) numbers, the map, then `CONTROLS`.

    The map moves a quarter of the picture up or down and as far to one side (`seed` says which way), and what leaves at a
    border comes in at the opposite one; so it keeps its values, but not its places. Ties go from top to bottom.
    """
    high, wide = cells.shape
    up, left = np.random.default_rng(seed).choice([-1, 1], 2)
    shifted = np.roll(cells, (up * (high // 4), left * (wide // 4)), axis=(0, 1))
    return np.stack([_ranked(values) for values in (cells, centre(high, wide), shifted, cells[:, ::-1], another)])


def centre(high: int, wide: int) -> np.ndarray:
    """A map (h, w) that falls off from the picture's middle, whatever the picture shows."""
    rows, columns = ((np.arange(side) + 0.5) / side - 0.5 for side in (high, wide))
    return -np.hypot(rows[:, None], columns)


def scattered(high: int, wide: int, count: int) -> np.ndarray:
    """`count` random orders of the cells, (count, h · w), seeded."""
    drawn = np.random.default_rng(0)
    return np.stack([drawn.permutation(high * wide) for _ in range(count)])


def _ranked(values: np.ndarray) -> np.ndarray:
    return np.argsort(-values.ravel(), kind="stable")


def gains(
    model: str, kind: str, areas: np.ndarray, controls: Sequence[str], groups: np.ndarray | None = None
) -> tuple[Gain, ...]:
    """By how much maps beat each control, picture by picture; `areas` (n, 1 + c): the map's, then each control's.

    The 95 % interval of the mean gain is Student's over the n differences, so that a picture in which every order does well
    counts as one in which none does. Images may come in `groups` (n,): then the interval for other groups stands beside it.
    """
    found = []
    for k, control in enumerate(controls, 1):
        gained = (areas[:, k] - areas[:, 0]) * (1 if kind == "deletion" else -1)
        half = np.inf
        if len(gained) > 1:
            half = float(stats.t.ppf(0.975, len(gained) - 1) * gained.std(ddof=1) / np.sqrt(len(gained)))
        mean = float(gained.mean())
        means, better = areas.mean(axis=0), int((gained > 0).sum())
        found.append(
            Gain(
                model=model,
                kind=kind,
                control=control,
                n=len(gained),
                area=float(means[0]),
                control_area=float(means[k]),
                mean=mean,
                low=mean - half,
                high=mean + half,
                better=better,
                grouped=None if groups is None else mean_by_group(gained, groups),
            )
        )
    return tuple(found)

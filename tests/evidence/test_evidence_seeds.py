"""Several seeds on the same images: intervals that hold for other images and seeds, and no image counted twice."""

import numpy as np
import pytest

from explorer import evidence
from explorer.evidence import together


def _gains(*rows: str) -> np.ndarray:
    return np.array([[{"+": 1, "-": -1, ".": 0}[c] for c in row] for row in rows])


def test_one_seed_is_the_paired_interval() -> None:
    found = together(_gains("+++-" + "." * 16))
    assert (found.low, found.high) == pytest.approx(evidence.difference(3, 1, 20), abs=0.02)  # t for z
    assert found.value == pytest.approx(0.1) and found.favour == (1, 0, 0) and found.discordant == pytest.approx(0.2)


def test_by_hand_with_two_seeds() -> None:
    """n = 4, the images' means 1, ½, 0, 0: d = 3/8. With +1 and -1 added: mean ¼, mean of squares 13/24, so V_images =
    (13/24 - 1/16) / 6 = 0.0799; the seeds' ½ and ¼: V_seeds = (1/32) / 2 = 0.0156. Degrees of freedom: 0.0955² / (0.0799² / 5 +
    0.0156² / 1) = 6.0; t = 2.571 (5) or 2.447 (6)."""
    found = together(_gains("++..", "+..."))
    assert found.value == pytest.approx(0.375)
    assert found.value - found.low == pytest.approx(2.5 * 0.3091, rel=0.04)
    assert found.favour == (2, 0, 0) and not found.shown


def test_copies_of_a_seed_add_no_images() -> None:
    one = _gains("+++++---" + "." * 92)
    copies = together(np.repeat(one, 5, axis=0))
    alone = together(one)
    assert copies.high - copies.low == pytest.approx(alone.high - alone.low, rel=0.02)


def _drawn(rng: np.random.Generator, seeds: int, n: int, groups: int = 0) -> tuple[np.ndarray, np.ndarray | None]:
    """Gains with a true mean of 0.06: an effect of the image (or its group), one of the seed, and chance."""
    places = np.arange(n) % groups if groups else np.arange(n)
    image = rng.normal(0, 0.12, groups or n)[places]
    seed = rng.normal(0, 0.03, seeds)
    up = np.clip(0.13 + (image[None] + seed[:, None]) / 2, 0, 0.5)
    down = np.clip(0.07 - (image[None] + seed[:, None]) / 2, 0, 0.5)
    u = rng.random((seeds, n))
    return np.where(u < up, 1, np.where(u < up + down, -1, 0)), places if groups else None


@pytest.mark.parametrize(("seeds", "n", "groups"), [(1, 200, 0), (2, 100, 0), (3, 300, 0), (5, 300, 0), (3, 306, 17)])
def test_the_interval_holds_the_truth(seeds: int, n: int, groups: int) -> None:
    rng = np.random.default_rng(1)
    truth = np.mean([_drawn(rng, 20, 2000, 1000 if groups else 0)[0].mean() for _ in range(10)])
    held = 0
    for _ in range(400):
        gains, places = _drawn(rng, seeds, n, groups)
        low, high = together(gains, places).ends
        held += low <= truth <= high
    # one seed speaks of its own two networks alone, so the luck of the seed is not in its interval
    assert held / 400 >= (0.85 if seeds == 1 else 0.93)


def test_groups_are_taken_whole() -> None:
    gains = np.repeat(_gains("++-" + "." * 14), 18, axis=1)  # whole photos are fixed or broken
    found = together(gains, np.repeat(np.arange(17), 18))
    assert found.others is not None and found.others[0] < found.low < found.high < found.others[1]
    assert found.low > -0.01 and not found.shown

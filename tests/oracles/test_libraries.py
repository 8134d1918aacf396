"""What SciPy does for us, by the formulas written out: ranks, the nearest rotation, a blur."""

import math

import numpy as np
import pytest

from explorer.catalogue.shifts import SHIFTS
from explorer.data.shifts import shifted
from explorer.looks.features.compute.excite import rank_correlation
from explorer.looks.projection.compute.space import on_common_axes


def test_spearman_is_pearson_of_ranks_where_equal_values_share_their_mean_rank() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 6, (2, 40, 5)).astype(float)
    for c in range(5):
        ranks = [
            [sum(v < x for v in col) + (sum(v == x for v in col) + 1) / 2 for x in col] for col in (a[:, c], b[:, c])
        ]
        assert rank_correlation(a, b)[c] == pytest.approx(np.corrcoef(ranks)[0, 1], abs=1e-12)


def test_no_rotation_lies_nearer_than_the_one_that_is_found() -> None:
    """Schönemann 1966: of all orthogonal R the one found makes ‖x - y R‖ least; in the plane all can be tried."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 90, 2))
    placed_x, placed_y = on_common_axes([x, y], [x, y])
    found = np.square(placed_x - placed_y).sum()
    assert placed_x.shape == (90, 2)
    for flip in (1, -1):
        for angle in np.linspace(0, 2 * math.pi, 720):
            turn = np.array([[math.cos(angle), math.sin(angle)], [-flip * math.sin(angle), flip * math.cos(angle)]])
            assert found <= np.square(placed_x - placed_y @ turn).sum() + 1e-9


def test_the_blur_is_a_gaussian_cut_at_three_spreads_and_mirrored_at_the_edge() -> None:
    rng = np.random.default_rng(2)
    image = rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)
    sigma = SHIFTS["blur"].amount * 30
    reach = min(math.ceil(3 * sigma), 19)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights /= weights.sum()

    def mirrored(i: int, n: int) -> int:
        i = abs(i) % (2 * n - 2)
        return min(i, 2 * n - 2 - i)

    expected = np.zeros(image.shape)
    for y in range(20):
        for x in range(30):
            for j, v in enumerate(weights):
                for i, w in enumerate(weights):
                    expected[y, x] += v * w * image[mirrored(y + j - reach, 20), mirrored(x + i - reach, 30)]
    found = shifted(image[None], "blur")[0].astype(float)
    assert np.abs(found - expected).max() <= 0.5 + 1e-3

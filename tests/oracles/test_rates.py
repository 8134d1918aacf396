"""What a range test says, once more with SciPy's smoothing and a walk in plain Python."""

import math

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from explorer.training.compute.rates import CLEAR, FAST, WIDTH, judge


def smoothed(values: list[float]) -> list[float]:
    """The Gaussian mean of what there is: SciPy's, which takes zeros beyond the ends, over that of ones."""

    def mean(row: list[float]) -> np.ndarray:
        return gaussian_filter1d(np.array(row, dtype=float), WIDTH, mode="constant", truncate=100.0)

    return list(mean(values) / mean([1.0] * len(values)))


def slopes(rates: list[float], values: list[float]) -> list[float]:
    """Per decade: the parabola through three neighbours (whose steps are equal), the secant at either end."""
    x = [math.log(rate, 10) for rate in rates]
    inner = [(values[i + 1] - values[i - 1]) / (x[i + 1] - x[i - 1]) for i in range(1, len(x) - 1)]
    return [(values[1] - values[0]) / (x[1] - x[0]), *inner, (values[-1] - values[-2]) / (x[-1] - x[-2])]


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("part", ["head", "backbone"])
def test_the_range_that_falls_fast_and_the_steepest_rate(seed: int, part: str) -> None:
    rng = np.random.default_rng(seed)
    rates = [float(r) for r in np.geomspace(1e-5, 1.0, 60)]
    middle, end = rng.uniform(-3.5, -2), rng.uniform(-1.2, -0.5)
    fall = [1 / (1 + math.exp(-4 * (math.log10(r) - middle))) for r in rates]
    rise = [max(0.0, math.log10(r) - end) * 3 for r in rates]
    losses = [float(2.3 - 2 * f + c + rng.normal(0, 0.05)) for f, c in zip(fall, rise, strict=True)]
    control = [float(2.3 - 0.8 * i / 59 + rng.normal(0, 0.02)) for i in range(60)] if part == "backbone" else []
    found = judge(part, 1e-9, tuple(rates), tuple(losses), tuple(control))

    top = 1.5 * max(losses[:15])
    mine = smoothed([min(v, top) for v in losses])
    other = smoothed([min(v, top) for v in control]) if control else [0.0] * 60
    gap = [a - b for a, b in zip(mine, other, strict=True)]
    lowest = gap.index(min(gap))
    assert max(gap[: lowest + 1]) - gap[lowest] >= CLEAR * max(losses[:15])
    slope = slopes(rates, gap)
    at = slope.index(min(slope[: lowest + 1]))
    first = last = at
    while first > 0 and slope[first - 1] <= FAST * slope[at]:
        first -= 1
    while last < 59 and slope[last + 1] <= FAST * slope[at]:
        last += 1
    assert found.losses == pytest.approx(mine, rel=1e-6)
    assert found.falling == pytest.approx((rates[first], rates[last]), rel=1e-6)
    assert found.steepest == pytest.approx(rates[at], rel=1e-6)
    assert found.suggested == float(f"{rates[last]:.1g}")

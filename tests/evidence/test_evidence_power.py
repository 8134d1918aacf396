"""How many images settle a difference: by hand, and by drawing them."""

import math

import numpy as np
import pytest

from explorer.evidence import images_needed, mcnemar


def test_by_hand() -> None:
    """ψ = 0.2, δ = 0.1: (1.95996·√0.2 + 0.84162·√0.19)² / 0.01 = (0.87653 + 0.36685)² / 0.01 = 154.6."""
    assert images_needed(0.2, 0.1) == 155
    assert images_needed(0.2, -0.1) == 155, "which of the two is ahead does not matter"
    assert images_needed(0.1, 0.1) == math.ceil((1.959964 * math.sqrt(0.1) + 0.841621 * 0.3) ** 2 / 0.01)


def test_nothing_to_show_and_limits() -> None:
    assert images_needed(0.3, 0.0) is None and images_needed(0.0, 0.0) is None
    assert images_needed(0.2, 0.05) > 3.9 * images_needed(0.2, 0.1), "half the difference, four times the images"
    assert images_needed(0.2, 0.1, power=0.9) > images_needed(0.2, 0.1)


@pytest.mark.parametrize(("discordant", "gain"), [(0.1, 0.04), (0.2, 0.1), (0.3, 0.06), (0.5, 0.2)])
def test_so_many_images_show_it_four_times_in_five(discordant: float, gain: float) -> None:
    n, rng = images_needed(discordant, gain), np.random.default_rng(0)
    assert n is not None
    cells = rng.multinomial(n, [(discordant + gain) / 2, (discordant - gain) / 2, 1 - discordant], size=2000)
    shown = np.mean([mcnemar(int(fixed), int(broken)) < 0.05 for fixed, broken, _ in cells])
    assert 0.74 <= shown <= 0.86

"""How many test images it takes to tell two models apart."""

import math
from statistics import NormalDist

from explorer.evidence.shares import Z95

POWER = 0.8
"""The chance that a difference of the assumed size is shown."""


def images_needed(discordant: float, difference: float, power: float = POWER) -> int | None:
    """Test images with which McNemar's test at 5 % shows a `difference` (B's accuracy less A's) of this size with this power,
    where the share `discordant` of images is right in one model alone. None where there is no difference to be shown.

    n = (z₉₇.₅·√ψ + z_power·√(ψ - δ²))² / δ², the unconditional sample size (Connor 1987, Biometrics 43:207). It is of one pair of
    networks; simulated, the exact test reaches 0.75 to 0.85 where 0.8 was asked for (tests/evidence/test_evidence_power.py).
    """
    size = abs(difference)
    if size <= 0 or discordant <= 0:
        return None
    share = max(discordant, size)  # a difference cannot be larger than the share that differs
    reach = Z95 * math.sqrt(share) + NormalDist().inv_cdf(power) * math.sqrt(share - size * size)
    return math.ceil((reach / size) ** 2)

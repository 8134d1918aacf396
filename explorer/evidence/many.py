"""Many comparisons at once: what is left of each p-value when there were so many chances to find something; how one is told."""

import sys
from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """The p-values adjusted for all of them being asked at once, in the order given (Holm 1979, Scandinavian J. Statistics 6:65).

    The smallest is multiplied by their number m, the next by m - 1, and so on; none is less than one before it, nor more than 1.
    Below 0.05 in any of them happens by chance in at most one family of comparisons in twenty, however they depend on each other.
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted, least = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(order):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = least
    return tuple(adjusted)


def p_digits(p: float | None, level: float = 0.05) -> str:
    """A p-value to two significant digits, and to as many more as tell on which side of `level` it lies: 0.0496 and not 0.05.
    `unknown` where none was computed, and never 0, which no p-value is."""
    if p is None:
        return "unknown"
    p = max(p, sys.float_info.min)  # what is smaller is rounded to 0
    for digits in range(2, 8):
        told = f"{p:.{digits}g}"
        if (float(told) < level) == (p < level):
            return told
    return repr(p)

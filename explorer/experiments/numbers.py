"""Numbers of an experiment as they stand in its tables: each with its spread, seeds and n."""

from explorer.evidence import Together, points
from explorer.evidence.many import p_digits
from explorer.experiments.pairing import Step
from explorer.race.races import Spread


def right(found: Spread | None, n: int) -> str:
    """`57.1 ± 0.8 % (3 seeds, n = 400)`; a dash where there is none."""
    if found is None:
        return "–"
    more = "" if found.deviation is None else f" ± {100 * found.deviation:.1f}"
    return f"{100 * found.mean:.1f}{more} % ({found.n} seed{'s' * (found.n > 1)}, n = {n})"


def gained(found: Together | None, p_value: float) -> str:
    """`+3.2 (+0.4 to +6.0), p = 0.031`; a dash where there is none."""
    if found is None:
        return "–"
    low, high = found.ends
    return f"{points(found.value)} ({points(low)} to {points(high)}), p = {p_digits(p_value)}"


def gained_by(step: Step | None) -> str:
    """The same of a step, its p-value corrected."""
    return gained(step.difference, step.adjusted) if step else "–"

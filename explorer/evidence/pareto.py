"""What nothing else beats in both: accuracy and cost."""

from collections.abc import Sequence


def pareto(costs: Sequence[float], gains: Sequence[float]) -> tuple[int, ...]:
    """The places of what no other one beats: none costs as little and gains more, or costs less and gains as much. Cheapest
    first; of equals the first counts."""
    order = sorted(range(len(costs)), key=lambda i: (costs[i], -gains[i], i))
    kept: list[int] = []
    for place in order:
        if not kept or gains[place] > gains[kept[-1]]:
            kept.append(place)
    return tuple(kept)

"""What an experiment says, in sentences: the same on the page and on the command line."""

import math
from collections import Counter
from collections.abc import Sequence

from explorer.catalogue.strategies import STRATEGIES
from explorer.evidence import Crossing, points
from explorer.experiments import budget
from explorer.experiments.budget import Choice, Contrast, Gains
from explorer.experiments.cells import Sweep


def title_of(arm: str) -> str:
    """What an arm is called: its strategy's short title; of a depth sweep, how many stages learn and from which weights."""
    if arm in STRATEGIES:
        return STRATEGIES[arm].title.split(" (")[0]
    start, _, depth = arm.partition("/")
    what = "head alone" if depth == "0" else f"last {depth} stages" if depth != "1" else "last stage"
    return what + ", random start" * (start == "random")


def number(images: float) -> str:
    """`7`, `7.5`, `118`: images per class, as roughly as they are known."""
    return f"{images:.0f}" if images >= 10 or images == round(images) else f"{images:.1f}"


def listed(names: Sequence[str]) -> str:
    """`2`, `2 and 5`, `2, 5 and 10`."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def crossing_words(found: Crossing | None, one: Gains, base: str) -> str:
    """Where an arm overtakes the base, with its uncertainty; empty before two sizes are there."""
    if found is None:
        return ""
    name, other, sizes = title_of(one.arm), title_of(base), [*one.at]
    seeds, n = one.whole().shape[1:]
    smallest, largest = number(sizes[0]), number(sizes[-1])
    of = f"{seeds} seed{'s' * (seeds > 1)}, n = {n}"
    span = f"{_edge(found.low, smallest, largest)} to {_edge(found.high, smallest, largest)}"
    if found.crosses:
        words = f"**{name}** overtakes {other} at about **{number(found.at)} images per class** (95 % interval: {span}; {of})."
        open_ended = found.low == 0 and found.high == math.inf
        return words + " The interval is open on both sides: whether they cross at all is not shown." * open_ended
    if found.at == 0:
        return f"**{name}** is ahead of {other} from {smallest} images per class on; overtaking: {span} (95 % interval; {of})."
    return (
        f"**{name}** is not ahead of {other} at {largest} images per class, the most that was measured; overtaking: {span} (95 % "
        f"interval; {of})."
    )


def _edge(value: float, smallest: str, largest: str) -> str:
    if value == 0:
        return f"below {smallest}"
    return f"beyond {largest}" if value == math.inf else number(value)


def contrast_words(arm: str, base: str, rows: Sequence[Contrast]) -> str:
    """At which sizes an arm is shown to be better or worse than the base."""
    mine = [row for row in rows if row.arm == arm]
    better = [number(row.images) for row in mine if row.shown and row.found.value > 0]
    worse = [number(row.images) for row in mine if row.shown and row.found.value < 0]
    if not better and not worse:
        return f"No difference to {title_of(base)} shown at any size."
    said = [f"better at {listed(better)}"] * bool(better) + [f"worse at {listed(worse)}"] * bool(worse)
    return f"Shown: {'; '.join(said)} images per class."


def correction_words(rows: Sequence[Contrast]) -> str:
    """How it was taken into account that many differences were looked for."""
    if len(rows) < 2:
        return ""
    return (
        f"{len(rows)} differences were looked for at once; p-values are Holm's (1979), so that in the whole of them a chance "
        f"difference is shown in at most 1 of 20 experiments."
    )


def choice_words(found: Choice, base: str, measured: Sequence[float]) -> str:
    """What to do with so many images per class, in two sentences."""
    spread = "" if found.deviation is None else f" ± {100 * found.deviation:.1f}"
    of = "" if found.images in measured else ", on a line between the sizes measured"
    right = f"{100 * found.accuracy:.1f}{spread} %"
    first = f"With **{number(found.images)} images per class: {title_of(found.taken)}** ({right}{of})."
    mine = next((row for row in found.contrasts if row.arm == found.taken), None)
    if mine is not None:
        low, high = mine.found.ends
        gain = f"{points(mine.found.value)} points (95 % interval {points(low)} to {points(high)})"
        return f"{first} It gains {gain} over {title_of(base)}; Holm's p = {mine.adjusted:.2g}."
    if not found.contrasts:
        return first
    best = max(found.contrasts, key=lambda row: row.found.value)
    low, high = best.found.ends
    return (
        f"{first} {title_of(best.arm)}, the best of the others, gains nothing that can be shown: "
        f"{points(best.found.value)} points (95 % interval {points(low)} to {points(high)}; Holm's p = {best.adjusted:.2g})."
    )


def reads_words(sweep: Sweep) -> str:
    """Which stages the heads of the strategy `best_stage` read, chosen on validation images; empty where none did."""
    found = Counter(run.facts.get("reads") for cell in sweep.cells if (run := cell.finished) and run.recipe.cuts)
    if not found:
        return ""
    told = ", ".join(f"{stage} in {count}" for stage, count in found.most_common())
    total = sum(found.values())
    return f"**{title_of('best_stage')}** read, of {total} cell{'s' * (total > 1)}: {told}."


def findings(sweep: Sweep, said: budget.Said) -> list[str]:
    """All sentences on a data budget, for the command line."""
    base = budget.base_of(sweep)
    every = [one for arm in sweep.arms if arm != base and (one := budget.gains(sweep, arm, said)).at]
    rows = budget.contrasts(every)
    found = []
    for one in every:
        found.append(crossing_words(budget.crossing_of(one), one, base))
        found.append(f"{title_of(one.arm)}: {contrast_words(one.arm, base, rows)}")
    found += [reads_words(sweep), correction_words(rows)]
    return [words.replace("**", "") for words in found if words]

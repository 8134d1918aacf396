"""What an experiment says, in sentences: the same on the page and on the command line."""

import math
from collections import Counter
from collections.abc import Sequence

from explorer.catalogue.strategies import BATCHNORM_TITLES, STRATEGIES
from explorer.evidence import Crossing, points
from explorer.evidence.many import p_digits
from explorer.experiments import budget, depth, start
from explorer.experiments.block import Graded, Verdict
from explorer.experiments.budget import Choice, Contrast, Gains
from explorer.experiments.cells import Sweep
from explorer.experiments.compared import ALL, HEAD, START_WORDS, input_words, parted, stage_words, times
from explorer.experiments.pairing import Step
from explorer.experiments.rates import Breaking, Mark
from explorer.runs.cautions import stale


def title_of(arm: str) -> str:
    """What an arm is called: its strategy's short title; of a depth sweep, how many stages learn and from which weights; of
    single blocks, which one, and the input."""
    if arm in STRATEGIES:
        return STRATEGIES[arm].title.split(" (")[0]
    if "@" in arm:
        stage, how = parted(arm)
        return f"{stage_words(stage)}, {input_words(how)}"
    if "*" in arm:
        first, second = parted(arm)
        if first in STRATEGIES:
            return f"{title_of(first)}, rate {times(int(second))}"
        return f"{BATCHNORM_TITLES[first]}, batches of {second}"
    begun, _, depth = arm.partition("/")
    if depth in (HEAD, ALL):
        return f"{stage_words(depth)}, {START_WORDS[begun]}"
    what = "head alone" if depth == "0" else f"last {depth} stages" if depth != "1" else "last stage"
    return what + ", random start" * (begun == "random")


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
    sure = f"overtaking: {span} (95 % interval; {of})"
    if found.low == found.high:  # both ends lie on the same side of what was measured
        sure = f"all of the 95 % interval says so ({of})"
    if found.at == 0:
        return f"**{name}** is ahead of {other} from {smallest} images per class on; {sure}."
    return f"**{name}** is not ahead of {other} at {largest} images per class, the most that was measured; {sure}."


def _edge(value: float, smallest: str, largest: str) -> str:
    if value == 0:
        return f"below {smallest}"
    return f"beyond {largest}" if value == math.inf else number(value)


def contrast_words(arm: str, base: str, rows: Sequence[Contrast]) -> str:
    """At which sizes an arm is shown to be better or worse than the base."""
    mine = [row for row in rows if row.arm == arm]
    better = [number(row.images) for row in mine if row.shown and row.difference.value > 0]
    worse = [number(row.images) for row in mine if row.shown and row.difference.value < 0]
    if not better and not worse:
        return f"No difference from {title_of(base)} shown at any size."
    said = [f"better at {listed(better)}"] * bool(better) + [f"worse at {listed(worse)}"] * bool(worse)
    return f"Shown: {'; '.join(said)} images per class."


def block_words(one: Verdict) -> str:
    """The best block on one input, or that none is shown to gain."""
    found, (low, high) = one.gain.difference, one.gain.difference.ends
    of = f"{found.seeds} seed{'s' * (found.seeds > 1)}, n = {found.n}"
    where = f"Pictures **{input_words(one.how)}**"
    sure = f"95 % interval {points(low)} to {points(high)}, Holm's p = {p_digits(one.gain.adjusted)}"
    measured = f"{points(found.value)} points ({sure}; {of})"
    if not one.gain.shown or found.value <= 0:
        return f"{where}: no block is shown to gain anything over the head alone; **{one.best}** comes closest, {measured}."
    level = [stage for stage, (_, p) in one.behind.items() if p >= budget.LEVEL]
    rest = f" Not shown to differ from it: {listed(level)}." if level else " Every other block is shown to be worse."
    return f"{where}: **{one.best}** gains most over the head alone, {measured}.{rest}"


def graded_words(whose: str, found: Graded) -> str:
    """How bets or hints did."""
    why = "since nothing is shown to gain there"
    if not found.of:
        return f"**{whose}**: all {found.open} stay open, {why}." if found.open else ""
    still = f" {found.open} more stay open, {why}." if found.open else ""
    return (
        f"**{whose}**: the best block, or one not shown to be worse, in **{found.best + found.level} of {found.of}** inputs "
        f"(the best itself in {found.best}).{still}"
    )


def breaking_words(one: Breaking) -> str:
    """At which rate a strategy does best, and from which on its features are broken."""
    best = one.best
    if best.accuracy is None:
        return ""
    spread = "" if best.accuracy.deviation is None else f" ± {100 * best.accuracy.deviation:.1f}"
    right = f"{100 * best.accuracy.mean:.1f}{spread} %"
    seeds = f"{best.accuracy.n} seed{'s' * (best.accuracy.n > 1)}, n = {best.n}"
    first = f"**{title_of(best.strategy)}** does best with its own rate {times(best.decade)} ({right}{_near(best)}; {seeds})."
    if one.broken is None:
        return f"{first} At no higher rate that was measured is it shown to be worse than the probe."
    at = times(one.broken.decade)
    if one.step is None:
        return f"{first} At {at} every seed diverged."
    low, high = one.step.difference.ends
    sure = f"95 % interval {points(low)} to {points(high)}, p = {p_digits(one.step.adjusted)}"
    worse = f"{points(one.step.difference.value)} points, {sure}"
    return f"{first} From **{at}** on it is shown to be worse than the probe ({worse}{_near(one.broken)})."


def _near(mark: Mark) -> str:
    return f", CKA {mark.cka.mean:.2f}" if mark.cka else ""


def start_words(steps: tuple[Step, ...]) -> list[str]:
    """What is shown of pre-trained, matched and random starts: the head alone, everything, and kept statistics."""
    return [
        words for words in (*(start.decision(depth, steps) for depth in start.DEPTHS), start.kept_words(steps)) if words
    ]


def modes_words(steps: Sequence[Step]) -> str:
    """Which BatchNorm modes are shown to differ from kept statistics, and with which batches."""
    said = []
    for mode in dict.fromkeys(parted(step.arm)[0] for step in steps):
        mine = [(parted(step.arm)[1], step) for step in steps if parted(step.arm)[0] == mode and step.shown]
        worse = [batch for batch, step in mine if step.difference.value < 0]
        better = [batch for batch, step in mine if step.difference.value > 0]
        parts = [f"worse with batches of {listed(worse)}"] * bool(worse)
        parts += [f"better with batches of {listed(better)}"] * bool(better)
        words = " and ".join(parts) or "no difference shown with any batch"
        said.append(f"**{BATCHNORM_TITLES[mode]}**: {words}.")
    return f"Compared with kept statistics: {' '.join(said)}" if said else ""


def correction_words(rows: Sequence[object]) -> str:
    """How it was taken into account that many differences were looked for."""
    if len(rows) < 2:
        return ""
    return (
        f"p-values are corrected for {len(rows)} comparisons (Holm 1979): any difference that is due to chance is shown in at "
        f"most 1 of 20 experiments."
    )


def choice_words(found: Choice, base: str, measured: Sequence[float]) -> str:
    """What to do with so many images per class, in two sentences."""
    spread = "" if found.deviation is None else f" ± {100 * found.deviation:.1f}"
    of = "" if found.images in measured else ", interpolated between the sizes measured"
    right = f"{100 * found.accuracy:.1f}{spread} %"
    first = f"With **{number(found.images)} images per class: {title_of(found.taken)}** ({right}{of})."
    mine = next((row for row in found.contrasts if row.arm == found.taken), None)
    if mine is not None:
        low, high = mine.difference.ends
        gain = f"{points(mine.difference.value)} points (95 % interval {points(low)} to {points(high)})"
        return f"{first} It gains {gain} over {title_of(base)}; Holm's p = {p_digits(mine.adjusted)}."
    if not found.contrasts:
        return first
    best = max(found.contrasts, key=lambda row: row.difference.value)
    low, high = best.difference.ends
    return (
        f"{first} {title_of(best.arm)}, the best of the others, gains nothing that can be shown: "
        f"{points(best.difference.value)} points (95 % interval {points(low)} to {points(high)}; Holm's p = "
        f"{p_digits(best.adjusted)})."
    )


def reads_words(sweep: Sweep) -> str:
    """Which stages the heads of the strategy `best_stage` read, chosen on validation images; empty where none did."""
    found = Counter(run.facts.get("reads") for cell in sweep.cells if (run := cell.finished) and run.recipe.cuts)
    if not found:
        return ""
    told = ", ".join(f"{stage} in {count}" for stage, count in found.most_common())
    total = sum(found.values())
    return f"**{title_of('best_stage')}** read, of {total} cell{'s' * (total > 1)}: {told}."


def lag_words(sweep: Sweep) -> str:
    """In how many cells accuracy says little, since BatchNorm's statistics are not those of the weights."""
    done = [cell.finished for cell in sweep.cells if cell.finished]
    lagging = sum(bool(stale(run)) for run in done)
    if not lagging:
        return ""
    return (
        f"In {lagging} of {len(done)} cells BatchNorm's running statistics lag behind the weights: the network is good on its "
        "training images in train mode and poor in eval mode, in which it is tested. Their accuracies say little of what the "
        "weights learned."
    )


def dip_words(found: Sequence[depth.Cut]) -> str:
    """Whether a cut in the middle separates stages that need each other."""
    dip = depth.dips(found)
    if not dip:
        return (
            "No dip in the middle that is larger than the seeds' spread: nothing shows that a cut separates stages that need "
            "each other (co-adaptation, Yosinski et al. 2014)."
        )
    where = listed([f"{d} stage{'s' * (d > 1)}" for d in dip])
    return (
        f"A dip at {where}: worse than both neighbours by more than the seeds' spread. Stages that were trained together and are "
        "then divided may have to find each other again (co-adaptation, Yosinski et al. 2014)."
    )

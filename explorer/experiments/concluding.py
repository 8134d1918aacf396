"""All that an experiment says, in sentences, for the command line; the page says them one by one beside its figures."""

from collections.abc import Mapping

from explorer.catalogue.shifts import SHIFTS, USUAL
from explorer.experiments import batchnorm, block, budget, depth, rates, shift, start, telling
from explorer.experiments.cells import Sweep
from explorer.experiments.rates import Moved
from explorer.experiments.shift import Answers


def budget_findings(sweep: Sweep, predictions_of: budget.PredictionsOf) -> list[str]:
    """All sentences on a data budget."""
    base = budget.base_of(sweep)
    every = [one for arm in sweep.arms if arm != base and (one := budget.gains(sweep, arm, predictions_of)).at]
    rows = budget.contrasts(every)
    found = []
    for one in every:
        found.append(telling.crossing_words(budget.crossing_of(one), one, base))
        found.append(f"{telling.title_of(one.arm)}: {telling.contrast_words(one.arm, base, rows)}")
    found += [telling.reads_words(sweep), telling.correction_words(rows)]
    return [words.replace("**", "") for words in found if words]


def block_findings(sweep: Sweep, predictions_of: budget.PredictionsOf) -> list[str]:
    """All sentences on single blocks."""
    steps = block.gains(sweep, predictions_of)
    found = [telling.block_words(one) for one in block.verdicts(sweep, steps, predictions_of)]
    return [words.replace("**", "") for words in (*found, telling.correction_words(steps)) if words]


def rate_findings(sweep: Sweep, predictions_of: budget.PredictionsOf, moved: Mapping[str, Moved]) -> list[str]:
    """All sentences on rates."""
    steps = rates.against_probe(sweep, predictions_of)
    found = [telling.breaking_words(one) for one in rates.breakings(rates.marks(sweep, moved), steps)]
    return [words.replace("**", "") for words in (*found, telling.correction_words(steps)) if words]


def depth_findings(sweep: Sweep, predictions_of: budget.PredictionsOf) -> list[str]:
    """All sentences on how deep to tune."""
    steps, found = depth.against_head(sweep, predictions_of), depth.cuts(sweep)
    if not found:
        return []
    better = [telling.title_of(step.arm) for step in steps if step.shown and step.difference.value > 0]
    worse = [telling.title_of(step.arm) for step in steps if step.shown and step.difference.value < 0]
    parts = [f"better: {telling.listed(better)}"] * bool(better) + [f"worse: {telling.listed(worse)}"] * bool(worse)
    shown = (
        f"Shown against the head alone: {'; '.join(parts)}."
        if parts
        else "No depth is shown to differ from the head alone."
    )
    best = max(found, key=lambda cut: cut.accuracy.mean)
    seeds = f"{best.accuracy.n} seed{'s' * (best.accuracy.n > 1)}, n = {best.n}, on which it was picked too"
    first = f"Best in the mean: {telling.title_of(best.arm)}, {100 * best.accuracy.mean:.1f} % ({seeds})."
    rest = (telling.dip_words(found), telling.lag_words(sweep), telling.correction_words(steps))
    return [words for words in (first, shown if steps else "", *rest) if words]


def shift_findings(sweep: Sweep, found: Answers, predictions_of: budget.PredictionsOf) -> list[str]:
    """What each kind of shift does at the usual severity."""
    told = []
    for kind, row in SHIFTS.items():
        held = shift.held(sweep, found, kind, USUAL, predictions_of)
        if len(held) > 1:
            words = shift.turned_words(held, {one.arm: telling.title_of(one.arm) for one in held}).replace("**", "")
            told.append(f"{row.title}, severity {USUAL}: {words}")
    many = f"p-values are corrected within each kind of shift, for {2 * (len(sweep.arms) - 1)} comparisons (Holm 1979)."
    return [*told, many] if told else []


def start_findings(sweep: Sweep, predictions_of: budget.PredictionsOf) -> list[str]:
    """All sentences on pre-trained, matched and random weights."""
    steps = start.steps(sweep, predictions_of)
    found = [*telling.start_words(steps), telling.lag_words(sweep), telling.correction_words(steps)]
    return [words.replace("**", "") for words in found if words]


def modes_findings(sweep: Sweep, predictions_of: budget.PredictionsOf) -> list[str]:
    """All sentences on BatchNorm's modes."""
    steps = batchnorm.against_kept(sweep, predictions_of)
    return [telling.modes_words(steps).replace("**", ""), telling.correction_words(steps)]

"""How a race ended, as tables and as CSV."""

import csv
import io
from typing import Any

from explorer.app.words import percent, safe_md, state_badge
from explorer.race import races
from explorer.race.races import Arm, Race, Spread
from explorer.race.view.titles import titles_of
from explorer.recipe import Recipe
from explorer.runs import Run
from explorer.runs.life import ENDED_EARLY
from explorer.runs.steps import fact, kept_steps, steps

_AUDITS = {
    None: "–",
    True: ":green-badge[:material/verified: clean]",
    False: ":red-badge[:material/gpp_bad: not clean]",
}


def reason(run: Run | None) -> str:
    """Why a run has no result, in words."""
    if run is None:
        return "It was deleted, or never queued."
    if run.state not in ENDED_EARLY:
        return ""
    if run.state == "stopped":
        return f"Stopped on request after {len(run.epochs)} epochs."
    return run.error or "The worker or the machine stopped."


def race_table(race: Race) -> dict[str, list[str]]:
    """One row a strategy: test accuracy, and what it took; means over the seeds that finished."""
    arms, titles = race.arms, titles_of(race)
    table = {
        "Strategy": [_marked(arm.recipe, titles[arm.name]) for arm in arms],
        "Test accuracy": [_accuracy(arm) for arm in arms],
        "For other groups": [_for_others(arm) for arm in arms],
        "Balanced": [_percent(arm.balanced) for arm in arms],
        "Epochs": [_kept(str(arm.recipe.epochs), arm.over("chosen_epoch")) for arm in arms],
        "Steps": [_kept(_number(arm.steps, "{:,.0f}"), _kept_steps(arm)) for arm in arms],
        "Seconds": [_number(arm.over("seconds", "total"), "{:.1f}") for arm in arms],
        "Trainable parameters": [_number(arm.over("parameters", "learned"), "{:,.0f}") for arm in arms],
        "Peak memory": [_megabytes(arm.over("peak_memory")) for arm in arms],
        "Audit": [_AUDITS[arm.clean] for arm in arms],
        "Runs": [f"{len(arm.finished)} of {len(race.seeds)}" for arm in arms],
    }
    empty = {"Balanced"} if not any(arm.balanced for arm in arms) else set()
    empty |= {"For other groups"} if set(table["For other groups"]) == {"–"} else set()
    return {name: column for name, column in table.items() if name not in empty}


def _for_others(arm: Arm) -> str:
    """The interval for other groups of images (photos, patients) of an arm with one run."""
    found = [run.grouped for run in arm.finished.values()]
    if len(found) != 1 or found[0] is None:
        return "–"
    return f"{100 * found[0].low:.1f} to {100 * found[0].high:.1f} %"


def runs_of_race(race: Race) -> dict[str, list[str]]:
    """One row a run; where it has no result, the reason."""
    cells = [(arm, seed, arm.runs.get(seed)) for arm in race.arms for seed in race.seeds]
    alone = [Arm(arm.name, arm.recipe, {seed: run} if run else {}) for arm, seed, run in cells]
    table = race_table(Race(race.id, tuple(alone), (0,), race.runs))
    table.pop("Runs")
    states = [_state(run) for _, _, run in cells]
    return {"Strategy": table.pop("Strategy"), "Seed": [str(s) for _, s, _ in cells], "State": states} | table


def _state(run: Run | None) -> str:
    """A run's state, and why it has no result."""
    badge = state_badge(run.state) if run else ":gray-badge[not there]"
    return f"{badge} {safe_md(reason(run), 400)}".rstrip()


RACE_TABLES = {"strategies": race_table, "runs": runs_of_race}


def _marked(recipe: Recipe, title: str) -> str:
    icon = ":orange[:material/local_fire_department:]" if recipe.tuned else ":blue[:material/ac_unit:]"
    return f"{icon} {title}"


def _accuracy(arm: Arm) -> str:
    """`84.0 ± 3.1 % (82.1 to 86.2, 3 seeds, n = 306 each)`; for one seed the Wilson interval."""
    found, scores = arm.accuracy, [run.test for run in arm.finished.values() if run.test]
    if found is None:
        return "–"
    if found.deviation is None:
        return "**{} %**{}".format(*percent(scores[0]).split(" %", 1))
    span = f"{100 * found.low:.1f} to {100 * found.high:.1f}"
    return f"**{_percent(found)}** ({span}, {found.n} seeds, n = {scores[0].n} each)"


def _percent(found: Spread | None) -> str:
    if found is None:
        return "–"
    more = "" if found.deviation is None else f" ± {100 * found.deviation:.1f}"
    return f"{100 * found.mean:.1f}{more} %"


def _megabytes(found: Spread | None) -> str:
    """The most that any seed needed."""
    return "–" if found is None else f"{1e-6 * found.high:,.0f} MB"


def _number(found: Spread | None, form: str) -> str:
    """A mean, with its spread where the values differ."""
    if found is None:
        return "–"
    words, low, high = form.format(found.mean), form.format(found.low), form.format(found.high)
    return words if low == high else f"{words} ({low} to {high})"


def _kept_steps(arm: Arm) -> Spread | None:
    return races.spread([n for run in arm.finished.values() if (n := kept_steps(run)) is not None])


def _kept(whole: str, kept: Spread | None) -> str:
    """`10, kept 3 to 7`: of the whole run, and up to the epoch that is kept."""
    if kept is None:
        return whole
    span = f"{kept.low:,.0f}" + (f" to {kept.high:,.0f}" if kept.high > kept.low else "")
    return f"{whole}, kept {span}"


def race_csv(race: Race) -> str:
    """One line a run, every number unrounded."""
    text = io.StringIO()
    lines = [_line(race, arm, seed) for arm in race.arms for seed in race.seeds]
    writer = csv.DictWriter(text, list(lines[0]))
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def _line(race: Race, arm: Arm, seed: int) -> dict[str, Any]:
    run, recipe = arm.runs.get(seed), arm.recipe
    line: dict[str, Any] = {"race": race.id, "strategy": recipe.strategy, "seed": seed}
    line |= {"run": run.id if run else ""}
    line |= {"backbone": recipe.backbone, "weights": recipe.weights, "dataset": recipe.data_dir or recipe.dataset}
    line |= {"per_class": recipe.per_class or "all", "epochs": recipe.epochs, "batch_size": recipe.batch_size}
    line |= {"batchnorm": recipe.batchnorm, "augmentation": recipe.augmentation, "views": recipe.views}
    line |= {"head_rate": recipe.head_rate, "backbone_rate": recipe.backbone_rate}
    test = run.test.json() if run and run.test else {}
    line |= {f"test_{name}": test.get(name, "") for name in ("accuracy", "low", "high", "n", "correct")}
    line["test_balanced"] = run.balanced.value if run and run.balanced else ""
    paths = {
        "kept_epoch": ("chosen_epoch",),
        "seconds": ("seconds", "total"),
        "seconds_frozen_stages": ("seconds", "features"),
        "learned_parameters": ("parameters", "learned"),
        "peak_memory_bytes": ("peak_memory",),
    }
    found = {name: fact(run, *path) if run else None for name, path in paths.items()}
    line |= {"steps": steps(run) if run else None, "kept_steps": kept_steps(run) if run else None} | found
    line |= {
        "audit_clean": run.clean if run else None,
        "state": run.state if run else "not there",
        "reason": reason(run),
    }
    return {name: "" if value is None else value for name, value in line.items()}

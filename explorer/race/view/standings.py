"""How a race ended: its tables, as CSV too, and any two strategies against each other on the same images."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from explorer.app.asking import predictions
from explorer.app.visitor import choose
from explorer.app.words import group_of, percent, safe_md, short_title, state_badge
from explorer.bundle import page_file
from explorer.evidence import Paired, grouped_verdict, points
from explorer.looks.pair import comparison
from explorer.race import races
from explorer.race.races import Arm, Race, Spread
from explorer.recipe import Recipe
from explorer.runs import Run
from explorer.runs.life import ENDED_EARLY
from explorer.runs.steps import fact, kept_steps, steps

_PAGES = {
    "similarity": ("How far it moved", "compare_arrows"),
    "projection": ("One shared map", "scatter_plot"),
    "attribution": ("Where it looks", "visibility"),
    "features": ("Features", "grid_view"),
}
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
    arms = race.arms
    table = {
        "Strategy": [_marked(arm.recipe) for arm in arms],
        "Right on test": [_accuracy(arm) for arm in arms],
        "For other groups": [_for_others(arm) for arm in arms],
        "Balanced": [_percent(arm.balanced) for arm in arms],
        "Epochs": [_kept(str(arm.recipe.epochs), arm.over("chosen_epoch")) for arm in arms],
        "Steps": [_kept(_number(arm.steps, "{:,.0f}"), _kept_steps(arm)) for arm in arms],
        "Seconds": [_number(arm.over("seconds", "total"), "{:.1f}") for arm in arms],
        "Learned": [_number(arm.over("parameters", "learned"), "{:,.0f}") for arm in arms],
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
    said = [safe_md(reason(run), 400) for _, _, run in cells]
    table["Right on test"] = [why or score for why, score in zip(said, table["Right on test"], strict=True)]
    states = [state_badge(run.state) if run else ":gray-badge[not there]" for _, _, run in cells]
    return {"Strategy": table.pop("Strategy"), "Seed": [str(s) for _, s, _ in cells], "State": states} | table


RACE_TABLES = {"strategies": race_table, "runs": runs_of_race}


def _marked(recipe: Recipe) -> str:
    icon = ":orange[:material/local_fire_department:]" if recipe.tuned else ":blue[:material/ac_unit:]"
    return f"{icon} {short_title(recipe)}"


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
    line["batchnorm"] = recipe.batchnorm
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


def pick_arms(race: Race) -> tuple[Arm, Arm] | None:
    """Two strategies to be tested against each other, A and B; None where fewer than two have finished with one seed."""
    usable = [arm for arm in race.arms if any(set(arm.finished) & set(o.finished) for o in race.arms if o is not arm)]
    if len(usable) < 2:
        return None
    by_name = {arm.name: arm for arm in usable}
    left, right = st.columns(2, gap="large")
    titles = {name: short_title(arm.recipe) for name, arm in by_name.items()}
    a = left.selectbox("A", list(by_name), key=f"race_a_{race.id}", format_func=titles.__getitem__)
    others = [name for name, arm in by_name.items() if name != a and set(arm.finished) & set(by_name[a].finished)]
    b = right.selectbox("B", others, len(others) - 1, key=f"race_b_{race.id}_{a}", format_func=titles.__getitem__)
    return by_name[a], by_name[b]


def pair_tests(a: Arm, b: Arm) -> dict[int, Paired]:
    """Seed → the paired test of B against A, for each seed that both have finished."""
    found = {}
    for seed in a.finished:
        if seed in b.finished:
            said = [predictions(arm.runs[seed].id) for arm in (a, b)]
            found[seed] = comparison.paired(*said, who=f"The two runs of seed {seed}", advice="Start a new race.")
    return found


def pair_verdict(a: Arm, tests: Mapping[int, Paired]) -> str:
    """The verdict over all seeds; where images come in groups, for other groups too."""
    words = f"**{races.verdict(list(tests.values()))}**"
    if any(test.grouped is None for test in tests.values()):
        return words
    group = group_of(next(iter(a.finished.values())))
    return f"{words} For other {group}s: **{grouped_verdict(list(tests.values()))}**"


def pairs_table(of_seeds: Mapping[int, Paired]) -> dict[str, list[str]]:
    """One row a seed: the four cells, the difference with its interval, and p; the last two also for other groups."""
    tests = list(of_seeds.values())
    table = {
        "Seed": [str(seed) for seed in of_seeds],
        "Right in both": [str(t.both_right) for t in tests],
        "Fixed by B": [str(t.fixed) for t in tests],
        "Broken by B": [str(t.broken) for t in tests],
        "Wrong in both": [str(t.both_wrong) for t in tests],
        "n": [str(t.n) for t in tests],
        "B − A, points": [_span(t.value, t) for t in tests],
        "p (exact McNemar)": [f"{t.p_value:.2g}" for t in tests],
    }
    if all(t.grouped is not None for t in tests):
        table["For other groups"] = [_span(None, t.grouped) for t in tests]
        table["p (whole groups)"] = [f"{t.grouped.p_value:.2g}" if t.grouped else "" for t in tests]
    return table


def _span(value: float | None, found: Any) -> str:
    """`+3.3 (−0.3 to +6.8)`, or the ends alone."""
    ends = f"{points(found.low)} to {points(found.high)}"
    return ends if value is None else f"{points(value)} ({ends})"


def pair_words(race: Race, tests: Sequence[Paired]) -> tuple[str, str]:
    """What to look for in the paired test, and what it cannot tell."""
    look = "Only images that one gets right and the other wrong tell them apart: does one column clearly outweigh the other?"
    if len(tests) == 1:
        caution = "One seed: the test compares these two trained networks; other training images may turn the order."
    else:
        caution = (
            f"The {len(tests)} seeds share their {tests[0].n} test images, so their counts are not added up: each seed is a test "
            "of its own, and a difference counts as shown only where all agree."
        )
    pairs = len(race.arms) * (len(race.arms) - 1) // 2
    if pairs > 1:
        caution += (
            f" There are {pairs} pairs to choose from. One test shows a chance difference in at most 1 of 20 cases; who "
            "tries all pairs finds one more often."
        )
    return look, caution


def compare_elsewhere(a: Arm, b: Arm) -> None:
    """Buttons that open the other pages with the runs of A and B, of one seed."""
    seeds = [seed for seed in a.finished if seed in b.finished]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seed = seeds[0]
        if len(seeds) > 1:
            seed = st.segmented_control("Seed", seeds, default=seeds[0], required=True, key="race_seed")
        for page, (label, icon) in _PAGES.items():
            if st.button(label, icon=f":material/{icon}:", key=f"race_to_{page}"):
                choose(a=a.runs[seed].id, b=b.runs[seed].id)
                st.switch_page(page_file(page))

"""Two arms of a race against each other on the same images, seed by seed, and the way to look at them elsewhere."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from explorer.app.asking import predictions
from explorer.app.contents import CONTENTS
from explorer.app.visitor import choose
from explorer.app.words import group_of
from explorer.bundle import page_file
from explorer.evidence import Paired, grouped_verdict, points
from explorer.evidence.many import p_digits
from explorer.looks.pair import comparison
from explorer.race import races
from explorer.race.races import Arm, Race
from explorer.race.view.titles import titles_of


def pick_arms(race: Race) -> tuple[Arm, Arm] | None:
    """Two strategies to be tested against each other, A and B; None where fewer than two have finished with one seed."""
    usable = [arm for arm in race.arms if any(set(arm.finished) & set(o.finished) for o in race.arms if o is not arm)]
    if len(usable) < 2:
        return None
    by_name = {arm.name: arm for arm in usable}
    left, right = st.columns(2, gap="large")
    titles = titles_of(race)
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
        "p (exact McNemar)": [p_digits(t.p_value) for t in tests],
    }
    if all(t.grouped is not None for t in tests):
        table["For other groups"] = [_span(None, t.grouped) for t in tests]
        table["p (whole groups)"] = [p_digits(t.grouped.p_value) if t.grouped else "" for t in tests]
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
        for page, title, icon in CONTENTS["Look"]:
            if st.button(title, icon=f":material/{icon}:", key=f"race_to_{page}"):
                choose(a=a.runs[seed].id, b=b.runs[seed].id)
                st.switch_page(page_file(page))

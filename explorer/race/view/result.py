"""How a race ended: its figure and tables, and any two strategies on the same images."""

from collections.abc import Mapping
from functools import partial

import streamlit as st

from explorer.app.asking import majority
from explorer.app.drawing import draw, explain, show_code
from explorer.app.figures.accuracies import Gap, differences
from explorer.app.links import linked
from explorer.app.words import group_of
from explorer.evidence import Paired
from explorer.race.figures.result import race_result
from explorer.race.races import Arm, Race
from explorer.race.view.pairs import (
    compare_elsewhere,
    pair_tests,
    pair_verdict,
    pair_words,
    pairs_table,
    pick_arms,
)
from explorer.race.view.racing import lanes_of
from explorer.race.view.standings import RACE_TABLES, race_csv


def show_result(race: Race) -> None:
    """How each arm ended: the figure, a table, and every run as CSV."""
    st.header("The result")
    words = (
        "Each run kept the epoch that was best on **validation images**; that one was scored once, on **test images**."
    )
    st.markdown(linked(words))
    if race.finished < race.size:
        st.caption(
            f"{race.finished} of {race.size} runs have a result: means over different seeds are not strictly comparable."
        )
    race_chart(race)
    rows = st.segmented_control("Rows", RACE_TABLES, default="strategies", required=True, key="race_rows")
    st.table(RACE_TABLES[rows](race), hide_index=True, alt="Test accuracy of each strategy, and what it took")
    explain(
        "What does a point of accuracy cost in seconds, memory and weights to store?",
        "Seconds and memory were measured on this machine, including its other load; features cached by an "
        "earlier run save time.",
    )
    file = f"race-{race.id}.csv"
    icon = ":material/download:"
    st.download_button("Every run as CSV", race_csv(race), file, "text/csv", icon=icon, on_click="ignore")


def show_difference(race: Race) -> None:
    """Two arms against each other on the same test images, and the way to look at them elsewhere."""
    st.header("Is the difference real?")
    pair = pick_arms(race)
    if pair is None:
        st.caption(
            "The test pairs two strategies on the same test images; it needs two that have finished with the same seed."
        )
        return
    tests = pair_tests(*pair)
    race_gaps(pair[0], tests)
    st.markdown(pair_verdict(pair[0], tests))
    st.table(pairs_table(tests), hide_index=True, alt="McNemar test for each seed")
    explain(*pair_words(race, list(tests.values())))
    show_code("explorer/race/races.py", "verdict")
    st.markdown("Look at A and B on the other pages:")
    compare_elsewhere(*pair)


def race_chart(race: Race) -> None:
    """Where each strategy ended on the test images."""
    done = next((run for arm in race.arms for run in arm.finished.values()), None)
    plan = partial(race_result, lanes_of(race), majority(done) if done else None)
    draw(plan, "race_result", code=("explorer/training/compute/scoring.py", "evaluate"))
    found = next((run for arm in race.arms for run in arm.finished.values() if run.grouped is not None), None)
    if found is not None and found.grouped is not None:
        group = group_of(found)
        st.caption(
            f":material/photo_library: These intervals, and tests that count images, are for more images of the same "
            f"{found.grouped.groups} {group}s. What holds for other {group}s stands beside them below."
        )


def race_gaps(a: Arm, tests: Mapping[int, Paired]) -> None:
    """B - A with its interval, seed by seed."""
    gaps = [Gap(f"seed {seed}", test) for seed, test in tests.items()]
    group = group_of(next(iter(a.finished.values())))
    draw(partial(differences, gaps, group), "race_gaps", code=("explorer/evidence/pairs.py", "difference"))

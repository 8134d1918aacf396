"""Which way of tuning wins here? Two to five strategies on the same images: their curves at once, then the result."""

import streamlit as st

from explorer.app.asking import error_box
from explorer.app.drawing import explain, show_code
from explorer.course.view.glossary import say
from explorer.errors import ExplorerError
from explorer.race import arms
from explorer.race.view.racing import (
    all_races,
    follow_race,
    pick_axis,
    pick_modes,
    pick_race,
    pick_race_size,
    pick_strategies,
    race_chart,
    race_form_open,
    race_gaps,
    race_words,
    start_label,
    start_race,
)
from explorer.race.view.standings import (
    RACE_TABLES,
    compare_elsewhere,
    pair_tests,
    pair_verdict,
    pair_words,
    pairs_table,
    pick_arms,
    race_csv,
)
from explorer.training.view.forms import pick_backbone, pick_custom_stages, pick_dataset, pick_weights

st.title("Which way of tuning wins here?")
with st.expander("New race", icon=":material/flag:", expanded=race_form_open()):
    left, right = st.columns(2, gap="medium")
    with left:
        row = pick_backbone()
        weights = pick_weights(row)
    with right:
        data, folder = pick_dataset("race")
    names = pick_strategies()
    both = pick_modes(row)
    custom = pick_custom_stages(row) if "custom" in names else {}
    size, seeds = pick_race_size()
    shared = {"backbone": row.name, "weights": weights, "dataset": data.name, "data_dir": folder}
    label = start_label(names, seeds, both, **shared, **custom, **size)
    if st.button(label, icon=":material/play_arrow:", key="race_start", width="stretch"):
        st.session_state.pop("race_error", None)
        try:
            if data.name == "folder" and not folder:
                raise ExplorerError("Type the path of your folder above: one sub-folder per class, pictures inside.")
            start_race(arms.recipes(names, seeds, both, **shared, **custom, **size))
        except ExplorerError as error:
            st.session_state["race_error"] = str(error)
if "race_error" in st.session_state:
    error_box(st.session_state["race_error"])

known = all_races()
if not known:
    st.info("No race yet. Choose two to five strategies and start: all their curves appear here together.")
    st.stop()
left, right = st.columns([4, 1], gap="medium")
with left:
    race = pick_race(known)
with right:
    axis = pick_axis()
st.caption(race_words(race))
follow_race(race, axis)

if not race.finished:
    st.stop()
st.header("The result")
say("Each run kept the epoch that was best on **validation images**; that one was scored once, on **test images**.")
if race.finished < race.size:
    st.caption(
        f"{race.finished} of {race.size} runs have a result: means over different seeds are not strictly comparable."
    )
race_chart(race)
rows = st.segmented_control("Rows", RACE_TABLES, default="strategies", required=True, key="race_rows")
st.table(RACE_TABLES[rows](race), hide_index=True, alt="Test accuracy of each strategy, and what it took")
explain(
    "What does a point of accuracy cost in seconds, memory and weights to store?",
    "Seconds and memory were measured on this machine, including its other load; features cached by an earlier run save time.",
)
file = f"race-{race.id}.csv"
icon = ":material/download:"
st.download_button("Every run as CSV", race_csv(race), file, "text/csv", icon=icon, on_click="ignore")

st.header("Is the difference real?")
pair = pick_arms(race)
if pair is None:
    st.caption(
        "The test pairs two strategies on the same test images; it needs two that have finished with the same seed."
    )
    st.stop()
tests = pair_tests(*pair)
race_gaps(pair[0], tests)
st.markdown(pair_verdict(pair[0], tests))
st.table(pairs_table(tests), hide_index=True, alt="McNemar test for each seed")
explain(*pair_words(race, list(tests.values())))
show_code("explorer/race/races.py", "verdict")
st.markdown("Look at A and B on the other pages:")
compare_elsewhere(*pair)

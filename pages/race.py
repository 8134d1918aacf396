"""Which way of tuning wins here? Two to five strategies on the same images: their curves at once, then the result."""

import streamlit as st

from explorer import arms
from explorer.app import ui
from explorer.errors import ExplorerError

st.title("Which way of tuning wins here?")
with st.expander("New race", icon=":material/flag:", expanded=ui.race_form_open()):
    left, right = st.columns(2, gap="medium")
    with left:
        row = ui.pick_backbone()
        weights = ui.pick_weights(row)
    with right:
        data, folder = ui.pick_dataset("race")
    names = ui.pick_strategies()
    both = ui.pick_modes(row)
    custom = ui.pick_custom_stages(row) if "custom" in names else {}
    size, seeds = ui.pick_race_size()
    shared = {"backbone": row.name, "weights": weights, "dataset": data.name, "data_dir": folder}
    label = ui.start_label(names, seeds, both, **shared, **custom, **size)
    if st.button(label, icon=":material/play_arrow:", key="race_start", width="stretch"):
        st.session_state.pop("race_error", None)
        try:
            if data.name == "folder" and not folder:
                raise ExplorerError("Which folder? Type its path above: one sub-folder per class, pictures inside.")
            ui.start_race(arms.recipes(names, seeds, both, **shared, **custom, **size))
        except ExplorerError as error:
            st.session_state["race_error"] = str(error)
if "race_error" in st.session_state:
    ui.error_box(st.session_state["race_error"])

known = ui.all_races()
if not known:
    st.info("No race has been run yet. Choose two to five strategies and start: all their curves appear here, at once.")
    st.stop()
left, right = st.columns([4, 1], gap="medium")
with left:
    race = ui.pick_race(known)
with right:
    axis = ui.pick_axis()
st.caption(ui.race_words(race))
ui.follow_race(race, axis)

if not race.finished:
    st.stop()
st.header("The result")
ui.say("Each run kept the epoch that was best on **validation images**; that one was scored once, on **test images**.")
if race.finished < race.size:
    st.caption(
        f"{race.finished} of {race.size} runs have a result: means over different seeds do not strictly compare."
    )
ui.race_chart(race)
rows = st.segmented_control("Rows", ui.RACE_TABLES, default="strategies", required=True, key="race_rows")
st.table(ui.RACE_TABLES[rows](race), hide_index=True, alt="Test accuracy of each strategy, and what it took")
ui.explain(
    "What does a point of accuracy cost in seconds, memory and weights to store?",
    "Seconds and memory are this machine's, whatever else it did; frozen features left in the cache by an earlier run save time.",
)
file = f"race-{race.id}.csv"
icon = ":material/download:"
st.download_button("Every run as CSV", ui.race_csv(race), file, "text/csv", icon=icon, on_click="ignore")

st.header("Is the difference real?")
pair = ui.pick_arms(race)
if pair is None:
    st.caption(
        "The test pairs two strategies on the same test images; it needs two that have finished with the same seed."
    )
    st.stop()
tests = ui.pair_tests(*pair)
ui.race_gaps(pair[0], tests)
st.markdown(ui.pair_verdict(pair[0], tests))
st.table(ui.pairs_table(tests), hide_index=True, alt="McNemar test for each seed")
ui.explain(*ui.pair_words(race, tests))
ui.show_code("explorer/races.py", "verdict")
st.markdown("Look at A and B on the other pages:")
ui.compare_elsewhere(*pair)

"""Races on their page: the form of a new one, the one that is shown, and how it ended."""

import streamlit as st

from explorer.race.view.decision import show_decision
from explorer.race.view.racing import all_races, follow_race, pick_axis, pick_race, race_words
from explorer.race.view.result import show_difference, show_result
from explorer.race.view.starting import new_race
from explorer.training.view.live import live_probe, live_switch


def show_races() -> None:
    """Two to five strategies on the same images: their curves at once, then the result."""
    known = all_races()
    new_race(bool(known))
    if not known:
        st.info("No race yet. Choose two to five strategies and start: all their curves appear here together.")
        return
    left, right = st.columns([3, 1], gap="medium")
    with left:
        race = pick_race(known)
    with right:
        axis = pick_axis()
    st.caption(race_words(race))
    follow_race(race, axis)
    if race.finished:
        show_decision(race)
        show_result(race)
        show_difference(race)
    if live_switch("race_live"):
        live_probe(race.recipe, "race_live")

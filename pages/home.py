"""What does fine-tuning change? Two worlds side by side, from runs that ship; without them a comparison is computed here."""

import streamlit as st

from explorer.app.asking import all_runs
from explorer.course.view.glossary import say
from explorer.worlds.view.computed import computed_here
from explorer.worlds.view.two_worlds import sample_pairs, two_worlds

st.title("See what fine-tuning changes")
say(
    "A **backbone** has learned on other pictures what to look for. To teach it *your* classes, put a new head on it and choose: "
    "leave its stages **frozen** and train the head alone, or let some of them **learn** as well. "
    "Which is better depends on your pictures."
)
known = all_runs()
pairs = sample_pairs(known)
if pairs:
    two_worlds(pairs, known)
else:
    computed_here()

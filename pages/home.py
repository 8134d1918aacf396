"""What does fine-tuning change? Two worlds side by side, from runs that ship; without them a comparison is computed here."""

import streamlit as st

from explorer.app.asking import all_runs
from explorer.app.links import say
from explorer.looks.pair.view.example import todays_example
from explorer.worlds.view.computed import computed_here
from explorer.worlds.view.two_worlds import sample_pairs, two_worlds

st.title("See what fine-tuning changes")
say(
    "A **backbone** has already learned from other pictures what to look for. To teach it *your* classes, give it a new head and "
    "choose: keep its stages **frozen** and train only the head, or let some of them **learn** too. "
    "Which works better depends on your pictures."
)
todays_example()
known = all_runs()
pairs = sample_pairs(known)
if pairs:
    two_worlds(pairs, known)
else:
    computed_here()

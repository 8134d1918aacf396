"""What did measuring say of the folklore: tables with commands, n and intervals."""

import streamlit as st

from explorer.experiments.view.findings import show_findings

st.title("What we found")
show_findings()

"""Networks as rows of blocks, with what the colours mean."""

from collections.abc import Sequence

import streamlit as st

from explorer.app import figures
from explorer.app.ui.drawing import explain


def stage_strip(rows: Sequence[figures.Strip]) -> None:
    """Networks as blocks, one row each: which stages stay frozen, which learn."""
    st.html(figures.strips(rows))
    explain(figures.legend(rows))

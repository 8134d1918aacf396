"""Networks as rows of blocks, with what the colours mean."""

from collections.abc import Sequence

import streamlit as st

from explorer.app.drawing import explain
from explorer.training.figures.strips import Strip, legend, strips


def stage_strip(rows: Sequence[Strip]) -> None:
    """Networks as blocks, one row each: which stages stay frozen, which learn."""
    st.html(strips(rows))
    explain(legend(rows))

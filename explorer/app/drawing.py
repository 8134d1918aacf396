"""Place a figure with its words: what to look for, what it cannot tell, and the code behind it."""

from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from explorer.app.asking import source
from explorer.app.display import LARGER, figure_config, projector
from explorer.app.figures.style import Figure, enlarge, layout, tint
from explorer.app.links import linked


@st.cache_resource(max_entries=128, show_spinner=False)
def _drawn(
    name: str,
    arguments: tuple[Any, ...],
    named: dict[str, Any],
    dark: bool,
    large: bool,
    _plan: partial[Figure],
) -> Figure:
    """The figure of a plan, in the page's ink. Building one costs Plotly 20 to 100 ms, looking it up nothing."""
    figure = tint(_plan(), dark)
    return enlarge(figure, LARGER) if large else figure


def draw(
    plan: partial[Figure],
    key: str,
    on_select: Callable[[], None] | None = None,
    code: tuple[str, str] | None = None,
) -> None:
    """A figure with its alt text, and under it the sentence on what to look for.

    `plan` is the figure's function with its arguments, e.g. `partial(figures.accuracies, bars)`: equal plans are drawn once and
    shared by all visitors. `code` is the (file, function) behind the figure.
    """
    dark = st.context.theme.type == "dark"
    figure = _drawn(plan.func.__name__, plan.args, plan.keywords, dark, projector(), plan)
    words = layout(figure).meta
    chart: dict[str, Any] = {
        "key": key,
        "config": figure_config(),
        "alt": words["alt"],
        "width": layout(figure).width or "stretch",
    }
    if on_select is not None:
        chart |= {"on_select": on_select, "selection_mode": "points"}
    st.plotly_chart(figure, **chart)
    explain(words["look"], words["caution"])
    if code is not None:
        show_code(*code)


def explain(look: str, caution: str = "") -> None:
    """What to look for; then what the figure cannot tell."""
    st.markdown(f":material/search: {linked(look)}")
    if caution:
        st.caption(f":material/warning: {linked(caution)}")


def show_code(file: str, name: str) -> None:
    """The source of the function that computed what is shown, to open."""
    text = source(file, name)
    if text:
        with st.expander("Show the code", icon=":material/code:"):
            st.caption(f"{file}, `{name}`")
            st.code(text, language="python")

"""Place a figure with its words: what to look for, what it cannot tell, and, folded away, the small print and the code."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import streamlit as st

from explorer.app.display import LARGER, figure_config, narrow, projector
from explorer.app.figures.checked import CheckedFigure
from explorer.app.figures.figure import Figure
from explorer.app.figures.phone import stacked, swiped
from explorer.app.figures.style import SMALL, enlarge, tint
from explorer.app.fingerprint import Unknown, fingerprint
from explorer.app.links import linked
from explorer.app.presenting import SCREEN, presenting
from explorer.app.sources import plain_source, source

SWIPED = 760  # pixels of a row of tiles on a phone

Code = tuple[str, str]


def _drawn(plan: partial[Figure], dark: bool, large: bool, phone: bool) -> CheckedFigure:
    """The figure of a plan, in the page's ink. Building one takes 10 to 30 ms, looking it up little."""
    try:
        key = fingerprint(plan.func.__module__, plan.func.__qualname__, plan.args, plan.keywords, dark, large, phone)
    except Unknown:
        return CheckedFigure(_in_ink(plan, dark, large, phone))
    return _kept(key, partial(_in_ink, plan, dark, large, phone))


@st.cache_resource(max_entries=160, show_spinner=False)
def _kept(key: str, _draw: partial[Figure]) -> CheckedFigure:
    return CheckedFigure(_draw())


def _in_ink(plan: partial[Figure], dark: bool, large: bool, phone: bool) -> Figure:
    figure = tint(plan(), dark)
    if phone:
        return figure.update_annotations(font_size=SMALL - 1) if swiped(figure) else stacked(figure)
    return enlarge(figure, LARGER) if large else figure


def draw(
    plan: partial[Figure],
    key: str,
    on_select: Callable[[], None] | None = None,
    code: Code | None = None,
    notes: str = "",
    modes: tuple[str, ...] = ("points",),
) -> None:
    """A figure with its alt text, under it one line on what to look for and one on what it cannot tell; the rest folds.

    `plan` is the figure's function with its arguments, e.g. `partial(figures.accuracies, bars)`: equal plans are drawn once and
    shared by all visitors. `code` is the (file, function) behind the figure, `notes` more small print, in Markdown. `modes` are
    the ways of choosing in it that call `on_select`.
    """
    dark, phone = st.context.theme.type == "dark", narrow()
    figure = _drawn(plan, dark, projector(), phone)
    words, wide = figure.options["meta"], phone and swiped(figure)
    chart: dict[str, Any] = {
        "key": key,
        "config": figure_config(key, phone),
        "alt": words["alt"],
        "width": SWIPED if wide else figure.options.get("width", "stretch"),
    }
    if presenting():
        chart["height"] = min(figure.options.get("height", SCREEN), SCREEN)
    if on_select is not None:
        chart |= {"on_select": on_select, "selection_mode": modes}
    with st.container(key=f"figure_{key}{'_swiped' * wide}", gap="small"):
        st.plotly_chart(figure, **chart)
        if words.get("verdict"):
            st.markdown(linked(words["verdict"]))
        explain(words["look"], words["caution"], notes, code)


def explain(look: str, caution: str = "", notes: str = "", code: Code | None = None) -> None:
    """One line on what to look for, one on what cannot be told; what is more than a line of either folds, as do `notes`."""
    look, rest = first_line(look)
    caution, warnings = first_line(caution)
    st.markdown(f":material/search: {linked(look)}")
    if caution:
        st.caption(f":material/warning: {linked(caution)}")
    folded = [*map(linked, filter(None, (rest, warnings))), *filter(None, [notes])]
    if not folded and code is None:
        return
    with st.container(horizontal=True, gap="small"):
        if folded:
            with st.popover("More about this figure", icon=":material/info:", type="tertiary"):
                st.markdown("\n\n".join(folded))
        if code is not None:
            show_code(*code)


def fine_print(text: str, about: str = "these numbers") -> None:
    """Small print of a table or a control, folded away."""
    with st.popover(f"More about {about}", icon=":material/info:", type="tertiary"):
        st.markdown(text)


def first_line(text: str, longest: int = 150) -> tuple[str, str]:
    """The sentences at the beginning that fit one line, at least one, and the others."""
    sentences = re.split(r"(?<=[.?!…])\s+(?=[A-Z“‘*(])", text.strip())
    count = 1
    while count < len(sentences) and len(" ".join(sentences[: count + 1])) <= longest:
        count += 1
    return " ".join(sentences[:count]), " ".join(sentences[count:])


def show_code(file: str, name: str, label: str = "Show the code") -> None:
    """About ten lines of plain PyTorch that give the same numbers, where there are some, and Thaw's own source, to open."""
    text, plain = source(file, name), plain_source(name)
    if not text:
        return
    with st.popover(label, icon=":material/code:", type="tertiary"):
        if plain:
            st.caption("In plain PyTorch, to paste: it gives the same numbers.")
            st.code(plain, language="python")
        with st.expander("How Thaw computes it", expanded=not plain):
            st.caption(f"{file}, `{name}`")
            st.code(text, language="python")

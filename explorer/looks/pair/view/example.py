"""Today's example on home: the two runs that the presenter pinned, and the ways to look at them."""

import streamlit as st

from explorer.app.labels import run_labels
from explorer.app.links import in_address
from explorer.app.mine import presents
from explorer.app.words import difference_words, group_of, percent, safe_md
from explorer.bundle import page_file
from explorer.looks.pair.comparison import comparable
from explorer.looks.pair.view.choosing import difference, pinned_pair
from explorer.workspaces import example

WAYS = (
    ("images", "Which images", "photo_library"), ("attribution", "Where it looks", "visibility"),
    ("projection", "One shared map", "scatter_plot"), ("similarity", "How far it moved", "compare_arrows"),
)  # fmt: skip


def todays_example() -> None:
    """A card above everything else; nothing where none is pinned."""
    pair = pinned_pair()
    if pair is None:
        return
    a, b = pair
    labels = run_labels(pair, scored=False)
    with st.container(border=True, key="todays_example"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown("#### :material/push_pin: Today's example")
            if presents():
                st.button(
                    "Unpin", icon=":material/keep_off:", key="example_unpin", type="tertiary", on_click=example.unpin
                )
        found = example.pinned()
        if found is not None and found.note:
            st.markdown(safe_md(found.note))
        for word, run in zip("AB", pair, strict=True):
            score = f": **{percent(run.test)}** right" if run.test else ""
            st.markdown(f"**{word}** {safe_md(labels[run.id])}{score}")
        if comparable(a, b):
            st.caption(difference_words(difference(a, b), group_of(a)))
        with st.container(horizontal=True):
            for page, title, icon in WAYS:
                st.page_link(
                    page_file(page), label=title, icon=f":material/{icon}:", query_params=in_address(a=a.id, b=b.id)
                )

"""How do the classes separate, on one shared map?"""

import streamlit as st

from explorer.app.links import say
from explorer.app.presenting import controls
from explorer.app.visitor import choice
from explorer.bundle import page_file
from explorer.looks.pair.view.choosing import two_runs
from explorer.looks.projection.view.choosing import pick_map
from explorer.looks.projection.view.reading import agreement_table, how_to_read, map_words, truth_table
from explorer.looks.projection.view.showing import ask_map, map_beside, selection_line, show_map

st.title("One shared map")
say("Every test image by its features at the last stage, before and after, laid out **together** in one fit.")
pair = two_runs("Then this page lays out both on one map.")
if pair is None:
    st.stop()
a, b = pair


@st.fragment
def look() -> None:
    """The map and all that hangs on it: a click or a lasso redraws this part alone."""
    with controls("Map"):
        picked = pick_map()
    found = ask_map(a.id, b.id, picked.method, **picked.settings)
    if found is None:
        return
    selection_line(a, b)
    layout = show_map(a, b, picked, found)
    map_words(a, b, picked, found, layout)
    agreement_table(a, b, picked, found)
    truth_table(a, b, picked, found)
    how_to_read()
    map_beside(a, b)
    chosen = choice().image
    picked_image = f"image {chosen}" if chosen >= 0 else "the image that B gained most on"
    st.page_link(
        page_file("attribution"),
        label=f"Where do A and B look in {picked_image}?",
        icon=":material/visibility:",
        help="Click a point to choose its image.",
    )


look()

"""How do the classes separate, on one shared map?"""

import streamlit as st

from explorer.app import ui

st.title("One shared map")
ui.say("Every test image by its features at the last stage, before and after, laid out **together** in one fit.")
pair = ui.two_runs("Then this page lays out both on one map.")
if pair is None:
    st.stop()


@st.fragment
def look() -> None:
    """The map and all that hangs on it: a click or a lasso redraws this part alone."""
    a, b = pair
    picked = ui.pick_map()
    found = ui.ask_map(a.id, b.id, picked.method, **picked.settings)
    if found is None:
        return
    ui.selection_line(a, b)
    layout = ui.show_map(a, b, picked, found)
    ui.map_words(a, b, picked, found, layout)
    ui.agreement_table(a, b, picked, found)
    ui.truth_table(a, b, picked, found)
    ui.how_to_read()
    ui.map_beside(a, b)
    chosen = ui.choice().image
    picked_image = f"image {chosen}" if chosen >= 0 else "the image that B gained most on"
    st.page_link(
        "../../pages/attribution.py",
        label=f"Where do A and B look in {picked_image}?",
        icon=":material/visibility:",
        help="Click a point to choose its image.",
    )


look()

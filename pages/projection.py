"""How do the classes separate, on one shared map?"""

from functools import partial

import streamlit as st

from explorer.app import figures, ui
from explorer.catalogue import PROJECTIONS

VIEWS = {"Side by side": figures.projection_pair, "Movement": figures.projection_moves}

st.title("One shared map")
st.markdown("Every test image by its features at the last stage, before and after, laid out **together** in one fit.")
pair = ui.two_runs("Then this page lays out both on one map.")
if pair is None:
    st.stop()
a, b = pair
with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
    method = st.segmented_control(
        "Method",
        list(PROJECTIONS),
        default="umap",
        required=True,
        key="projection_method",
        persist_state="session",
        format_func=lambda name: PROJECTIONS[name].title,
    )
    view = st.segmented_control(
        "View", list(VIEWS), default="Side by side", required=True, key="projection_view", persist_state="session"
    )

found = ui.ask_map(a.id, b.id, method)
if found is None:
    st.stop()
shown = PROJECTIONS[found.method]
ui.draw(
    partial(VIEWS[view], found),
    f"map_{view}",
    on_select=ui.image_from_map(f"map_{view}"),
    code=("explorer/engine/projection.py", "project"),
)
if found.unmoved:
    st.info(
        "**Nothing moved.** B trained only its head, and the head stands behind these features: they are the same to the "
        "last bit. Choose a tuned run as B to see movement.",
        icon=":material/ac_unit:",
    )
with st.container(horizontal=True):
    st.metric("k-NN accuracy, A", f"{100 * found.knn_a.accuracy:.1f} %", border=True, help=str(found.knn_a))
    st.metric("k-NN accuracy, B", f"{100 * found.knn_b.accuracy:.1f} %", border=True, help=str(found.knn_b))
    st.metric("Map can be trusted, A / B", f"{found.trust_a:.2f} / {found.trust_b:.2f}", border=True)
    st.metric("Mixing of A and B", f"{found.mixing:.2f}", border=True, help="0.5: A and B overlap. 0: two islands.")
st.caption(f"{shown.meaning} {shown.caution} Colours come after the fit: no class was told to the map.")
picked = f"image {ui.choice().image}" if ui.choice().image >= 0 else "the image that B gained most on"
st.page_link(
    "../../pages/attribution.py",
    label=f"Where do A and B look in {picked}?",
    icon=":material/visibility:",
    help="Click a point to choose its image.",
)

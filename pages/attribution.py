"""Where does each model look?"""

from functools import partial

import streamlit as st

from explorer import jobs
from explorer.app import figures, ui
from explorer.catalogue import ATTRIBUTIONS

st.title("Where it looks")
st.markdown("The same picture, the same class, two networks: which places speak for the class in A, and which in B?")
pair = ui.two_runs("Then this page shows where each of them looks.")
if pair is None:
    st.stop()
a, b = pair
picked = ui.pick_image(a, b)
if picked is None:
    st.stop()
gallery, image = picked

with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
    method = st.segmented_control(
        "Method",
        list(ATTRIBUTIONS),
        default="gradcam",
        required=True,
        key="attribution_method",
        persist_state="session",
        format_func=lambda name: ATTRIBUTIONS[name].title,
    )
    opacity = st.slider("Strength of the overlay", 0.2, 1.0, 0.75, 0.05, key="attribution_opacity", width=240)
    raw = st.toggle("Raw grid only", key="attribution_raw")
with st.container(horizontal=True, gap="large"):
    target = ui.pick_target(gallery, image)
    stage = ui.pick_stage(b) if method == "gradcam" else a.recipe.row.stage_names[-1]

look = {"image": image, "target": target, "method": method, "stage": stage}
found = ui.ask(jobs.task("attribute", a=a.id, b=b.id, **look), ATTRIBUTIONS[method].title, height=400)
if found is None:
    st.stop()
ui.draw(
    partial(figures.attribution, found, opacity, with_picture=not raw),
    "attribution",
    code=("explorer/engine/attribution.py", "attribute"),
)
st.caption(f"{ATTRIBUTIONS[method].meaning} {ATTRIBUTIONS[method].caution}")

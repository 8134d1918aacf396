"""What does this channel answer to, before and after?"""

from functools import partial

import streamlit as st

from explorer import jobs
from explorer.app import figures, ui

st.title("Features")
st.markdown("One picture, one stage: what each channel answers in A, in B, and what fine-tuning added or took away.")
pair = ui.two_runs("Then this page shows the channels of both.")
if pair is None:
    st.stop()
a, b = pair
ui.warn_unrelated(a, b)
picked = ui.pick_image(a, b)
stage = ui.pick_stage(b)
if picked is None:
    st.stop()
gallery, image = picked

maps = ui.ask(jobs.task("feature_maps", a=a.id, b=b.id, stage=stage, image=image), f"Channels of {stage}", height=520)
if maps is None:
    st.stop()
pages = range(0, len(maps.channels), figures.ACROSS)
first = 0
if len(pages) > 1:
    first = st.segmented_control(
        "Channels, most changed first",
        pages,
        default=0,
        required=True,
        key="features_page",
        format_func=lambda i: f"{i + 1} to {min(i + figures.ACROSS, len(maps.channels))}",
    )
ui.draw(partial(figures.feature_maps, maps, first), "features_maps", code=("explorer/engine/features.py", "maps"))
moved = int((maps.change > 0).sum())
st.markdown(
    f"**{moved} of {len(maps.change)}** channels of *{stage}* answer differently in B; "
    f"{maps.a.shape[1]} × {maps.a.shape[2]} cells each, channels picked by mean absolute change."
)

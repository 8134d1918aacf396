"""What is in the data set, what is wrong with it, and what was changed of it, before anything learns."""

import streamlit as st

from explorer.app.links import say
from explorer.looks.data.view.changing import current, edits_bar
from explorer.looks.data.view.choosing import offer_again, pick_set
from explorer.looks.data.view.distance import far_from_imagenet
from explorer.looks.data.view.faults import faults
from explorer.looks.data.view.labels import labels
from explorer.looks.data.view.pictures import pictures

st.title("Data")
say(
    "Look before you learn: what is in the set, what the network will see of it, and which pictures or labels are wrong."
)
recipe = pick_set()
if recipe is None:
    st.stop()
now = current(recipe.dataset, recipe.data_dir)
edits_bar(now)
edited = recipe.model_copy(update={"edits": now.name})
views = {
    "Pictures": pictures,
    "Faults": faults,
    "Wrong labels?": labels,
    "How far from ImageNet?": lambda made, _: far_from_imagenet(made),
}
with st.container(horizontal=True, vertical_alignment="bottom"):
    view = st.segmented_control(
        "View", list(views), default="Pictures", required=True, key="data_view", persist_state="session", wrap=True
    )
    offer_again(edited)
views[view](edited, now)

"""Which images did tuning fix, and which did it break?"""

import streamlit as st

from explorer.course.view.glossary import say
from explorer.looks.calibration.view import calibrated
from explorer.looks.images.view.classes import class_table, near_pictures
from explorer.looks.images.view.grid import browse, matrices, quadrants
from explorer.looks.pair.view.choosing import two_runs

st.title("Which images")
say("The test images as A and B see them: what fine-tuning fixed, what it broke, and which classes are confused.")
pair = two_runs("Then this page shows which images they disagree on.")
if pair is None:
    st.stop()
a, b = pair
quadrants(a, b)
views = {
    "Images": browse,
    "Confusion matrices": matrices,
    "By class": class_table,
    "How sure?": calibrated,
    "Nearest pictures": near_pictures,
}
view = st.segmented_control(
    "View", list(views), default="Images", required=True, key="images_view", persist_state="session", wrap=True
)
views[view](a, b)

"""Which images did tuning fix, and which did it break?"""

import streamlit as st

from explorer.app.controls import segments
from explorer.app.links import say
from explorer.app.presenting import controls
from explorer.looks.calibration.view import calibrated
from explorer.looks.images.view.classes import class_table, near_pictures
from explorer.looks.images.view.grid import browse, matrices, quadrants
from explorer.looks.pair.view.choosing import two_runs

st.title("Which images")
say("The test images as A and B see them: what fine-tuning fixed, what it broke, and which classes are confused.")
pair = two_runs("Then this page shows which images they disagree on.", images=True)
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
with controls("View"):
    view = segments("View", views, "view", "images_view")
views[view](a, b)

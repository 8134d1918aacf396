"""Where does each model look?"""

import streamlit as st

from explorer.app.controls import segments
from explorer.app.links import say
from explorer.app.presenting import controls
from explorer.app.words import safe_md
from explorer.catalogue.backbones import find as row_of
from explorer.looks.attribution.view.look import pick_look, words_of
from explorer.looks.attribution.view.maps import one_picture, sixteen
from explorer.looks.attribution.view.trust import faithful, randomised, seeded
from explorer.looks.images.view.choosing import pick_image
from explorer.looks.pair.view.choosing import two_runs

VIEWS = {
    "One picture": one_picture,
    "Sixteen pictures": sixteen,
    "A with other seeds": seeded,
    "Is the map faithful?": faithful,
    "Randomise the weights": randomised,
}

st.title("Where it looks")
say(
    "The same picture, the same class, two networks: which regions support the class in A, and which in B? An "
    "attribution marks them."
)
pair = two_runs("Then this page shows where each of them looks.")
if pair is None:
    st.stop()
a, b = pair
picked = pick_image(a, b)
if picked is None:
    st.stop()
with controls("View"):
    view = segments("View", VIEWS, "view", "attribution_view")
with controls("Settings"):
    look = pick_look(a, b, *picked)
obstacle = look.method.obstacle(row_of(look.backbone), look.stage)
if obstacle:
    words = f"**{look.method.title} at *{safe_md(look.stage)}*:** {obstacle}."
    st.info(words, icon=":material/block:")
else:
    VIEWS[view](look, *picked)
words_of(look)

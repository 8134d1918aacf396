"""What does a run say of many pictures of your own?"""

import streamlit as st

from explorer.app.asking import finished
from explorer.export.view.predicting import pick_pictures, pick_run, show
from explorer.looks.pair.view.choosing import need_run

st.title("Predict")
known = finished()
if not known:
    need_run("There is no finished run yet. A run's network names the class of each of your pictures.")
    st.stop()

chosen = pick_run(known)  # over both columns: in the narrow one its label is cut
left, right = st.columns([1, 2], gap="large")
with left:
    wanted = pick_pictures(chosen)
with right:
    if wanted is None:
        st.markdown("#### :material/add_photo_alternate: Bring pictures")
        st.caption("Each gets a row here: the class that the run names, how sure it is, and what would come next.")
        st.stop()
    show(wanted)

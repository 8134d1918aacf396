"""A picture of the visitor's own, from a file or the camera, looked at in place of a test image."""

import streamlit as st

from explorer import jobs, uploads
from explorer.app.asking import ask
from explorer.app.visitor import choice, choose
from explorer.app.words import safe_md
from explorer.errors import ExplorerError
from explorer.looks.images.question import Seen, SeeQuestion
from explorer.runs import FinishedRun

_TYPES = ["jpg", "jpeg", "png", "webp", "bmp", "tif", "tiff", "gif"]


def offer_own() -> None:
    """A button that opens the choice between a file and the camera."""
    with st.popover("Your own picture", icon=":material/add_a_photo:", key="own_popover"):
        source = st.segmented_control("From", ["File", "Camera"], default="File", required=True, key="own_source")
        if source == "Camera":
            st.camera_input("Take a picture", key="own_camera", on_change=_take, args=("own_camera",))
            st.caption("Browsers allow the camera on localhost or over https only.")
        else:
            st.file_uploader("A picture", type=_TYPES, key="own_file", on_change=_take, args=("own_file",))
        st.caption(
            f"The picture stays on the machine that runs Thaw, which keeps the last {uploads.most_kept()}; it is sent nowhere "
            "else."
        )
        if choice().own:
            st.button("Back to the test images", key="own_clear", on_click=lambda: choose(own=""))


def _take(key: str) -> None:
    given = st.session_state.get(key)
    if given is None:
        return
    try:
        choose(own=uploads.keep(given.getvalue()))
    except ExplorerError as error:
        st.toast(safe_md(str(error), 400), icon=":material/error:")


def seen(a: FinishedRun, b: FinishedRun) -> Seen | None:
    """The visitor's own picture as A and B see it; None where there is none, or none that can be read: then says why."""
    if not choice().own:
        return None
    task = SeeQuestion(a=a.id, b=b.id, image=choice().own)
    found = ask(task, "Your picture", height=0)
    if found is None:
        answer = jobs.status(task)
        if answer is not None and answer.waiting:
            st.stop()
        if answer is not None and answer.state == "failed":
            choose(own="")
        return None
    st.session_state["own_class"] = found.classes[int(found.probability_b.argmax())]
    return found

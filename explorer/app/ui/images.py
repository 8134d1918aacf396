"""Which test image, and which class: a table with pictures to click, and a number box for the keyboard."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from explorer import jobs
from explorer.app.ui.asking import ask, predictions, stamp, thumbnails
from explorer.app.ui.pairs import most_gained
from explorer.app.ui.visitor import choice, choose
from explorer.app.ui.words import plain, safe_md
from explorer.results import Gallery
from explorer.runs import Predictions, Run

_GROUPS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "All": lambda a, b: np.ones_like(a),
    "Fixed by B": lambda a, b: ~a & b,
    "Broken by B": lambda a, b: a & ~b,
    "Wrong in both": lambda a, b: ~a & ~b,
    "Right in both": lambda a, b: a & b,
}


def _group(right_a: np.ndarray, right_b: np.ndarray) -> np.ndarray:
    """The indices of the images in the group that the visitor picks (n,)."""
    sizes = {name: int(rule(right_a, right_b).sum()) for name, rule in _GROUPS.items()}
    name = st.segmented_control(
        "Images",
        list(_GROUPS),
        default="All",
        required=True,
        key="image_group",
        persist_state="session",
        format_func=lambda name: f"{name} · {sizes[name]}",
    )
    return np.flatnonzero(_GROUPS[name or "All"](right_a, right_b))


def _table(gallery: Gallery, addresses: list[str], pa: Predictions, pb: Predictions, rows: np.ndarray) -> None:
    """The images as a table; a clicked row becomes the chosen image."""
    classes = [plain(name) for name in gallery.classes]
    shown = {
        "image": [addresses[i] for i in rows],
        "number": [int(i) for i in rows],
        "class": [classes[i] for i in pa.labels[rows]],
        "A says": [classes[i] for i in pa.predicted[rows]],
        "B says": [classes[i] for i in pb.predicted[rows]],
        "A sure": [100 * float(pa.probability[i, pa.labels[i]]) for i in rows],
        "B sure": [100 * float(pb.probability[i, pb.labels[i]]) for i in rows],
    }
    help_text = "The probability that the model gives to the image's true class"
    config = {
        "image": st.column_config.ImageColumn("", width="small"),
        "number": st.column_config.NumberColumn("#", width="small"),
        "A sure": st.column_config.NumberColumn("A sure", format="%.0f %%", help=help_text, width="small"),
        "B sure": st.column_config.NumberColumn("B sure", format="%.0f %%", help=help_text, width="small"),
    }

    def clicked() -> None:
        picked = st.session_state["image_table"]["selection"]["rows"]
        if picked and picked[0] < len(rows):
            choose(image=int(rows[picked[0]]))

    st.dataframe(
        shown,
        height=330,
        row_height=56,
        hide_index=True,
        column_config=config,
        on_select=clicked,
        selection_mode="single-row",
        key="image_table",
        alt=f"Table of {len(rows)} test images with their class and what A and B say of them",
    )


def pick_image(a: Run, b: Run) -> tuple[Gallery, int] | None:
    """The gallery and the chosen image's index; None while the pictures are on their way."""
    gallery = ask(jobs.task("gallery", run=a.id), "Test images", height=330)
    if gallery is None:
        return None
    pa, pb = predictions(a.id), predictions(b.id)
    n = len(gallery.labels)
    if choice().image >= n:
        st.warning(f"There is no image {choice().image}: the test set holds {n}.", icon=":material/link_off:")
        choose(image=-1)
    image = choice().image if choice().image >= 0 else most_gained(a, b)
    path = jobs.task("gallery", run=a.id).path
    addresses = thumbnails(path, stamp(path))
    left, right = st.columns([1, 3], gap="large")
    with right:
        rows = _group(pa.predicted == pa.labels, pb.predicted == pb.labels)
        if len(rows):
            _table(gallery, addresses, pa, pb, rows)
        else:
            st.caption("No image is in this group. Good news or bad, depending on the group.")
    with left:
        _chosen(gallery, pa, pb, n, image)
    return gallery, image


def _chosen(gallery: Gallery, pa: Predictions, pb: Predictions, n: int, i: int) -> None:
    """The chosen image, large, with what both models say; a box to type its number."""
    st.session_state["pick_image"] = i
    st.number_input(
        "Image number", 0, n - 1, key="pick_image", on_change=lambda: choose(image=st.session_state["pick_image"])
    )
    name = plain(gallery.classes[gallery.labels[i]])
    st.image(gallery.images[i], width=200, alt=f"Test image {i}, class {name}")
    st.markdown(f"**{safe_md(name)}**  \n:small[{safe_md(plain(gallery.ids[i], 40))}]")
    lines = []
    for letter, said in (("A", pa), ("B", pb)):
        k = int(said.predicted[i])
        mark = ":green[:material/check:]" if k == gallery.labels[i] else ":red[:material/close:]"
        sure = f"{said.probability[i, k]:.0%}".replace("%", " %")
        lines.append(f"{mark} {letter}: {safe_md(gallery.classes[k])}, {sure}")
    st.markdown("  \n".join(lines))


def pick_target(gallery: Gallery, image: int) -> str:
    """The class that both models are asked about, bound to the choice; by default the image's own class."""
    names = list(gallery.classes)
    current = choice().target if choice().target in names else names[int(gallery.labels[image])]
    st.session_state["pick_target"] = current
    st.selectbox(
        "Class asked about (the same for A and B)",
        names,
        key="pick_target",
        format_func=plain,
        on_change=lambda: choose(target=st.session_state["pick_target"]),
        width=320,
    )
    return current

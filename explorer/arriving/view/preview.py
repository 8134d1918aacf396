"""What pictures would be as a data set, shown before anything is kept or trained."""

import io
from functools import lru_cache

import numpy as np
import streamlit as st
from PIL import Image

from explorer.app.asking import ask
from explorer.app.words import on_page, plain, safe_md
from explorer.arriving.question import Preview, PreviewQuestion
from explorer.catalogue import LABELS

SHOWN = 24
"""Classes whose thumbnails are shown."""


def preview(question: PreviewQuestion, key: str) -> tuple[Preview | None, str]:
    """The preview of these pictures, drawn (None while it is made, or where they are no data set), and where their classes are
    read from, which is asked where something else than folders may tell them."""
    found = ask(question, "Looking at the pictures", height=160)
    if found is None:
        return None, "folders"
    labels = _pick_labels(f"{key}_labels", found.offers)
    if labels != "folders":
        found = ask(question.model_copy(update={"labels": labels}), "Looking at the pictures", height=160)
    if found is not None and found.error:
        st.warning(safe_md(on_page(found.error), 1500), icon=":material/help:")
        found = None
    if found is not None:
        _draw(found, key)
    return found, labels


def _draw(found: Preview, key: str) -> None:
    n, k = int(found.counts.sum()), len(found.classes)
    train, val, test = (int(total) for total in found.counts.sum(axis=0))
    st.markdown(
        f"**{n} pictures in {k} classes**: {train} to train on, {val} for validation, {test} to test on. "
        f":small[{safe_md(found.sum)}]"
    )
    for note in found.notes:
        st.caption(f":material/info: {safe_md(on_page(note), 400)}")
    _counts(found)
    _thumbnails(found)
    if found.left_out:
        with st.expander(f"Left out: {_left(found)}", icon=":material/image_not_supported:", key=f"{key}_left"):
            rows = [{"File": plain(name, 120), "Why": plain(why, 200)} for name, why in found.left_out]
            st.dataframe(rows, hide_index=True, width="stretch")


def _pick_labels(key: str, offers: tuple[str, ...]) -> str:
    """Where the classes are read from: asked only where the pictures offer more than folders."""
    if not offers:
        return "folders"
    names = ["folders", *offers]
    if st.session_state.get(key) not in names:
        st.session_state[key] = "folders"
    chosen = st.segmented_control(
        "Read the classes from", names, key=key, required=True, format_func=LABELS.__getitem__
    )
    return chosen or "folders"


def _left(found: Preview) -> str:
    n = found.sum.partition(" left out")[0].rpartition("+ ")[2]
    return f"{n} files" if n != "1" else "1 file"


def _counts(found: Preview) -> None:
    rows = [
        {"Class": plain(name), "Training": int(a), "Validation": int(b), "Test": int(c)}
        for name, (a, b, c) in zip(found.classes, found.counts, strict=True)
    ]
    st.dataframe(rows, hide_index=True, width="stretch", height=min(38 + 35 * len(rows), 250))


def _thumbnails(found: Preview) -> None:
    """A row of training pictures for each class; class names are text in every place."""
    for kind, name in enumerate(found.classes[:SHOWN]):
        images = found.images[found.of == kind]
        if len(images):
            words = f"{len(images)} training pictures of {plain(name)}"
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.image(_strip(images.tobytes(), images.shape), alt=words, width=72 * len(images))
                st.caption(safe_md(name, 40))
    if len(found.classes) > SHOWN:
        st.caption(f"… and {len(found.classes) - SHOWN} more classes.")


@lru_cache(maxsize=256)
def _strip(pixels: bytes, shape: tuple[int, ...]) -> bytes:
    """Pictures (n, h, w, 3) beside each other, as one JPEG."""
    images = np.frombuffer(pixels, np.uint8).reshape(shape)
    buffer = io.BytesIO()
    Image.fromarray(np.concatenate(list(images), axis=1)).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()

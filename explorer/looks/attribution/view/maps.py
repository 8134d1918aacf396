"""Maps of one picture, and of sixteen at once."""

from functools import partial

import numpy as np
import streamlit as st

from explorer.app.asking import ask, predictions
from explorer.app.controls import strength, toggle
from explorer.app.drawing import draw
from explorer.app.words import plain, safe_md
from explorer.looks.attribution.figures.many import attributions
from explorer.looks.attribution.figures.maps import MapStyle, attribution
from explorer.looks.attribution.question.maps import AttributeManyQuestion, AttributeQuestion, Attribution
from explorer.looks.attribution.view.look import Look, code_of
from explorer.looks.images.question import Gallery
from explorer.looks.images.view.choosing import choose_image, true_probability
from explorer.looks.images.view.selection import selected

SIXTEEN = 16


def one_picture(look: Look, gallery: Gallery, image: int | str) -> None:
    """Picture, A and B on one scale, and how far a complete method's map adds up."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        opacity = strength("Strength of the overlay", 0.2, 1.0, "overlay", "attribution_opacity", 0.75, width=220)
        raw = toggle("Raw grid only", "raw", "attribution_raw")
        apart = toggle("B − A", "difference", "attribution_difference")
        own = toggle("Each on its own scale", "own_scale", "attribution_normalised",
                     help="This hides which map is stronger.")  # fmt: skip
        rising = look.method.signed and toggle("Only evidence for the class", "positive", "attribution_positive")
    asked = look.question(AttributeQuestion, a=look.a.id, b=look.b.id, image=image, target=look.target)
    found = ask(asked, look.method.title, height=400)
    if found is None:
        return
    shown = MapStyle(normalised=own, positive=bool(rising))
    draw(
        partial(attribution, found, opacity, not raw, apart, shown),
        "attribution",
        code=code_of(look.method),
    )
    if look.method.complete:
        st.markdown(_completeness(found))


def _completeness(found: Attribution) -> str:
    """How far the map's sum is from what the class gains: the convergence delta."""
    parts = []
    for letter, heat, rise in (("A", found.a, found.rise_a), ("B", found.b, found.rise_b)):
        total = float(heat.sum())
        parts.append(
            f"{letter}: the map adds up to {total:.2f}, the class gains {rise:.2f} logits, delta {total - rise:+.2f}"
        )
    return "; ".join(parts).replace("-", "−") + "."


def sixteen(look: Look, gallery: Gallery, image: int | str) -> None:
    """The selected images, or those of the class that B gained most on, in one call and on one scale."""
    pa, pb = predictions(look.a.id), predictions(look.b.id)
    marked = selected(len(pa.labels))[:SIXTEEN]
    if len(marked):
        st.caption(f"The first {len(marked)} of the selected images.")
    else:
        rows = np.flatnonzero(pa.labels == pa.classes.index(look.target))
        gain = true_probability(pb) - true_probability(pa)
        marked = rows[np.argsort(-gain[rows], kind="stable")][:SIXTEEN]
        st.caption(
            f"The {len(marked)} test images of {safe_md(plain(look.target))} that B gained most on: the best case, "
            "not a sample. Select others in a map or under “All images”."
        )
    runs = {"a": look.a.id, "b": look.b.id}
    asked = look.question(AttributeManyQuestion, **runs, images=tuple(int(i) for i in marked), target=look.target)
    found = ask(asked, f"{look.method.title}, {len(marked)} images", height=640)
    if found is not None:
        draw(partial(attributions, found), "attribution_many", on_select=_clicked,
             code=code_of(look.method))  # fmt: skip


def _clicked() -> None:
    points = st.session_state["attribution_many"]["selection"]["points"]
    if points and points[0].get("customdata"):
        choose_image(int(points[0]["customdata"][0]))

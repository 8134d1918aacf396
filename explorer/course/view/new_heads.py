"""A new head on the backbone: what it replaces, and what it says before it has learned."""

from functools import partial

import streamlit as st

from explorer.app.asking import ask
from explorer.app.drawing import draw, explain
from explorer.app.figures.accuracies import Bar, accuracies
from explorer.app.words import percent
from explorer.catalogue import DATASETS, Backbone
from explorer.course.question.live import NewHead, NewHeadQuestion
from explorer.course.view.structure import pick_picture
from explorer.evidence import share_words

LOGITS = 5  # classes of an untrained head that are named


def new_head(row: Backbone, weights: str) -> None:
    """Take the 1000-way head off, put a new one on: how many weights that is, and what it says before it learned."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        classes = st.slider(
            "Classes of your task", 2, 200, 17, key="lesson_classes", persist_state="session", width=340
        )
        seed = int(st.session_state.get("lesson_head_seed", 0))
        st.button("Re-initialise the head", icon=":material/casino:", key="lesson_head_draw", on_click=_draw_again)
    found = _head(row, weights, int(classes), seed, pick_picture("walk"))
    if found is None:
        return
    numbers = {
        "Features that the head reads": f"{found.features:,}",
        "Parameters of the new head": f"{found.parameters:,}",
        "The 1000-way head had": f"{found.old:,}",
        "The backbone keeps": f"{row.parameters:,}",
    }
    for pair in (list(numbers.items())[:2], list(numbers.items())[2:]):  # two by two, so that nothing is cut
        for cell, (label, value) in zip(st.columns(2), pair, strict=True):
            cell.metric(label, value, border=True)
    st.markdown(
        f"{found.features:,} features × {found.classes} classes + {found.classes} biases = **{found.parameters:,}** parameters."
    )
    left, right = st.columns([1, 3], gap="medium", vertical_alignment="center")
    left.image(found.picture, alt=f"A test picture of {found.label}", width=160)
    with right:
        st.markdown("**What the head says before it has learned anything**")
        for k in found.probability.argsort()[::-1][:LOGITS]:
            share = float(found.probability[k])
            st.progress(share, text=f"class {int(k)}: {share_words(share)}")
    explain(
        "Re-initialise the head: the answer changes, the picture and the features do not. So the answer means nothing yet.",
        "The shares add up to one because softmax makes them, not because anything was learned.",
    )


def _draw_again() -> None:
    st.session_state["lesson_head_seed"] = int(st.session_state.get("lesson_head_seed", 0)) + 1


def _head(row: Backbone, weights: str, classes: int, seed: int, image: int) -> NewHead | None:
    what = {"backbone": row.name, "weights": weights, "classes": classes, "seed": seed, "image": image}
    return ask(NewHeadQuestion(**what), "A new head", height=300)


def untrained(row: Backbone, weights: str) -> None:
    """The untrained head on all test patches, beside guessing."""
    classes = DATASETS["photo_patches"].classes
    found = _head(row, weights, classes, int(st.session_state.get("lesson_head_seed", 0)), 0)
    if found is None or found.score is None:
        return
    bars = [Bar("Untrained head", found.score, False, True)]
    draw(partial(accuracies, bars, 1 / classes, guess="guessing"), "lesson_untrained")
    st.markdown(
        f"It is right on **{percent(found.score)}** of {found.score.n} test patches; guessing among {classes} classes gives "
        f"{share_words(1 / classes)} on average. How sure is it? On average it gives {share_words(float(found.top.mean()))} to "
        "the class that it predicts."
    )
    st.caption(
        "The interval is for *this* head, drawn once, on more patches of the same photos. It may well exclude chance: a "
        "random head gives most patches of a photo the same class. Averaged over all random heads, accuracy is exactly chance; "
        "draw another seed, and it lands elsewhere."
    )

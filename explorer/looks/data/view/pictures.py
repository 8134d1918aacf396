"""What is in the set: counts, sizes, mean pictures, and training pictures as the network will see them."""

from functools import partial

import streamlit as st

from explorer.app.asking import ask
from explorer.app.drawing import draw, explain
from explorer.app.words import plain, safe_md
from explorer.catalogue import AUGMENTATIONS
from explorer.catalogue.datasets import dataset
from explorer.edits import Edits
from explorer.looks.data.figures.census import class_counts, picture_sizes
from explorer.looks.data.question.census import Census, CensusQuestion, TrainingPictures, TrainingPicturesQuestion
from explorer.looks.data.view.changing import places_of, state_of, toggle, toolbar
from explorer.looks.data.view.choosing import asked_pictures
from explorer.looks.images.view.tiles import tiles
from explorer.recipe import Recipe
from explorer.runs.cautions import contradiction

ANY = ""
MOST_MEANS = 24


def pictures(recipe: Recipe, now: Edits) -> None:
    """Counts and sizes, training pictures with augmented versions, the mean picture of each class."""
    found = ask(CensusQuestion(recipe=recipe), "Counting the pictures", height=420)
    if found is None:
        return
    note = found.note.removeprefix(dataset(recipe.dataset).note).strip()  # which stands under the set's name already
    if note:
        st.caption(safe_md(note, 1500))
    if torn := contradiction(found.skipped, found.classes):
        st.warning(safe_md(torn, 500), icon=":material/rule:")
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader("How many of each class?")
        draw(partial(class_counts, found), "data_counts", code=("explorer/looks/data/compute/census.py", "census"))
    with right:
        st.subheader("How large?")
        draw(
            partial(picture_sizes, found, recipe.preprocessing.crop),
            "data_sizes",
            code=("explorer/looks/data/compute/census.py", "census"),
        )
    st.subheader("As the network will see them")
    _training_pictures(recipe, found, now)
    st.subheader("The mean picture of each class")
    _means(found)


def _training_pictures(recipe: Recipe, found: Census, now: Edits) -> None:
    """A row for each picture: itself, then three augmented versions; a click marks it."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if st.session_state.get("data_kind") not in (ANY, *found.classes):
            st.session_state.pop("data_kind", None)
        st.selectbox("Class", [ANY, *found.classes], key="data_kind", persist_state="session", width=260,
                     format_func=lambda name: plain(name) if name else "all classes", on_change=_first)  # fmt: skip
        names = [name for name in AUGMENTATIONS if name != "none"]
        st.selectbox("Augmentation", names, index=names.index("crop"), key="data_augmentation", persist_state="session",
                     format_func=AUGMENTATIONS.__getitem__, width=330)  # fmt: skip
    question = asked_pictures(recipe)
    answer = ask(question, "Training pictures", height=400)
    if answer is None:
        return
    toolbar(now, found.classes, "data_seen")
    _strips(question, answer, now)
    _pages(answer)
    explain(
        "The first of each four is what the network gets; the others are what augmentation may make of it. Is what tells the "
        "classes apart still in the picture?",
        "The middle square is cut out after the short side was brought to the network's size; the rest of the picture is "
        "never seen. A run without augmentation sees the first of each four alone.",
    )


def _strips(question: TrainingPicturesQuestion, answer: TrainingPictures, now: Edits) -> None:
    items = []
    for i, name in enumerate(answer.ids):
        kind = answer.classes[answer.labels[i]]
        words = f"{plain(name, 80)}, {plain(kind, 40)}, and three augmented versions. Click to mark."
        items.append((i, words, state_of(now, name, kind, "train")))
    tiles(
        question, items, lambda i: toggle(answer.ids[i]), label=f"{len(items)} of {answer.total} training pictures",
        key="data_strips", selected=places_of(answer.ids), mark=True, wide=answer.images.shape[1],
    )  # fmt: skip


def _pages(answer: TrainingPictures) -> None:
    """Earlier and later pictures."""
    last = answer.first + len(answer.ids)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Back", icon=":material/arrow_back:", key="data_earlier", disabled=not answer.first,
                  on_click=_first, args=(max(0, answer.first - 12),))  # fmt: skip
        st.button("More", icon=":material/arrow_forward:", key="data_later", disabled=last >= answer.total,
                  on_click=_first, args=(last,))  # fmt: skip
        st.caption(f"{answer.first + 1} to {last} of {answer.total} training pictures, in an order drawn once.")


def _first(place: int = 0) -> None:
    st.session_state["data_first"] = place


def _means(found: Census) -> None:
    """The mean picture of each class."""
    with st.container(horizontal=True):
        for kind in range(min(MOST_MEANS, len(found.classes))):
            name, n = plain(found.classes[kind], 24), int(found.averaged[kind])
            with st.container(width=116):
                st.image(found.means[kind], width=112, alt=f"Mean of {n} training pictures of {name}")
                st.caption(f"{safe_md(name)}  \nn = {n}")
    more = len(found.classes) - MOST_MEANS
    if more > 0:
        st.caption(f"The first {MOST_MEANS} of {len(found.classes)} classes.")
    explain(
        "Does a class show by its mean alone: one ground, one place, one brightness? Then a network may learn that instead of "
        "the object.",
        "A grey mean says that pictures differ, not that they hold nothing in common.",
    )

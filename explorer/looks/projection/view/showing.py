"""The shared map: PCA until UMAP is laid out; a clicked point chooses its image everywhere, a lasso selects everywhere."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from explorer.app.asking import ask, predictions, stamp
from explorer.app.drawing import draw
from explorer.app.figures.style import Figure
from explorer.app.thumbnails import thumbnails
from explorer.app.visitor import choice, choose
from explorer.looks.images.question import GalleryQuestion
from explorer.looks.images.view.choosing import gallery_of, image_panel
from explorer.looks.images.view.grid import selection_words
from explorer.looks.images.view.selection import select, selected
from explorer.looks.projection.figures.moving import projection_epochs, projection_slide
from explorer.looks.projection.figures.paint import Paint, by_class, by_prediction, by_right, by_shuffled
from explorer.looks.projection.figures.points import MOST_PICTURES, Marks
from explorer.looks.projection.figures.still import projection_moves, projection_noise, projection_pair
from explorer.looks.projection.question import (
    ProjectEpochsQuestion,
    Projection,
    ProjectNoiseQuestion,
    ProjectQuestion,
    SeparationQuestion,
    in_proportion,
)
from explorer.looks.projection.view.choosing import ARROWS, EPOCHS, NOISE, PAIR, RIGHT, SAID, SHUFFLED, SLIDE, Picked
from explorer.question import A, Question
from explorer.runs import FinishedRun

CODE = ("explorer/looks/projection/compute/joint.py", "project")


def ask_map(a: str, b: str, method: str, **settings: Any) -> Projection | None:
    """The joint map of two runs. While UMAP is on its way (the first takes longest) the PCA map stands in for it.

    `settings` are `neighbours`, `min_dist` and `seed` where they are not the usual ones.
    """
    if method != "pca":
        aligned = method == "aligned"
        asked = ProjectQuestion(a=a, b=b, method=method, **settings)
        found = ask(asked, f"{'AlignedUMAP' if aligned else 'UMAP'} (PCA until then)", height=0)
        if found is not None:
            return found
    return ask(ProjectQuestion(a=a, b=b, method="pca"), "PCA", height=520)


def image_from_map(key: str) -> Callable[[], None]:
    """What a click or lasso in the chart `key` does: a clicked image becomes the chosen one, lassoed ones the selection."""

    def marked() -> None:
        event = st.session_state[key]["selection"]
        images = [int(p["customdata"][0]) for p in event["points"] if p.get("customdata")]
        images = [i for i in images if i >= 0]
        if event.get("lasso") or event.get("box"):
            select(images)
        elif images:
            choose(image=images[0], own="")

    return marked


def show_map(a: FinishedRun, b: FinishedRun, picked: Picked, found: Projection) -> str:
    """The map in the view that was picked, with its words and the code behind it; returns what laid it out."""
    n = len(found.labels)
    marks = Marks(tuple(selected(n).tolist()), choice().image, _pictures(a, found, picked), picked.lasso)
    if picked.view == EPOCHS:
        return _epochs(b, picked, marks)
    if picked.view == NOISE:
        return _noise(a, b, picked, found, marks)
    paint = _paint(a, b, picked, found)
    if paint is None:
        return found.method
    if picked.view == SLIDE:
        _chart(partial(projection_slide, found, paint, marks), "slide", CODE, still=False)
    elif picked.view == ARROWS:
        _chart(partial(projection_moves, found, paint, marks), "arrows", CODE)
    else:
        _chart(partial(projection_pair, found, paint=paint, marks=marks), "pair", CODE)
    return found.method


def _by_umap_or_pca(asked: Callable[..., Question[A]], what: str, method: str, settings: dict[str, Any]) -> A | None:
    """A map of one run; while UMAP is on its way the one by PCA stands in. There is none by AlignedUMAP: UMAP takes its place."""
    if method != "pca":
        found = ask(asked(method="umap", **settings), f"{what} by UMAP (PCA until then)", height=0)
        if found is not None:
            return found
    return ask(asked(method="pca"), what, height=520)


def _noise(a: FinishedRun, b: FinishedRun, picked: Picked, found: Projection, marks: Marks) -> str:
    """B's map beside one of noise, both by one layout."""
    noise = _by_umap_or_pca(partial(ProjectNoiseQuestion, run=b.id), "Noise", found.method, picked.settings)
    if noise is None:
        return found.method
    beside = found
    if noise.method == "pca" != found.method:
        beside = ask(ProjectQuestion(a=a.id, b=b.id, method="pca"), "PCA", height=520)
    if beside is not None:
        plan = partial(projection_noise, beside, noise, marks)
        _chart(plan, "noise", ("explorer/looks/projection/compute/handlers.py", "project_noise"))
    return found.method if noise.method != "pca" else "pca"


def _epochs(b: FinishedRun, picked: Picked, marks: Marks) -> str:
    """FinishedRun B from the pre-trained network on, to play."""
    found = _by_umap_or_pca(
        partial(ProjectEpochsQuestion, run=b.id), "B's epochs on one map", picked.method, picked.settings
    )
    if found is None:
        return "pca" if picked.method == "pca" else "umap"
    if not found.moved:
        st.info(
            "**Nothing moves from epoch to epoch.** B trained no stage before these features, so every epoch has "
            "the map of the pre-trained network. Choose a run as B that trains the last stage, or one before it.",
            icon=":material/ac_unit:",
        )
    if picked.method == "aligned":
        st.caption("The epochs are laid out by UMAP in one fit, not by AlignedUMAP.")
    _chart(
        partial(projection_epochs, found, marks, len(b.epochs)),
        "epochs",
        ("explorer/looks/projection/compute/epochs.py", "map_epochs"),
        still=False,
    )
    return found.method


def _pictures(a: FinishedRun, found: Projection, picked: Picked) -> tuple[tuple[int, str], ...]:
    """Which images are shown as pictures, with their addresses: the selected ones or all, in proportion, 120 at most."""
    if not picked.pictures:
        return ()
    task = GalleryQuestion(run=a.id)
    if ask(task, "Pictures", height=0) is None:
        return ()
    addresses = thumbnails(task.path, stamp(task.path), 40)
    rows = selected(len(found.labels))
    rows = rows if len(rows) else np.arange(len(found.labels))
    rows = rows[in_proportion(found.labels[rows], MOST_PICTURES)][:MOST_PICTURES]
    return tuple((int(i), addresses[i]) for i in rows)


def _paint(a: FinishedRun, b: FinishedRun, picked: Picked, found: Projection) -> Paint | None:
    """Colours and symbols as picked; None while the shuffled labels' accuracy is on its way."""
    if picked.colour in (SAID, RIGHT):
        said = predictions(a.id).predicted, predictions(b.id).predicted
        return (by_prediction if picked.colour == SAID else by_right)(found, *said)
    if picked.colour == SHUFFLED:
        apart = [ask(SeparationQuestion(run=run.id), "k-NN accuracy of shuffled labels", height=0) for run in (a, b)]
        known = [separation for separation in apart if separation is not None]
        if len(known) < 2:
            return None
        deal = st.session_state.get("projection_deal", 0) % len(known[0].shuffled)
        st.button("Shuffle again", icon=":material/casino:", key="projection_again", on_click=_deal)
        return by_shuffled(found, known[0].shuffles[deal], *(x.shuffled[deal] for x in known))
    return by_class(found.labels, found.classes)


def _deal() -> None:
    st.session_state["projection_deal"] = st.session_state.get("projection_deal", 0) + 1


def _chart(plan: partial[Figure], key: str, code: tuple[str, str], still: bool = True) -> None:
    """A map with its words. Only a map that stands still takes clicks: choosing redraws, which would stop a film."""
    key = f"projection_map_{key}"
    if still:
        draw(plan, key, on_select=image_from_map(key), code=code, modes=("points", "box", "lasso"))
        return
    draw(plan, key, code=code)
    st.caption(
        f":material/ads_click: This map is animated and cannot be clicked: choose an image in *{PAIR}* or *{ARROWS}*."
    )


def selection_line(a: FinishedRun, b: FinishedRun) -> None:
    """What is selected on all pages, and a button to clear it."""
    pa, pb = predictions(a.id), predictions(b.id)
    marked = selected(len(pa.labels))
    if not len(marked):
        return
    left, right = st.columns([5, 1], vertical_alignment="center")
    with left:
        st.markdown(selection_words(marked, pa, pb))
    with right:
        st.button("Clear selection", icon=":material/close:", key="projection_clear", on_click=select, args=([],))


def map_beside(a: FinishedRun, b: FinishedRun) -> None:
    """The chosen image, large, with what A and B say of it."""
    gallery = gallery_of(a)
    image = choice().image
    if gallery is not None and 0 <= image < len(gallery.labels):
        image_panel(gallery, predictions(a.id), predictions(b.id), image)

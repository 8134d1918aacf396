"""Which test image, and which class: thumbnails to click, a number box for the keyboard, or a picture of one's own."""

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from explorer.app.asking import ask, predictions
from explorer.app.controls import menu, segments
from explorer.app.display import name_figures
from explorer.app.presenting import controls
from explorer.app.visitor import choice, choose
from explorer.app.words import path_end, plain, safe_md
from explorer.bundle import page_file
from explorer.evidence import BROKEN, FIXED, RIGHT_IN_BOTH, WRONG_IN_BOTH, quadrants, share_words
from explorer.looks.images.question import Gallery, GalleryQuestion, MovementQuestion, Seen
from explorer.looks.images.view.selection import beyond, packed, selected
from explorer.looks.images.view.tiles import tiles
from explorer.looks.images.view.upload import offer_own, seen
from explorer.looks.pair import comparison
from explorer.looks.pair.view.choosing import most_gained
from explorer.runs import FinishedRun, Predictions

GROUPS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "All": lambda a, b: np.ones_like(a),
    "Fixed by B": lambda a, b: quadrants(a, b) == FIXED,
    "Broken by B": lambda a, b: quadrants(a, b) == BROKEN,
    "Wrong in both": lambda a, b: quadrants(a, b) == WRONG_IN_BOTH,
    "Right in both": lambda a, b: quadrants(a, b) == RIGHT_IN_BOTH,
}
PICKED = "picked because B gained most on it: the best case for B, not a sample"
"""What is said of the image that is shown by default."""
ORDERS = ("B gained most", "B lost most", "Loss in B", "Loss in A", "Features moved furthest", "Number")
MOST = 60  # thumbnails that the pages of a single image show


def right(predictions: Predictions) -> np.ndarray:
    """Which images a run named rightly, (n,) bool."""
    return predictions.predicted == predictions.labels


def true_probability(predictions: Predictions) -> np.ndarray:
    """What a run gave to each image's true class, (n,)."""
    return predictions.probability[np.arange(len(predictions.labels)), predictions.labels]


def pick_group(pa: Predictions, pb: Predictions, key: str) -> np.ndarray:
    """A control of the four quadrants with their sizes; which images (n,) bool are in the one picked."""
    a, b = right(pa), right(pb)
    sizes = {name: int(rule(a, b).sum()) for name, rule in GROUPS.items()}
    name = segments("Images", GROUPS, "group", key, format_func=lambda name: f"{name} · {sizes[name]}")
    return GROUPS[name](a, b)


def pick_order(key: str, unmoved: bool = False) -> str:
    """A control of how images are sorted; `unmoved` leaves out what cannot be measured here."""
    orders = [name for name in ORDERS if not (unmoved and name == "Features moved furthest")]
    return menu("Sorted by", orders, "order", key, width=230)


def ordered(rows: np.ndarray, order: str, a: FinishedRun, b: FinishedRun) -> np.ndarray:
    """The image numbers `rows` in one of ORDERS; by number while what the order needs is on its way."""
    pa, pb = predictions(a.id), predictions(b.id)
    if order == "Number":
        return rows
    if order == "Features moved furthest":
        moved = ask(MovementQuestion(a=a.id, b=b.id), "How far each image's features moved", height=0)
        worth = np.zeros(len(pa.labels)) if moved is None else np.nan_to_num(moved.moved)
    elif order.startswith("Loss"):
        worth = -true_probability(pb if order.endswith("B") else pa)
    else:
        gain = true_probability(pb) - true_probability(pa)
        worth = gain if order == "B gained most" else -gain
    return rows[np.argsort(-worth[rows], kind="stable")]


def items(rows: Sequence[int] | np.ndarray, pa: Predictions, pb: Predictions) -> list[tuple[int, str, str]]:
    """What `tiles` needs of these images: number, words, and whether A and B are right."""
    names = [plain(name, 40) for name in pa.classes]
    good_a, good_b = right(pa), right(pb)
    signs = {True: ("right", "✓"), False: ("wrong", "✕")}
    found = []
    for i in map(int, rows):
        (word_a, sign_a), (word_b, sign_b) = signs[bool(good_a[i])], signs[bool(good_b[i])]
        sure_a, sure_b = (share_words(said.probability[i, said.predicted[i]], 0) for said in (pa, pb))
        words = f"Image {i}, {names[pa.labels[i]]}. A: {names[pa.predicted[i]]}, {sure_a}, {word_a}. "
        words += f"B: {names[pb.predicted[i]]}, {sure_b}, {word_b}."
        found.append((i, words, f"{sign_a} → {sign_b}"))
    return found


def gallery_of(run: FinishedRun) -> Gallery | None:
    """The test images of a run, small; None while they are on their way."""
    return ask(GalleryQuestion(run=run.id), "Test images", height=330)


def chosen_image(a: FinishedRun, b: FinishedRun, n: int) -> int:
    """The number of the chosen test image of n; where none is chosen, the one that B gained most on."""
    if choice().image >= n:
        st.warning(f"There is no image {choice().image}: the test set holds {n}.", icon=":material/link_off:")
        choose(image=-1)
    if beyond(n):
        st.warning(
            f"The selection names images that are not there: the test set holds {n}, from 0 to {n - 1}. They are left out.",
            icon=":material/link_off:",
        )
        choose(images=packed(selected(n).tolist()))
    return choice().image if choice().image >= 0 else most_gained(a, b)


def choose_image(image: int) -> None:
    """Make a test image the one looked at on every page."""
    choose(image=image, own="")


def pick_image(a: FinishedRun, b: FinishedRun) -> tuple[Gallery, int | str] | None:
    """The gallery and what is looked at: a test image's number, or the key of the visitor's own picture.

    None while the pictures are on their way.
    """
    gallery = gallery_of(a)
    if gallery is None:
        return None
    pa, pb = predictions(a.id), predictions(b.id)
    image = chosen_image(a, b, len(gallery.labels))
    own = seen(a, b)
    name_figures(image="own" if own else f"image{image}")
    with controls("Picture"):
        left, beside = st.columns([1, 3], gap="large")
    with beside:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            group = pick_group(pa, pb, "image_group")
            order = pick_order("image_order", unmoved=not comparison.same_start(a.recipe, b.recipe))
            offer_own()
        marked = selected(len(pa.labels))
        rows = ordered(np.flatnonzero(group), order, a, b)
        _strip(a, rows, pa, pb, -1 if own else image, marked)
    with left:
        if own is not None:
            panel_of_own(own)
            return gallery, choice().own
        image_panel(gallery, pa, pb, image)
    return gallery, image


def _strip(a: FinishedRun, rows: np.ndarray, pa: Predictions, pb: Predictions, image: int, marked: np.ndarray) -> None:
    """A scrolling strip of thumbnails, and how many there are."""
    if not len(rows):
        st.caption("No image is in this group.")
        return
    with st.container(height=238, border=False):
        label = f"{min(len(rows), MOST)} of {len(rows)} test images; choose one"
        tiles(
            GalleryQuestion(run=a.id),
            items(rows[:MOST], pa, pb),
            choose_image,
            label=label,
            key="image_tiles",
            chosen=image,
            selected=marked,
        )
    words = f"The first {MOST} of {len(rows)}. " if len(rows) > MOST else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{words}Below each: is A right → is B right?")
        st.page_link(page_file("images"), label="All images", icon=":material/photo_library:")


def image_panel(gallery: Gallery, pa: Predictions, pb: Predictions, i: int) -> None:
    """The chosen image, large, with what both models say; a box to type its number."""
    st.session_state["pick_image"] = i
    st.number_input(
        "Image number",
        0,
        len(gallery.labels) - 1,
        key="pick_image",
        on_change=lambda: choose_image(st.session_state["pick_image"]),
    )
    name = plain(gallery.classes[gallery.labels[i]])
    st.image(gallery.images[i], width=200, alt=f"Test image {i}, class {name}")
    st.markdown(f"**{safe_md(name)}**  \n:small[{safe_md(path_end(gallery.ids[i], 40))}]")
    lines = []
    for letter, said in (("A", pa), ("B", pb)):
        k = int(said.predicted[i])
        mark = ":green[:material/check:]" if k == gallery.labels[i] else ":red[:material/close:]"
        lines.append(f"{mark} {letter}: {_named(gallery.classes[k], said.probability[i, k])}")
    st.markdown("  \n".join(lines))
    if choice().image < 0:
        st.caption(f"{PICKED[0].upper()}{PICKED[1:]}. Choose another beside it, or type its number.")


def panel_of_own(found: Seen) -> None:
    """The visitor's own picture, with what both models say, and the way back."""
    st.image(found.picture, width=200, alt="Your own picture, cut and scaled as the networks see it")
    st.markdown("**Your picture**  \n:small[as the networks see it: centre square]")
    for letter, said in (("A", found.probability_a), ("B", found.probability_b)):
        k = int(said.argmax())
        st.markdown(f"{letter}: {_named(found.classes[k], said[k])}")
    st.caption("These networks know only their classes: a picture of anything else is still assigned to one of them.")
    st.button("Back to the test images", icon=":material/undo:", key="own_back", on_click=lambda: choose(own=""))


def _named(name: str, probability: float) -> str:
    return f"{safe_md(name)}, {share_words(probability, 0)}"


def pick_target(gallery: Gallery, image: int | str) -> str:
    """The class that both models are asked about, bound to the choice; by default the image's own class, or for a picture of
    the visitor's own, the one that B names."""
    names = list(gallery.classes)
    if choice().target in names:
        current = choice().target
    elif isinstance(image, int):
        current = names[int(gallery.labels[image])]
    else:
        current = st.session_state.get("own_class", names[0])
    st.session_state["pick_target"] = current
    st.selectbox(
        "Class to explain (the same for A and B)",
        names,
        key="pick_target",
        format_func=plain,
        on_change=lambda: choose(target=st.session_state["pick_target"]),
        width=320,
    )
    return current

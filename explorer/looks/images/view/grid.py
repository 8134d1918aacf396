"""All test images of A and B: filtered, sorted, marked; and the cell of a confusion matrix that was clicked."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from explorer.app.address import Written, keep, several_of
from explorer.app.asking import predictions
from explorer.app.controls import segments, toggle
from explorer.app.drawing import draw
from explorer.app.words import difference_words, group_of, percent, plain, safe_md
from explorer.bundle import page_file
from explorer.evidence import Score
from explorer.looks.images.figures import MOST_SIDE_BY_SIDE, PANELS, confusion
from explorer.looks.images.question import GalleryQuestion
from explorer.looks.images.view.choosing import (
    GROUPS,
    choose_image,
    chosen_image,
    gallery_of,
    image_panel,
    items,
    ordered,
    pick_group,
    pick_order,
    right,
)
from explorer.looks.images.view.selection import select, selected
from explorer.looks.images.view.tiles import tiles
from explorer.looks.pair import comparison
from explorer.looks.pair.view.choosing import difference
from explorer.runs import FinishedRun, Predictions

PAGE = 120  # thumbnails shown at a time
ANY = "any class"


def quadrants(a: FinishedRun, b: FinishedRun) -> None:
    """How many images are right in both, fixed, broken, wrong in both, and what that proves."""
    found = difference(a, b)
    st.markdown(f"{difference_words(found, group_of(a))} :small[n = {found.n} images, paired.]")


def browse(a: FinishedRun, b: FinishedRun) -> None:
    """All images with filters and an order; a click chooses one, or marks it."""
    pa, pb = predictions(a.id), predictions(b.id)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        fitting = pick_group(pa, pb, "images_group")
        order = pick_order("images_order", unmoved=not comparison.same_start(a.recipe, b.recipe))
        keep("classes", "images_classes", [], several_of(pa.classes))
        names = st.multiselect(
            "Classes", pa.classes, key="images_classes", persist_state="session", format_func=plain, placeholder="all",
            width=280,
        )  # fmt: skip
    if names:
        fitting = fitting & np.isin(pa.labels, [pa.classes.index(name) for name in names])
    marked = selected(len(pa.labels))
    if len(marked) and toggle("Only the selected images", "only", "images_only"):
        fitting = fitting & np.isin(np.arange(len(fitting)), marked)
    show(a, b, ordered(np.flatnonzero(fitting), order, a, b), "images_grid")


def matrices(a: FinishedRun, b: FinishedRun) -> None:
    """Confusion matrices; the images of the cell that was clicked, or named with the two boxes."""
    pa, pb = predictions(a.id), predictions(b.id)
    cell = keep("cell", "images_cell", None, _cells(len(pa.classes)))
    only = ""
    if len(pa.classes) > MOST_SIDE_BY_SIDE:
        names = PANELS
        only = segments("Matrix", names, "matrix", "images_matrix", "A", format_func=names.__getitem__)
    plan = partial(confusion, pa.labels, pa.predicted, pb.predicted, pa.classes, cell, only)
    draw(plan, "images_confusion", on_select=_clicked, code=("explorer/looks/images/figures.py", "counts"))
    cell = _cell_by_name(pa.classes, cell)
    if cell is None:
        st.caption("Click a cell, or choose it here, to see its images.")
        return
    which, true, named = cell
    said_a, said_b = pa.predicted == named, pb.predicted == named
    said = {"A": said_a, "B": said_b, "change": said_a ^ said_b}[which]
    rows = np.flatnonzero((pa.labels == true) & said)
    who = {"A": "by A", "B": "by B", "change": "by one of A and B alone"}[which]
    st.markdown(
        f"**{len(rows)}** of {int((pa.labels == true).sum())} test images of *{safe_md(pa.classes[true])}* are named "
        f"*{safe_md(pa.classes[named])}* {who}."
    )
    show(a, b, rows, "images_cell_grid")


def _cells(n: int) -> Written[tuple[str, int, int] | None]:
    """A cell of the matrices of n classes as the address holds it: whose, true class, named class; -1 is any class."""

    def read(text: str) -> tuple[str, int, int] | None:
        which, _, numbers = text.partition(".")
        true, _, named = numbers.partition(".")
        if which not in ("A", "B", "change") or not all(-1 <= int(k) < n for k in (true, named)):
            raise ValueError(text)
        return which, int(true), int(named)

    return Written(read, lambda cell: "" if cell is None else ".".join(map(str, cell)))


def _clicked() -> None:
    points = st.session_state["images_confusion"]["selection"]["points"]
    if points and points[0].get("customdata"):
        which, true, named = points[0]["customdata"]
        st.session_state["images_cell"] = (str(which), int(true), int(named))


def _cell_by_name(classes: Sequence[str], cell: tuple[str, int, int] | None) -> tuple[str, int, int] | None:
    """The same choice with three boxes, for the keyboard; they follow a click."""
    who = {"A": "A", "B": "B", "change": "only one of them"}
    which, true, named = cell or ("B", -1, -1)
    for key, value in (
        ("who", which),
        ("true", classes[true] if true >= 0 else ANY),
        ("named", classes[named] if named >= 0 else ANY),
    ):
        st.session_state[f"images_cell_{key}"] = value

    def changed() -> None:
        true, named = (st.session_state[f"images_cell_{key}"] for key in ("true", "named"))
        places = [classes.index(name) if name in classes else -1 for name in (true, named)]
        st.session_state["images_cell"] = (st.session_state["images_cell_who"], *places)

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            "Named by", list(who), required=True, key="images_cell_who", on_change=changed, format_func=who.__getitem__
        )
        options = [ANY, *classes]
        st.selectbox("True class", options, key="images_cell_true", on_change=changed, format_func=plain, width=260)
        st.selectbox("Named", options, key="images_cell_named", on_change=changed, format_func=plain, width=260)
    return cell if cell is not None and min(cell[1:]) >= 0 else None


def show(a: FinishedRun, b: FinishedRun, rows: np.ndarray, key: str) -> None:
    """These images as thumbnails, the chosen one large beside them, and what can be done with them all."""
    gallery = gallery_of(a)
    if gallery is None:
        return
    pa, pb = predictions(a.id), predictions(b.id)
    n = len(pa.labels)
    image, marked = chosen_image(a, b, n), selected(n)
    left, beside = st.columns([1, 3], gap="large")
    with left:
        image_panel(gallery, pa, pb, image)
        with st.container(horizontal=True):
            st.page_link(page_file("features"), label="Its channels", icon=":material/grid_view:")
            st.page_link(page_file("attribution"), label="Where they look", icon=":material/visibility:")
            st.page_link(page_file("projection"), label="On the map", icon=":material/scatter_plot:")
    with beside:
        mark = _toolbar(rows, marked, pa, pb, key)
        if not len(rows):
            st.caption("No image is in this group.")
            return
        first = _page(len(rows), key)
        shown = rows[first : first + PAGE]
        tiles(
            GalleryQuestion(run=a.id),
            items(shown, pa, pb),
            partial(_mark, n) if mark else choose_image,
            label=f"{len(shown)} of {len(rows)} test images",
            key=f"{key}_tiles",
            chosen=image,
            selected=marked,
            mark=mark,
        )
        st.caption("Below each: is A right → is B right?")
    selection_table(marked, pa, pb)


def selection_table(marked: np.ndarray, pa: Predictions, pb: Predictions) -> None:
    """The selected images as a table to sort: number, class, what A and B say and how sure they are; nothing where none is."""
    if not len(marked):
        return
    names = [plain(name, 60) for name in pa.classes]
    table: dict[str, list[object]] = {
        "Image": marked.tolist(),
        "Class": [names[k] for k in pa.labels[marked]],
    }
    for letter, said in (("A", pa), ("B", pb)):
        named = said.predicted[marked]
        table[f"{letter} says"] = [names[k] for k in named]
        table[f"{letter} is right"] = right(said)[marked].tolist()
        table[f"{letter} is sure"] = (100 * said.probability[marked, named].astype(float)).round(1).tolist()
    sure = st.column_config.NumberColumn(format="%.1f %%", help="The probability of the predicted class.")
    st.markdown(f"**The {len(marked)} selected images** :small[a click on a heading sorts]")
    st.dataframe(
        table,
        hide_index=True,
        column_config={"A is sure": sure, "B is sure": sure},
        alt=f"Table of {len(marked)} selected images: class, and what A and B say of each",
    )


def _toolbar(rows: np.ndarray, marked: np.ndarray, pa: Predictions, pb: Predictions, key: str) -> bool:
    """Whether a click marks; buttons for all that is shown; what is selected, in words."""
    with st.container(horizontal=True, vertical_alignment="center"):
        mark = st.toggle("A click selects", key=f"{key}_mark", help="Off: a click chooses the image to look at.")
        everything = [int(i) for i in rows]
        st.button(f"Select these {len(rows)}", icon=":material/select_all:", key=f"{key}_all", disabled=not everything,
                  on_click=select, args=(everything,))  # fmt: skip
        st.button(
            "Clear",
            icon=":material/deselect:",
            key=f"{key}_none",
            disabled=not len(marked),
            on_click=select,
            args=((),),
        )
    if len(marked):
        st.markdown(selection_words(marked, pa, pb))
    return mark


def selection_words(marked: np.ndarray, pa: Predictions, pb: Predictions) -> str:
    """What is selected, by class, how many of them A and B name rightly, and how they fall into the four quadrants."""
    numbers = np.bincount(pa.labels[marked], minlength=len(pa.classes))
    largest = np.argsort(-numbers, kind="stable")[:4]
    parts = [f"{numbers[k]} {safe_md(plain(pa.classes[k], 30))}" for k in largest if numbers[k]]
    rest = int((numbers > 0).sum()) - len(parts)
    more = f" and {rest} more classes" if rest > 0 else ""
    scores = [percent(Score(len(marked), int(right(said)[marked].sum()))) for said in (pa, pb)]
    good = [right(said)[marked] for said in (pa, pb)]
    quadrant = {name.lower(): int(rule(*good).sum()) for name, rule in GROUPS.items() if name != "All"}
    fallen = ", ".join(f"{number} {name.replace('by b', 'by B')}" for name, number in quadrant.items())
    return (
        f"**{len(marked)} selected**, on every page: {', '.join(parts)}{more}.  \nRight in A {scores[0]}, in B "
        f"{scores[1]}: {fallen}. :small[You chose these images: they are not a random sample, so they get no "
        "interval.]"
    )


def _mark(n: int, image: int) -> None:
    select({image} ^ set(selected(n).tolist()))


def _page(n: int, key: str) -> int:
    """The first image of the page of thumbnails that the visitor picks."""
    if n <= PAGE:
        return 0
    starts = list(range(0, n, PAGE))
    return segments("Page", starts, f"{key}_page".removeprefix("images_"), f"{key}_page", label_visibility="collapsed",
                    format_func=lambda i: f"{i + 1} to {min(i + PAGE, n)}")  # fmt: skip

"""Stages of the features page: the whole backbone, one stage, the first filters."""

from collections.abc import Callable
from functools import partial

import numpy as np
import streamlit as st

from explorer.app.asking import ask
from explorer.app.controls import segments, toggle, whole_number
from explorer.app.drawing import draw
from explorer.app.presenting import controls
from explorer.app.visitor import choose
from explorer.app.words import plain, safe_md
from explorer.looks.features.figures.filters import first_filters
from explorer.looks.features.figures.stage import COLUMNS, feature_maps, own_maps
from explorer.looks.features.figures.strip import feature_strip
from explorer.looks.features.question import (
    FeatureMaps,
    FeatureMapsQuestion,
    FeatureStripQuestion,
    FiltersQuestion,
    Selectivity,
    SelectivityQuestion,
    StageSelectivity,
)
from explorer.looks.images.question import Gallery
from explorer.looks.pair import comparison
from explorer.looks.pair.view.choosing import pick_stage
from explorer.runs import FinishedRun

RANKINGS = ("change", "strength", "class selectivity")
_SELECTIVITY = (
    "Class-selectivity index (Morcos et al. 2018, arXiv 1803.06959): 0 where a channel responds to all classes "
    "alike, 1 where it responds to one class only; over the pooled features of all test images."
)


def whole(a: FinishedRun, b: FinishedRun, gallery: Gallery, image: int | str) -> None:
    """Every stage's strongest channels for one picture; a click opens the stage."""
    with controls("Stage"):
        stage = pick_stage(b)
    strip = ask(FeatureStripQuestion(a=a.id, b=b.id, image=image), "The whole backbone", height=440)
    if strip is None:
        return
    learns = b.recipe.trainable
    names = [row.stage for row in strip.stages]
    draw(
        partial(feature_strip, strip, stage, learns),
        "features_strip",
        on_select=first_clicked(lambda data: choose(stage=names[data[0]]), "features_strip"),
        code=("explorer/looks/features/compute/channels.py", "all_maps"),
    )
    if not strip.related:
        return
    still = [safe_md(row.stage) for row in strip.stages if row.change == 0]
    if still:
        st.info(
            f"**Bitwise the same in A and B:** {', '.join(still)}. No stage up to there was trained.",
            icon=":material/ac_unit:",
        )
    _stage(a, b, stage, image)


def one_stage(a: FinishedRun, b: FinishedRun, gallery: Gallery, image: int | str) -> None:
    """All channels of one stage, ranked."""
    with controls("Stage"):
        stage = pick_stage(b)
    _stage(a, b, stage, image)


def _stage(a: FinishedRun, b: FinishedRun, stage: str, image: int | str) -> None:
    maps = ask(FeatureMapsQuestion(a=a.id, b=b.id, stage=stage, image=image), f"Channels of {stage}", height=520)
    if maps is None:
        return
    if not comparison.same_start(a.recipe, b.recipe):
        _strangers(maps)
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        rank = segments("Channels ranked by", RANKINGS, "rank", "features_rank")
        chosen = _selectivity(a, b, stage) if rank == "class selectivity" else None
        order = _ordered(maps, chosen[1] if chosen else None, rank)
        first = _page(len(order))
    shown = order[first : first + COLUMNS]
    notes = _notes(*chosen, shown) if chosen else ()
    draw(
        partial(feature_maps, maps.take([int(c) for c in shown]), notes),
        "features_maps",
        on_select=first_clicked(lambda data: _open_channel(data[0]), "features_maps"),
        code=("explorer/looks/features/compute/channels.py", "maps"),
    )
    moved = int((maps.change > 0).sum())
    st.markdown(
        f"**{moved} of {len(maps.change)}** channels of *{safe_md(stage)}* respond differently to this picture in B; "
        f"{maps.a.shape[1]} × {maps.a.shape[2]} cells each."
    )
    if chosen:
        row = chosen[1]
        medians = f"Median in A {np.median(row.a):.2f}, in B {np.median(row.b):.2f}"
        st.caption(
            f"{_SELECTIVITY} {medians}; with the classes dealt out at random {row.chance:.2f} (n = {chosen[0].n})."
        )


def _strangers(maps: FeatureMaps) -> None:
    """The strongest channels of A and of B, each network's own: there is no channel that both have."""
    of_a, of_b = (np.argsort(-worth, kind="stable") for worth in strengths(maps))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        first = _page(len(of_a))
    shown = slice(first, first + COLUMNS)
    draw(
        partial(own_maps, maps.take([int(c) for c in of_a[shown]]), maps.take([int(c) for c in of_b[shown]])),
        "features_own_maps",
        on_select=first_clicked(lambda data: _open_channel(*data), "features_own_maps"),
        code=("explorer/looks/features/compute/channels.py", "strength"),
    )
    st.caption(
        f"Each network's {len(of_a)} channels of {safe_md(maps.stage)} by its own strength, strongest first; "
        f"{maps.a.shape[1]} × {maps.a.shape[2]} cells each."
    )


def strengths(maps: FeatureMaps) -> tuple[np.ndarray, np.ndarray]:
    """How strongly each channel answers in A and in B, (c,) each in channel order: mean |activation| over positions."""
    found = np.empty((2, len(maps.change)))
    found[:, maps.channels] = [np.abs(heat).mean(axis=(1, 2)) for heat in (maps.a, maps.b)]
    return found[0], found[1]


def _selectivity(a: FinishedRun, b: FinishedRun, stage: str) -> tuple[Selectivity, StageSelectivity] | None:
    found = ask(SelectivityQuestion(a=a.id, b=b.id), "Class selectivity", height=0)
    return None if found is None else (found, next(row for row in found.stages if row.stage == stage))


def _ordered(maps: FeatureMaps, row: StageSelectivity | None, rank: str) -> np.ndarray:
    """All channels' numbers, the first by `rank`."""
    worth = maps.strength if rank == "strength" else maps.change
    if row is not None:
        worth = np.maximum(row.a, row.b)
    return np.argsort(-worth, kind="stable")


def _notes(found: Selectivity, row: StageSelectivity, shown: np.ndarray) -> tuple[str, ...]:
    """Under each channel: the class it prefers, in A and, where it differs, in B."""
    names = [plain(name, 14) for name in found.classes]
    words = []
    for c in shown:
        before, after = (names[k] if k >= 0 else "none" for k in (row.prefers_a[c], row.prefers_b[c]))
        words.append(before if before == after else f"{before} → {after}")
    return tuple(words)


def _page(n: int) -> int:
    """The first channel of the page that the visitor picks; every channel can be reached."""
    pages = -(-n // COLUMNS)
    if pages == 1:
        return 0
    return (whole_number(f"Page of {pages}", 1, pages, "page", "features_page", 1, width=140) - 1) * COLUMNS


def _open_channel(channel: int, of_b: int = 0) -> None:
    st.session_state["features_channel_b" if of_b else "features_channel"] = channel
    st.session_state["features_view"] = "One channel"


def first_layer(a: FinishedRun, b: FinishedRun, gallery: Gallery, image: int | str) -> None:
    """The first convolution's filters as pictures."""
    found = ask(FiltersQuestion(a=a.id, b=b.id), "First filters", height=400)
    if found is None:
        return
    each = toggle(
        "Each filter on its own scale",
        "each",
        "features_each",
        help="Weak filters become visible, but their strengths can no longer be compared.",
    )
    draw(
        partial(first_filters, found, comparison.same_start(a.recipe, b.recipe), each),
        "features_filters",
        code=("explorer/looks/features/compute/filters.py", "first_filters"),
    )
    words = f"{len(found.kept)} of {found.total} filters of `{found.layer}`"
    st.caption(f"{words}, each {found.a.shape[2]} × {found.a.shape[3]} pixels.")


def first_clicked(act: Callable[[list[int]], None], key: str) -> Callable[[], None]:
    """What a click in the chart `key` does: `act` on the data of what was clicked."""

    def clicked() -> None:
        points = st.session_state[key]["selection"]["points"]
        if points and points[0].get("customdata"):
            act([int(v) for v in points[0]["customdata"]])

    return clicked

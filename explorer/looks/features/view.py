"""The views of the features page: the whole backbone, one stage, one channel, the first filters."""

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
from explorer.looks.features.figures.exciting import SHOWN, Top, exciting
from explorer.looks.features.figures.exciting import boxes as boxes_of
from explorer.looks.features.figures.filters import first_filters
from explorer.looks.features.figures.stage import ACROSS, channel_maps, feature_maps, own_maps, two_channel_maps
from explorer.looks.features.figures.strip import feature_strip
from explorer.looks.features.question import (
    Excitement,
    ExcitementQuestion,
    FeatureMaps,
    FeatureMapsQuestion,
    FeatureStripQuestion,
    FiltersQuestion,
    Selectivity,
    SelectivityQuestion,
    StageExcitement,
    StageSelectivity,
)
from explorer.looks.images.question import Gallery
from explorer.looks.images.view.choosing import choose_image
from explorer.looks.pair import comparison
from explorer.looks.pair.view.choosing import pick_stage
from explorer.runs import FinishedRun

RANKINGS = ("change", "strength", "class selectivity")
CEILING = 6.0  # what ReLU6 cuts off
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
    learns = b.recipe.learns
    names = [row.stage for row in strip.stages]
    draw(
        partial(feature_strip, strip, stage, learns),
        "features_strip",
        on_select=_first(lambda data: choose(stage=names[data[0]]), "features_strip"),
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
    shown = order[first : first + ACROSS]
    notes = _notes(*chosen, shown) if chosen else ()
    draw(
        partial(feature_maps, maps.take([int(c) for c in shown]), notes),
        "features_maps",
        on_select=_first(lambda data: _open_channel(data[0]), "features_maps"),
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
    of_a, of_b = (np.argsort(-worth, kind="stable") for worth in _strengths(maps))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        first = _page(len(of_a))
    shown = slice(first, first + ACROSS)
    draw(
        partial(own_maps, maps.take([int(c) for c in of_a[shown]]), maps.take([int(c) for c in of_b[shown]])),
        "features_own_maps",
        on_select=_first(lambda data: _open_channel(*data), "features_own_maps"),
        code=("explorer/looks/features/compute/channels.py", "strength"),
    )
    st.caption(
        f"Each network's {len(of_a)} channels of {safe_md(maps.stage)} by its own strength, strongest first; "
        f"{maps.a.shape[1]} × {maps.a.shape[2]} cells each."
    )


def _strengths(maps: FeatureMaps) -> tuple[np.ndarray, np.ndarray]:
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
    pages = -(-n // ACROSS)
    if pages == 1:
        return 0
    return (whole_number(f"Page of {pages}", 1, pages, "page", "features_page", 1, width=140) - 1) * ACROSS


def _open_channel(channel: int, of_b: int = 0) -> None:
    st.session_state["features_channel_b" if of_b else "features_channel"] = channel
    st.session_state["features_view"] = "One channel"


def one_channel(a: FinishedRun, b: FinishedRun, gallery: Gallery, image: int | str) -> None:
    """One channel: its maps for the picture, and the test images that excite it most in A and in B."""
    with controls("Stage"):
        stage = pick_stage(b)
    maps = ask(FeatureMapsQuestion(a=a.id, b=b.id, stage=stage, image=image), f"Channels of {stage}", height=320)
    if maps is None:
        return
    if not comparison.same_start(a.recipe, b.recipe):
        _two_channels(maps, stage)
        return
    channel = _pick_channel(f"Channel of {stage}", "features_channel", len(maps.change), int(maps.channels[0]))
    draw(
        partial(channel_maps, maps.take([channel])),
        "features_channel_maps",
        code=("explorer/looks/features/compute/channels.py", "maps"),
    )
    st.subheader("What excites it most")
    found = ask(ExcitementQuestion(a=a.id, b=b.id), "The test images that excite each channel", height=400)
    if found is not None:
        _exciting(found, gallery, stage, channel)


def _pick_channel(label: str, key: str, count: int, default: int) -> int:
    """A box for a channel's number; a number that this stage has not becomes the default."""
    name = key.removeprefix("features_")
    return whole_number(f"{label} (0 to {count - 1})", 0, count - 1, name, key, default, width=260)


def _two_channels(maps: FeatureMaps, stage: str) -> None:
    """A channel of A and one of B, each by its own number, without a difference."""
    of_a, of_b = (int(worth.argmax()) for worth in _strengths(maps))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        one = _pick_channel(f"Channel of {stage} in A", "features_channel", len(maps.change), of_a)
        other = _pick_channel(f"Channel of {stage} in B", "features_channel_b", len(maps.change), of_b)
    draw(
        partial(two_channel_maps, maps.take([one]), maps.take([other])),
        "features_two_channel_maps",
        code=("explorer/looks/features/compute/channels.py", "maps"),
    )
    st.caption(
        "A and B started from different weights, so this number names two different channels: there is no "
        "difference to show. To follow what excites a channel before and after, choose two runs that started from "
        "the same weights."
    )


def _exciting(found: Excitement, gallery: Gallery, stage: str, channel: int) -> None:
    row = next(row for row in found.stages if row.stage == stage)
    tops = [_top(found, row, gallery, channel, letter) for letter in "ab"]
    whole = row.sight == (0, 0)
    box = (
        "The outline is the cell's share of the grid: the cell itself sees the whole picture."
        if whole
        else "The outline is the cell's receptive field, cut at the border: the pixels that can reach it."
    )
    draw(
        partial(exciting, *tops, channel, stage, found.n, box),
        "features_exciting",
        on_select=_first(lambda data: choose_image(data[0]), "features_exciting"),
        code=("explorer/looks/features/compute/excite.py", "excite"),
    )
    st.markdown(_answer_words(found, row, channel))
    for letter, top in zip("AB", tops, strict=True):
        if words := tied(top.values, letter):
            st.caption(f":material/equal: {words}")


def tied(values: np.ndarray, letter: str) -> str:
    """What is to be said where several of the strongest images, `values` (t,), reach the same highest value; else empty."""
    many = int((values == values[0]).sum())
    if many < 2:
        return ""
    ceiling = ", the ceiling of ReLU6" if values[0] == CEILING else ""
    return (
        f"In {letter} {many} of these {len(values)} images reach the same highest value ({values[0]:.3g}{ceiling}). They share "
        "the first rank, and their order means nothing."
    )


def _top(found: Excitement, row: StageExcitement, gallery: Gallery, channel: int, letter: str) -> Top:
    """One network's row of the strongest images."""
    of = {name: getattr(row, f"{name}_{letter}")[channel][:SHOWN] for name in ("top", "value", "place", "elsewhere")}
    names = tuple(plain(found.classes[found.labels[i]], 40) for i in of["top"])
    boxes = boxes_of(row, of["place"], found.size, found.shown)
    return Top(of["top"], gallery.images[of["top"]], names, of["value"], of["elsewhere"], boxes)


def _answer_words(found: Excitement, row: StageExcitement, channel: int) -> str:
    """Which class fills the strongest images, before and after, and how alike the two rankings are."""
    words = []
    for letter in "ab":
        top = found.labels[getattr(row, f"top_{letter}")[channel][:SHOWN]]
        k = int(np.bincount(top).argmax())
        share = 100 * float(found.shares[k])
        words.append(
            f"{int((top == k).sum())} of {len(top)} are *{safe_md(found.classes[k])}* (of all images {share:.0f} %)"
        )
    rho = float(row.correlation[channel])
    alike = (
        "the channel responds to all images alike"
        if np.isnan(rho)
        else f"rank correlation {rho:.2f} (Spearman, n = {found.n})"
    )
    same = " The weights up to here are the same to the last bit." if row.same else ""
    return f"In A {words[0]}; in B {words[1]}. The two rankings of all images: {alike}.{same}"


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


def _first(act: Callable[[list[int]], None], key: str) -> Callable[[], None]:
    """What a click in the chart `key` does: `act` on the data of what was clicked."""

    def clicked() -> None:
        points = st.session_state[key]["selection"]["points"]
        if points and points[0].get("customdata"):
            act([int(v) for v in points[0]["customdata"]])

    return clicked


FEATURE_VIEWS = {
    "The whole backbone": whole,
    "One stage": one_stage,
    "One channel": one_channel,
    "First filters": first_layer,
}

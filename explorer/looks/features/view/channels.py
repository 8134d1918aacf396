"""One channel of a stage: where it answers in A and in B, and what excites it."""

from functools import partial

import numpy as np
import streamlit as st

from explorer.app.asking import ask
from explorer.app.controls import whole_number
from explorer.app.drawing import draw
from explorer.app.presenting import controls
from explorer.app.words import plain, safe_md
from explorer.looks.features.figures.exciting import SHOWN, Top, exciting
from explorer.looks.features.figures.exciting import boxes as boxes_of
from explorer.looks.features.figures.stage import channel_maps, two_channel_maps
from explorer.looks.features.question import (
    Excitement,
    ExcitementQuestion,
    FeatureMaps,
    FeatureMapsQuestion,
    StageExcitement,
)
from explorer.looks.features.view.stages import first_clicked, strengths
from explorer.looks.images.question import Gallery
from explorer.looks.images.view.choosing import choose_image
from explorer.looks.pair import comparison
from explorer.looks.pair.view.choosing import pick_stage
from explorer.runs import FinishedRun

CEILING = 6.0  # what ReLU6 cuts off


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
    """A box for a channel's number; a number that this stage lacks becomes the default."""
    name = key.removeprefix("features_")
    return whole_number(f"{label} (0 to {count - 1})", 0, count - 1, name, key, default, width=260)


def _two_channels(maps: FeatureMaps, stage: str) -> None:
    """A channel of A and one of B, each by its own number, without a difference."""
    of_a, of_b = (int(worth.argmax()) for worth in strengths(maps))
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
        on_select=first_clicked(lambda data: choose_image(data[0]), "features_exciting"),
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

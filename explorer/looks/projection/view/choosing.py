"""What a visitor chooses of a map: method and its settings, view, colours, dots or pictures, click or lasso."""

from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from explorer.app.address import keep, number, one_of
from explorer.app.controls import segments
from explorer.catalogue import PROJECTIONS

PAIR, ARROWS, SLIDE, EPOCHS, NOISE = "Side by side", "Arrows", "Slide A to B", "Epochs of B", "Pure noise"
VIEWS = (PAIR, ARROWS, SLIDE, EPOCHS, NOISE)
CLASS, SAID, RIGHT, SHUFFLED = "Class", "Prediction", "Right or wrong", "Shuffled labels"
COLOURS = (CLASS, SAID, RIGHT, SHUFFLED)
DOTS, PICTURES = "Dots", "Pictures"
CLICK, LASSO = "Click chooses", "Lasso selects"
NEIGHBOURS, DISTANCES = (5, 15, 50), (0.0, 0.1, 0.5)
USUAL: dict[str, Any] = {"neighbours": 15, "min_dist": 0.1, "seed": 0}


@dataclass(frozen=True)
class Picked:
    """The choice: `settings` holds only what differs from UMAP's usual values, so that all pages share one result."""

    method: str
    view: str
    colour: str = CLASS
    pictures: bool = False
    lasso: bool = False
    settings: dict[str, Any] = field(default_factory=dict)


def _row(label: str, options: tuple[str, ...], key: str, **more: Any) -> str:
    return segments(label, options, key, f"projection_{key}", **more)


def pick_map() -> Picked:
    """The controls above the map, in two rows; what does nothing in a view is not offered there."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        view = _row("View", VIEWS, "view")
        method = _row("Layout", tuple(PROJECTIONS), "method", format_func=_short)
        settings = _settings(method)
    colour, points, mouse = CLASS, DOTS, CLICK
    if view in (EPOCHS, NOISE):
        return Picked(method, view, settings=settings)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        colour = _row("Colour and symbol by", COLOURS, "colour")
        if view != SLIDE:
            points = _row("Points", (DOTS, PICTURES), "points")
            mouse = _row("Mouse", (CLICK, LASSO), "mouse", help="A lasso or box selects images on every page.")
    return Picked(method, view, colour, points == PICTURES, mouse == LASSO, settings)


def _short(method: str) -> str:
    return PROJECTIONS[method].title.split(",")[0]


def _settings(method: str) -> dict[str, Any]:
    """UMAP's settings in a popover; empty where they are the usual ones, and for PCA, which has none."""
    if method == "pca":
        return {}
    written = {"neighbours": one_of(NEIGHBOURS), "min_dist": one_of(DISTANCES), "seed": number(0, 9999)}
    chosen = {name: keep(name, f"projection_{name}", value, written[name]) for name, value in USUAL.items()}
    changed = chosen != USUAL
    with st.popover("Settings, changed" if changed else "Settings", icon=":material/tune:"):
        st.segmented_control(
            "Neighbours looked at", NEIGHBOURS, required=True, key="projection_neighbours",
            persist_state="session", help="Few: fine detail, and clumps even in noise. Many: the overall structure.",
        )  # fmt: skip
        st.segmented_control(
            "Least distance between points", DISTANCES, required=True, key="projection_min_dist",
            persist_state="session", help="Small: tight clumps. Large: spread out.",
        )  # fmt: skip
        st.number_input("Seed", 0, 9999, key="projection_seed", persist_state="session", width=140)
        st.button("Another seed", icon=":material/casino:", on_click=_another_seed)
        st.button("Reset to the defaults", icon=":material/undo:", on_click=_usual, disabled=not changed)
        st.caption(
            ":material/warning: The picture changes with each of these; the features do not. Trust only what every "
            "setting and every seed shows."
        )
    return {name: value for name, value in chosen.items() if value != USUAL[name]}


def _another_seed() -> None:
    st.session_state["projection_seed"] = (int(st.session_state.get("projection_seed") or 0) + 1) % 10_000


def _usual() -> None:
    for name, value in USUAL.items():
        st.session_state[f"projection_{name}"] = value

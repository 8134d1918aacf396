"""How pages show: type for the back of the room, and the format in which the browser saves a figure."""

from typing import Any

import streamlit as st

FORMATS = {"svg": "SVG (sharp at any size)", "png": "PNG (for slides)"}
LARGER = 1.3  # how much larger type is for a projector

# Streamlit fades a caption as a whole, links in it too: below the contrast that small type needs.
_CAPTIONS = (
    "<style>[data-testid=stCaptionContainer] { opacity: 1; color: color-mix(in srgb, currentColor 66%, transparent); }"
    "</style>"
)
_STYLE = f"<style>html {{ font-size: {round(16 * LARGER)}px !important; }}</style>"


def display_switch() -> None:
    """In the menu: larger type for a projector, and how figures are saved. Call it once, where a page begins."""
    with st.sidebar, st.popover("Display", icon=":material/present_to_all:", key="display"):
        st.toggle(
            "Projector: larger type",
            key="display_projector",
            persist_state="session",
            help="For the back of the room. Figures' type grows too.",
        )
        st.segmented_control(
            "Figures are saved as",
            list(FORMATS),
            default="svg",
            required=True,
            key="display_format",
            persist_state="session",
            format_func=FORMATS.get,
            help="The camera in a figure's corner saves it.",
        )
    st.html(_CAPTIONS)
    if projector():
        st.html(_STYLE)


def projector() -> bool:
    """Whether type is larger now."""
    return bool(st.session_state.get("display_projector", False))


def figure_config() -> dict[str, Any]:
    """What Plotly needs to know: the format of its camera, no logo, no zoom by the wheel."""
    kind = st.session_state.get("display_format") or "svg"
    save = {"format": kind, "filename": "thaw", **({"scale": 3} if kind == "png" else {})}
    return {"toImageButtonOptions": save, "displaylogo": False, "scrollZoom": False}

"""How pages show: type for the back of the room, the page alone for a presenter, readable code, how figures are saved."""

from typing import Any

import streamlit as st

from explorer.palette import CODE

FORMATS = {"svg": "SVG (sharp at any size)", "png": "PNG (for slides)"}
LARGER = 1.3  # how much larger type is for a projector

# Streamlit fades a caption as a whole, links in it too: below the contrast that small type needs.
_CAPTIONS = (
    "<style>[data-testid=stCaptionContainer] { opacity: 1; color: color-mix(in srgb, currentColor 66%, transparent); }"
    "</style>"
)
# What only works in the browser takes no room between what is seen.
_UNSEEN = "<style>[class*=st-key-unseen] { position: absolute; width: 0; height: 0; }</style>"
_STYLE = f"<style>html {{ font-size: {round(16 * LARGER)}px !important; }}</style>"
# Hidden, not left out: what stands in the menu keeps its state. On paper and for presenters alike the corner stays small.
_PRESENTING = """<style>
[data-testid=stSidebar], [data-testid=stHeader], [data-testid=stExpandSidebarButton] { display: none !important; }
[data-testid=stMainBlockContainer] { padding-top: 2.5rem; }
.st-key-present_corner { position: fixed; top: .5rem; right: .75rem; z-index: 1000; width: auto !important; }
.st-key-present_corner button { min-height: 0; padding: .15rem .6rem; }
@media print { .st-key-present_corner { display: none; } }
</style>"""


def display_switch() -> None:
    """In the menu: larger type for a projector, no menu for a presenter, and how figures are saved. Call it once, where a
    page begins.

    An address with `present=1` opens the app as a presenter shows it; it is kept in the address of each page.
    """
    if "display_present" not in st.session_state:
        st.session_state["display_present"] = st.query_params.get("present") == "1"
    # A new key closes it: its box stands beside the menu and would stay when that is hidden.
    key = "display_presenting" if presenting() else "display"
    with st.sidebar, st.popover("Display", icon=":material/present_to_all:", key=key):
        st.toggle(
            "Projector: larger type",
            key="display_projector",
            persist_state="session",
            help="For the back of the room. Text in figures grows too.",
        )
        st.toggle(
            "Presenter: hide the menu",
            key="display_present",
            persist_state="session",
            help="Larger type and only the page. *Menu* in the upper corner brings everything back; the address "
            "with present=1 can be bookmarked.",
        )
        st.segmented_control(
            "Figures are saved as",
            list(FORMATS),
            default="svg",
            required=True,
            key="display_format",
            persist_state="session",
            format_func=FORMATS.__getitem__,
            help="The camera in a figure's corner saves it.",
        )
    st.html(_CAPTIONS + _UNSEEN)
    st.html(_code_style("dark" if st.context.theme.type == "dark" else "light"))
    if projector():
        st.html(_STYLE)
    _present()


def _code_style(theme: str) -> str:
    """Colours of code that everyone can read, the more special of two rules last."""
    rules = (f"[data-testid=stCode] .token.{kind} {{ color: {ink} !important; }}" for kind, ink in CODE[theme].items())
    return f"<style>{' '.join(rules)}</style>"


def _present() -> None:
    """Hide all but the page, and leave a way back in the corner; the address says so."""
    if presenting():
        if st.query_params.get("present") != "1":
            st.query_params["present"] = "1"
        st.html(_PRESENTING)
        with st.container(key="present_corner"):
            st.button(
                "Menu",
                icon=":material/menu:",
                key="present_off",
                on_click=_show_menu,
                help="Show the menu again: the end of presenting",
            )
    elif "present" in st.query_params:
        del st.query_params["present"]


def _show_menu() -> None:
    st.session_state["display_present"] = False


def presenting() -> bool:
    """Whether the menu is hidden now."""
    return bool(st.session_state.get("display_present", False))


def projector() -> bool:
    """Whether type is larger now: switched on for a projector, or because someone presents."""
    return bool(st.session_state.get("display_projector", False)) or presenting()


def figure_config() -> dict[str, Any]:
    """What Plotly needs to know: the format of its camera, no logo, no zoom by the wheel."""
    kind = st.session_state.get("display_format") or "svg"
    save = {"format": kind, "filename": "thaw", **({"scale": 3} if kind == "png" else {})}
    return {"toImageButtonOptions": save, "displaylogo": False, "scrollZoom": False}

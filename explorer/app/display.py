"""How pages show: their measures, type for the back of the room, readable code, how figures are saved."""

from typing import Any

import streamlit as st

from explorer.app.presenting import class_link, present, presenting
from explorer.app.sharing import workspace_menu
from explorer.palette import BLUE, CODE
from explorer.workspaces import remembered

FORMATS = {"svg": "SVG (sharp at any size)", "png": "PNG (for slides)"}
_KEPT = "display"  # the name of these settings in a workspace
WIDTH = "thaw_width"  # the cookie in which browser.js leaves the page's width
PHONE = 640  # pixels, and less: figures stand one above the other; Streamlit's columns do so there too
LARGER = 1.3  # how much larger type is for a projector

# Streamlit fades a caption as a whole, links in it too: below the contrast that small type needs.
# Text keeps to a measure that can be read, figures and tables take the page; a phone gets smaller headings and margins.
# What only works in the browser (`unseen`) takes no room between what is seen.
_PAGE = """<style>
[data-testid=stCaptionContainer] { opacity: 1; color: color-mix(in srgb, currentColor 66%, transparent); }
[data-testid=stMainBlockContainer] { max-width: 80rem; padding: 4rem 2.5rem 6rem; }
[data-testid=stMarkdownContainer] > p, [data-testid=stMarkdownContainer] > ul, [data-testid=stMarkdownContainer] > ol,
[data-testid=stMarkdownContainer] > blockquote { max-width: 46rem; }
[data-testid=stMain] h1 { font-size: 2.25rem; line-height: 1.15; padding: 0 0 .5rem; }
[data-testid=stMain] h2 { font-size: 1.5rem; line-height: 1.25; padding: 1.25rem 0 .25rem; }
[data-testid=stMain] h3 { font-size: 1.2rem; line-height: 1.35; padding: .5rem 0 .25rem; }
[class*=st-key-unseen] { position: absolute; width: 0; height: 0; }
[class*="st-key-figure_"] [data-testid=stPopover] button { padding: 0 .25rem; min-height: 1.75rem; }
[class*="_swiped"] { overflow-x: auto; overscroll-behavior-x: contain; }
[class*="_swiped"] [data-testid=stPlotlyChart], [class*="_swiped"] [data-testid=stFullScreenFrame] { min-width: 760px; }
@media (max-width: 1100px) {
  [data-testid=stMainBlockContainer] { padding: 3.75rem 1.5rem 5rem; }
  [data-testid=stHorizontalBlock]:has(> [data-testid=stColumn] .st-key-lesson_guide) { flex-wrap: wrap; }
  [data-testid=stHorizontalBlock]:has(> [data-testid=stColumn] .st-key-lesson_guide) > [data-testid=stColumn] {
    min-width: 100%; position: static; }
}
@media (max-width: 640px) {
  [data-testid=stMainBlockContainer] { padding: 3.75rem 1rem 4rem; }
  [data-testid=stMain] h1 { font-size: 1.7rem; }
  [data-testid=stMain] h2 { font-size: 1.3rem; padding-top: 1rem; }
  [data-testid=stMain] h3 { font-size: 1.1rem; }
}
</style>"""
# White on the dark theme's blue has a contrast of 3.5; on the light theme's 5.2.
_BUTTONS = f"""<style>
[data-testid=stBaseButton-primary] {{ background-color: {BLUE}; border-color: {BLUE}; }}
[data-testid=stBaseButton-primary]:hover {{ filter: brightness(0.9); }}
@media (max-width: 640px) {{
  /* a label that is longer than a phone is wide goes on below; Streamlit would cut it off */
  :is([data-testid=stButton] button, [data-testid=stPageLink] a) [data-testid=stMarkdownContainer] p {{
    white-space: normal; overflow: visible; }}
}}
</style>"""
_STYLE = f"<style>html {{ font-size: {round(16 * LARGER)}px !important; }}</style>"


def display_switch() -> None:
    """In the menu: larger type for a projector, no menu for a presenter, and how figures are saved. Call it once, where a
    page begins.

    An address with `present=1` opens the app as a presenter shows it; it is kept in the address of each page.
    """
    _recall()
    if "display_present" not in st.session_state:
        st.session_state["display_present"] = st.query_params.get("present") == "1"
    # A new key closes it: its box stands beside the menu and would stay when that is hidden.
    key = "display_presenting" if presenting() else "display"
    with st.sidebar, st.popover("Display", icon=":material/present_to_all:", key=key):
        _switches()
    remembered.remember(
        _KEPT, f"{int(bool(st.session_state['display_projector']))} {st.session_state['display_format']}"
    )
    workspace_menu()
    st.html(_PAGE + _BUTTONS)
    st.html(_code_style())
    if projector():
        st.html(_STYLE)
    present()


def _switches() -> None:
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
        required=True,
        key="display_format",
        persist_state="session",
        format_func=FORMATS.__getitem__,
        help="The camera in a figure's corner saves it.",
    )
    link = st.expander(
        "Link to this page as a code", icon=":material/qr_code_2:", key="display_link", on_change="rerun"
    )
    if link.open:
        with link:
            class_link()


def _recall() -> None:
    """Show as the workspace's visitor chose on another device, or before."""
    if "display_recalled" in st.session_state:
        return
    st.session_state["display_recalled"] = True
    projector, _, kind = remembered.recall(_KEPT).partition(" ")
    st.session_state.setdefault("display_projector", projector == "1")
    st.session_state.setdefault("display_format", kind if kind in FORMATS else "svg")


def _code_style() -> str:
    """Colours of code that everyone can read, the more special of two rules last."""
    inks = {kind: by_theme(ink, CODE["dark"][kind]) for kind, ink in CODE["light"].items()}
    rules = (f"[data-testid=stCode] .token.{kind} {{ color: {ink} !important; }}" for kind, ink in inks.items())
    return f"<style>{' '.join(rules)}</style>"


def by_theme(light: str, dark: str) -> str:
    """A colour in CSS that is the theme's of the moment, also where the system changes it while a page is open."""
    return f"light-dark({light}, {dark})"


def projector() -> bool:
    """Whether type is larger now: switched on for a projector, or because someone presents."""
    return bool(st.session_state.get("display_projector", False)) or presenting()


def figure_config(key: str, phone: bool = False) -> dict[str, Any]:
    """What Plotly needs to know: the format of its camera and the name of the file, no logo, no zoom by the wheel; on a phone
    no toolbar, which would lie over the figure."""
    kind = st.session_state.get("display_format") or "svg"
    save = {"format": kind, "filename": figure_file(key), **({"scale": 3} if kind == "png" else {})}
    bar: dict[str, Any] = {"displayModeBar": False} if phone else {}
    return {"toImageButtonOptions": save, "displaylogo": False, "scrollZoom": False, **bar}


def name_figures(**words: str) -> None:
    """What figures that are saved from this page show, for their files' names: `stage`, `image`, `pair`."""
    st.session_state.setdefault("figure_words", {}).update(words)


def figure_file(key: str) -> str:
    """A saved figure's name, e.g. `thaw-features-maps-layer4-image7-linear_probe-6025_vs_full-4333`."""
    known = st.session_state.get("figure_words", {})
    parts = ["thaw", key.replace("_", "-"), *(known[name] for name in ("stage", "image", "pair") if known.get(name))]
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in "-".join(parts))[:120]


def narrow() -> bool:
    """Whether the visitor's page was as narrow as a phone's when it connected."""
    width = str(st.context.cookies.get(WIDTH, ""))
    return width.isascii() and width.isdigit() and len(width) < 6 and int(width) <= PHONE

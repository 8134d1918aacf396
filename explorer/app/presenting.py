"""The app as a presenter shows it: the page alone, one figure a screen, controls behind buttons, the class's link as a code.

The keys that turn from one figure to the next (arrows, Page Up, Page Down) are heard in browser.js.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode, urlsplit, urlunsplit

import psutil
import segno
import streamlit as st

from explorer.palette import INK, WHITE

SCREEN = 460  # pixels, at most, of a figure, so that it and its words fit on 1280 x 800
PRIVATE = ("present", "learned")  # what a link for others leaves out: the presenter's view, and what they have learned
_ONLY_HERE = ("localhost", "127.0.0.1", "::1")
_PLACES = {"Runs": 1, "Picture": 9, "View": 18, "Settings": 26, "Stage": 26, "Map": 18}  # rem from the left of the bar

# Hidden, not left out: what stands in the menu keeps its state. On paper and for presenters alike the corner stays small.
_STYLE = f"""<style>
[data-testid=stSidebar], [data-testid=stHeader], [data-testid=stExpandSidebarButton] {{ display: none !important; }}
[data-testid=stMainBlockContainer] {{ padding-top: 3.25rem; max-width: 92rem; }}
[data-testid=stMainBlockContainer] h1 {{ font-size: 1.5rem; padding: .25rem 0; }}
[class*="st-key-figure_"] {{ min-height: calc(100vh - 3.5rem); scroll-margin-top: 3rem; justify-content: center; }}
[data-testid=stApp]::before {{ content: ""; position: fixed; inset: 0 0 auto 0; height: 3rem; z-index: 980; background: inherit;
  pointer-events: none; }}
.st-key-present_corner, [class*="st-key-present_controls"] {{
  position: fixed; top: .4rem; z-index: 1000; width: auto !important; }}
.st-key-present_corner {{ right: .75rem; }}
{"".join(f".st-key-present_controls_{name} {{ left: {left}rem; }}" for name, left in _PLACES.items())}
.st-key-present_corner button, [class*="st-key-present_controls"] button {{ min-height: 0; padding: .15rem .6rem; }}
[class*="st-key-present_controls"] [data-testid=stPopoverBody] button {{ padding: revert; }}
@media print {{
  .st-key-present_corner, [class*="st-key-present_controls"], [data-testid=stApp]::before {{ display: none; }}
  [class*="st-key-figure_"] {{ min-height: 0; }}
}}
</style>"""


def presenting() -> bool:
    """Whether the menu is hidden now."""
    return bool(st.session_state.get("display_present", False))


def present() -> None:
    """Hide all but the page, with a way back in the corner; the address says so. Call it where a page begins."""
    if presenting():
        if st.query_params.get("present") != "1":
            st.query_params["present"] = "1"
        st.html(_STYLE)
        with st.container(key="present_corner", horizontal=True, gap="small"):
            link = st.popover("Link", icon=":material/qr_code_2:", key="present_link", on_change="rerun")
            if link.open:  # made only then, so that it has all that was chosen
                with link:
                    class_link()
            st.button("Menu", icon=":material/menu:", key="present_off", on_click=_show_menu,
                      help="Show the menu again: the end of presenting. Arrow keys turn to the next figure.")  # fmt: skip
    elif "present" in st.query_params:
        del st.query_params["present"]


def _show_menu() -> None:
    st.session_state["display_present"] = False


@contextmanager
def controls(name: str) -> Iterator[None]:
    """Controls above a figure: in sight; while someone presents, behind a button of this name in the bar above."""
    if not presenting():
        yield
        return
    with st.container(key=f"present_controls_{name}"), st.popover(name, icon=":material/tune:"):
        yield


def link_for_others() -> str:
    """The address of the page that is open, as another visitor should get it."""
    url = urlsplit(st.context.url or "http://localhost")
    query = {name: value for name, value in st.query_params.to_dict().items() if name not in PRIVATE}
    return urlunsplit((url.scheme, url.netloc, url.path, urlencode(query), ""))


def class_link() -> None:
    """The link as a code to photograph and as text to copy; says where it would work on this machine alone."""
    link = link_for_others()
    st.image(code_of(link), width=320, alt=f"QR code of {link}")
    st.code(link, language=None, wrap_lines=True)
    url = urlsplit(link)
    if url.hostname in _ONLY_HERE:
        elsewhere = f"{url.scheme}://{own_address()}" + f":{url.port}" * bool(url.port)
        st.caption(
            f":material/warning: This link opens only on this machine. For others start Thaw with `--server.address 0.0.0.0` "
            f"and open it under the machine's own address, e.g. `{elsewhere}`."
        )


def code_of(link: str) -> str:
    """The QR code of a link as an SVG picture: dark on white on any ground; 15 % of it may be covered."""
    buffer = io.BytesIO()
    segno.make(link, error="m", micro=False).save(buffer, kind="svg", scale=8, border=4, dark=INK, light=WHITE)
    return buffer.getvalue().decode()


def own_address() -> str:
    """This machine's address in its network; an example where it has none."""
    found = [one for some in psutil.net_if_addrs().values() for one in some if one.family.name == "AF_INET"]
    return next((one.address for one in found if not one.address.startswith("127.")), "192.168.1.5")

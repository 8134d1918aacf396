"""Two fields that send pictures from the browser to the server: one to drop files into, one with the camera.

They do not go through Streamlit's uploader, which keeps every file in the server's memory: each file streams to
`/api/arriving/…` (see `app.launch`), which writes it to the disk as it comes. What is checked here spares the visitor a wait;
what counts is checked on the server.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from explorer import limits
from explorer.app.base_path import address
from explorer.app.components import component
from explorer.own_sets import parcels

_DROP_HTML = """<div class="box"><p class="label"></p>
<button type="button" class="files">Choose files</button><button type="button" class="folder">Choose a folder</button>
<button type="button" class="stop" hidden>Cancel</button>
<input type="file" class="one" multiple hidden><input type="file" class="many" webkitdirectory hidden>
<progress max="1" value="0" hidden aria-label="Sent"></progress><p class="said" role="status"></p></div>"""

_CAMERA_HTML = """<div class="box"><div class="view"><video playsinline muted hidden></video>
<div class="count" hidden></div></div>
<p class="label"></p><button type="button" class="on">Switch the camera on</button>
<button type="button" class="burst" hidden></button><button type="button" class="single" hidden>Take one</button>
<button type="button" class="stop" hidden>Cancel</button>
<progress max="1" value="0" hidden aria-label="Sent"></progress><p class="said" role="status"></p></div>"""

BURST = 12
"""Pictures that the camera takes in a row."""


def _beside(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


_CSS, _SENDING = _beside("sending.css"), _beside("sending.js")  # both fields send alike
_drop = component("thaw_drop", html=_DROP_HTML, css=_CSS, js=_SENDING + _beside("dropping.js"))
_camera = component("thaw_camera", html=_CAMERA_HTML, css=_CSS, js=_SENDING + _beside("camera.js"))


def _address(parcel: str) -> str:
    """Where the browser sends the files of a parcel."""
    return address(f"/api/arriving/{parcels.ticket(parcel)}")


def _data(parcel: str, label: str, prefix: str, closed: bool) -> dict[str, Any]:
    return {
        "address": _address(parcel),
        "label": label,
        "prefix": prefix,
        "closed": closed,
        "most": limits.upload_bytes(),
    }


def drop_zone(
    parcel: str,
    label: str,
    on_arrived: Callable[[], None],
    *,
    key: str,
    prefix: str = "",
    closed: bool = False,
    folders: bool = True,
) -> None:
    """A field to drop files and folders into, with progress and Cancel; `prefix` (`cats/`) goes before their names, `closed`
    takes nothing yet."""
    _drop(key=key, data=_data(parcel, label, prefix, closed) | {"folders": folders}, on_arrived_change=on_arrived)


def camera(
    parcel: str, label: str, on_arrived: Callable[[], None], *, key: str, prefix: str, closed: bool = False
) -> None:
    """The camera, with a countdown and a burst; the pictures go to the class `prefix`."""
    _camera(key=key, data=_data(parcel, label, prefix, closed) | {"burst": BURST}, on_arrived_change=on_arrived)

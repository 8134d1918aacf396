"""One visitor of a server, without a browser: speaks the websocket that the app's pages speak, and times what comes back.

It keeps what a browser keeps: the open page, its address, the buttons that can be pressed, the parts that ask to be drawn again
every second. It draws nothing.
"""

import http.client
import re
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

LONGEST = 60.0
"""Seconds for one answer, after which a session counts as failed."""
_PARCEL = re.compile(rb"/api/arriving/([0-9a-f]{32}(?:-[0-9a-f]{32})?)")


class Lost(Exception):
    """The server did not answer, closed the session, or its page ended with an error."""


class Closed(Lost):
    """No connection, or it broke off, as when the server is restarted; a browser connects again by itself."""


@dataclass
class Heard:
    """What one rerun said: seconds to its end, and how much came."""

    seconds: float = 0.0
    elements: int = 0
    bytes: int = 0


@dataclass
class VisitorSession:
    """A visitor of the server on this port of this machine; `base` is the path that a reverse proxy shows (`/thaw`)."""

    port: int
    base: str = ""
    on_rerun: Callable[[str, float], None] = lambda page, seconds: None
    page: str = ""
    parcel: str = ""
    _held: ExitStack = field(default_factory=ExitStack)
    _socket: Any = None
    _cookie: dict[str, str] = field(default_factory=dict)
    _hashes: dict[str, str] = field(default_factory=dict)
    _hash: str = ""
    _query: str = ""
    _buttons: dict[str, tuple[str, str]] = field(default_factory=dict)
    _again: dict[str, float] = field(default_factory=dict)

    def connect(self, cookie: str = "") -> None:
        """Begin; `cookie` is what a browser would send. Raises Lost."""
        from websockets.exceptions import WebSocketException
        from websockets.sync.client import connect
        from websockets.typing import Subprotocol

        self._cookie = {"Cookie": cookie} if cookie else {}
        try:
            opened = connect(
                f"ws://127.0.0.1:{self.port}{self.base}/_stcore/stream", subprotocols=[Subprotocol("streamlit")],
                max_size=None, compression=None, open_timeout=LONGEST, close_timeout=2,
                additional_headers=self._cookie or None,
            )  # fmt: skip
            self._socket = self._held.enter_context(opened)
        except (OSError, WebSocketException) as error:
            raise Closed(f"no session: {error}") from error

    def open(self, page: str, query: str = "") -> Heard:
        """Go to a page as the menu does, or with an address (`step=5`)."""
        self.page, self._query = page, query
        self._buttons.clear()
        self._again.clear()
        wanted = self._hashes.get("" if page == "home" else page, "")
        return self._rerun(page_script_hash=wanted, page_name="" if wanted or page == "home" else page)

    def again(self, query: str | None = None) -> Heard:
        """The open page once more, with another address where one is given."""
        self._query = self._query if query is None else query
        return self._rerun(page_script_hash=self._hash)

    def press(self, ending: str) -> Heard:
        """Press the button whose key ends so. Raises Lost where the page shows none."""
        name = next((name for name in self._buttons if name.endswith(ending)), None)
        if name is None:
            raise Lost(f"the page {self.page} shows no button {ending!r}")
        where, _ = self._buttons[name]
        return self._rerun(page_script_hash=self._hash, pressed=name, fragment_id=where)

    def shows(self, ending: str) -> bool:
        """Whether there is such a button."""
        return any(name.endswith(ending) for name in self._buttons)

    def stay(self, seconds: float) -> None:
        """Look at the page for a while: parts that ask for it are drawn again meanwhile, as a browser does it."""
        end = time.monotonic() + seconds
        due = {part: time.monotonic() + every for part, every in self._again.items()}
        while (now := time.monotonic()) < end:
            due = {part: due.get(part, now + every) for part, every in self._again.items()}
            part, when = min(due.items(), key=lambda pair: pair[1], default=("", end))
            time.sleep(max(0.0, min(when, end) - time.monotonic()))
            if part and when <= end:
                self._rerun(page_script_hash=self._hash, fragment_id=part, is_auto_rerun=True)
                due[part] = time.monotonic() + self._again.get(part, 1.0)

    def send(self, name: str, content: bytes, part: float = 1.0) -> int:
        """Send a file to the parcel of the page *Bring pictures*; with `part` below 1 the connection breaks off there. The
        answer's status, 0 where it broke off."""
        wire = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LONGEST)
        path = f"{self.base}/api/arriving/{self.parcel}?name={quote(name)}"
        try:
            if part < 1:
                wire.putrequest("PUT", path)
                for header, value in (self._cookie | {"Content-Length": str(len(content))}).items():
                    wire.putheader(header, value)
                wire.endheaders(content[: int(len(content) * part)])
                return 0
            wire.request("PUT", path, content, self._cookie)
            return wire.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            raise Closed(f"the upload failed: {error}") from error
        finally:
            wire.close()

    def close(self) -> None:
        """Leave, as a browser does whose tab is closed."""
        self._held.close()
        self._socket = None

    def _rerun(self, pressed: str = "", **asked: Any) -> Heard:
        from streamlit.proto.BackMsg_pb2 import BackMsg
        from websockets.exceptions import ConnectionClosed, WebSocketException

        message = BackMsg()
        for name, value in asked.items():
            setattr(message.rerun_script, name, value)
        message.rerun_script.query_string = self._query
        message.rerun_script.context_info.timezone = "UTC"
        message.rerun_script.context_info.url = f"http://127.0.0.1:{self.port}{self.base}/{self.page}"
        if pressed:
            state = message.rerun_script.widget_states.widgets.add()
            state.id, state.trigger_value = pressed, True
        whole = not asked.get("fragment_id")
        heard, started = Heard(), time.perf_counter()
        try:
            self._socket.send(message.SerializeToString())
            while not self._hear(self._socket.recv(timeout=LONGEST), heard):
                pass
        except ConnectionClosed as error:
            raise Closed(f"{self.page}: {type(error).__name__}") from error
        except (OSError, TimeoutError, WebSocketException) as error:
            raise Lost(f"{self.page}: {type(error).__name__}") from error
        heard.seconds = time.perf_counter() - started
        self.on_rerun(self.page if whole else f"{self.page} (part)", heard.seconds)
        return heard

    def _hear(self, raw: Any, heard: Heard) -> bool:
        """Take in one message; whether it ends the rerun."""
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

        message = ForwardMsg.FromString(raw)
        heard.bytes += len(raw)
        kind = message.WhichOneof("type")
        if kind == "delta":
            heard.elements += 1
            self._element(message.delta, raw)
        elif kind == "navigation":
            self._hash = message.navigation.page_script_hash
            self._hashes |= {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
        elif kind == "new_session" and not message.metadata.run.fragment_ids:
            self._again.clear()  # the whole page is drawn again: its parts are others, and what was one is answered by nobody
            self._buttons.clear()
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif kind == "auto_rerun":
            self._again[message.auto_rerun.fragment_id] = max(0.2, message.auto_rerun.interval)
        elif kind == "script_finished":
            return message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
        return False

    def _element(self, delta: Any, raw: bytes) -> None:
        kind = delta.new_element.WhichOneof("type") if delta.WhichOneof("type") == "new_element" else ""
        if kind == "exception":
            raise Lost(f"the page {self.page} shows an error: {delta.new_element.exception.type}")
        if kind == "button":
            self._buttons[delta.new_element.button.id] = delta.fragment_id, delta.new_element.button.label
        elif kind == "bidi_component" and (found := _PARCEL.search(raw)):
            self.parcel = found[1].decode()

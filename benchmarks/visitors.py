"""Two visitors: one that speaks the server's own protocol and measures a rerun, and a real browser that sees a paint."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

from benchmarks.server import Server

LONGEST = 60.0  # seconds for one answer
BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")

# One click, then: the script ran and ended, and the browser painted what came of it.
CLICK = """async (button) => {
  const app = document.querySelector('[data-testid="stApp"]');
  const started = performance.now();
  const ended = new Promise((resolve, reject) => {
    let ran = false;
    const watch = new MutationObserver(() => {
      const state = app.getAttribute('data-test-script-state');
      if (state === 'running') ran = true;
      else if (ran && state === 'notRunning') { watch.disconnect(); resolve(); }
    });
    watch.observe(app, {attributes: true, attributeFilter: ['data-test-script-state']});
    setTimeout(() => { watch.disconnect(); reject(new Error('no rerun after the click')); }, 20000);
  });
  button.click();
  await ended;
  await new Promise(requestAnimationFrame);
  return performance.now() - started;
}"""


class Visitor:
    """A session over the websocket, without a browser: what the server and its scripts take, and nothing else."""

    def __init__(self, server: Server, page: str) -> None:
        self._page, self._hash, self.failed = page, "", ""
        address = f"ws://127.0.0.1:{server.port}/_stcore/stream"
        self._socket = connect(address, subprotocols=["streamlit"], max_size=None, compression=None)

    def rerun(self, query: str = "") -> float:
        """Ask for the page again (with this address); milliseconds until the script's end arrives."""
        message = BackMsg()
        message.rerun_script.query_string = query
        message.rerun_script.page_script_hash = self._hash
        message.rerun_script.page_name = "" if self._hash else self._page
        message.rerun_script.context_info.timezone = "UTC"
        started = time.perf_counter()
        self._socket.send(message.SerializeToString())
        while not self._ended(ForwardMsg.FromString(self._socket.recv(timeout=LONGEST))):
            pass
        return 1000 * (time.perf_counter() - started)

    def _ended(self, message: ForwardMsg) -> bool:
        kind = message.WhichOneof("type")
        if kind == "navigation":
            self._hash = message.navigation.page_script_hash
        elif kind == "delta" and message.delta.new_element.WhichOneof("type") == "exception":
            self.failed = message.delta.new_element.exception.message
        return kind == "script_finished" and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN

    def close(self) -> None:
        """Leave."""
        self._socket.close()


@contextmanager
def browser(apart: bool = False) -> Iterator[Any]:
    """This system's Chromium, headless; a string with the reason where there is none. `apart` lets it have what the processors
    have left, as if it were on a machine of its own."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        yield "Playwright is not installed (requirements-dev.txt)"
        return
    if path is None:
        yield f"none of {', '.join(BROWSERS)} is installed"
        return
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for process in psutil.Process().children(recursive=True) if apart else ():
            if "chrom" in process.name():
                process.nice(19)  # and what it starts from now on; among sessions Linux shares the processors out first
                with suppress(OSError):
                    Path(f"/proc/{process.pid}/autogroup").write_text("19")
        yield started
        started.close()


def paints(opened: Any, server: Server) -> tuple[float, float, float]:
    """Seconds from the server's start until a new visitor's browser shows the home page's title, its first result in words
    (what follows, how sure, at what cost), and its first figure."""
    opened.goto(server.address, wait_until="commit")
    seen = []
    for what in ("h1", "h3:has-text('p =') , h3:has-text('p < ')", '[data-testid="stPlotlyChart"] .main-svg'):
        opened.locator(what).first.wait_for(timeout=1000 * LONGEST)
        seen.append(time.perf_counter() - server.started)
    title, words, figure = seen
    return title, words, figure


def clicks(opened: Any, server: Server, page: str, n: int) -> list[float]:
    """Milliseconds from a click to the painted answer, n times: the page's first two-way control, to and fro."""
    opened.goto(f"{server.address}/{page}")
    opened.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for(timeout=1000 * LONGEST)
    control = opened.locator('[data-testid="stButtonGroup"] button, [data-testid="stCheckbox"] input')
    control.first.wait_for(state="attached", timeout=1000 * LONGEST)
    both = opened.locator('[data-testid="stButtonGroup"]').first.locator("button")
    found = []
    for i in range(n + 2):
        button = both.nth((i + 1) % 2) if both.count() > 1 else control.first
        found.append(button.evaluate(CLICK))
        time.sleep(0.1)
    return found[2:]  # either side once, for results that are computed on first asking

"""A real server on a free port of this machine, and the system's Chromium to look at it."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from explorer import jobs

ROOT = Path(__file__).parents[2]
READY = "[data-testid=stApp][data-test-script-state=notRunning]"
NAMES = ("chromium", "chromium-browser", "google-chrome")
expect.set_options(timeout=30_000)  # milliseconds: two busy cores draw a page in seconds


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium from PATH; without one the tests are skipped, in CI they fail. Closed after each module, since an open
    one keeps an event loop running."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        reason = f"no browser: none of {', '.join(NAMES)} is on PATH (Debian: apt-get install chromium)"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh tab; at the end it must not have asked any other host for anything, nor been refused anything."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    tab = context.new_page()
    tab.set_default_timeout(30_000)
    strangers: list[str] = []
    refused: list[str] = []
    tab.on(
        "request",
        lambda r: strangers.append(r.url) if not r.url.startswith(("http://127.0.0.1", "data:", "blob:")) else None,
    )
    tab.on("console", lambda m: refused.append(m.text) if "Content Security Policy" in m.text else None)
    yield tab
    context.close()
    assert not strangers, strangers
    assert not refused, refused


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _served(home: Path) -> Iterator[str]:
    """A server on `home`; at the end it and the worker that it started are gone."""
    port = _free_port()
    settings = {"THAW_HOME": str(home), "STREAMLIT_SERVER_PORT": str(port), "STREAMLIT_SERVER_ADDRESS": "127.0.0.1"}
    settings |= {"STREAMLIT_SERVER_HEADLESS": "true", "STREAMLIT_SERVER_FILE_WATCHER_TYPE": "none"}
    log = (home.parent / "server.log").open("wb")
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run"], cwd=ROOT, env=os.environ | settings, stdout=log, stderr=log
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{url}/_stcore/health", server)
        yield url
    finally:
        children = psutil.Process(server.pid).children(recursive=True) if server.poll() is None else []
        server.terminate()
        server.wait(15)
        for child in children:
            if child.is_running():
                child.kill()
        log.close()


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        assert server.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{url} did not answer")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Thaw's folder for this test; without sample runs."""
    monkeypatch.setenv("THAW_SAMPLES", str(tmp_path / "no samples"))
    monkeypatch.setenv("THAW_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def served(home: Path) -> Iterator[Callable[..., str]]:
    """Start a server on `home`: `served()` without a worker (the test holds its lock), `served(worker=True)` with one."""
    with ExitStack() as stack:

        def start(worker: bool = False) -> str:
            if not worker:
                stack.enter_context(jobs.worker_lock())
                jobs.beat("worker", "ready")
            return stack.enter_context(_served(home))

        yield start


def settled(page: Page) -> Page:
    """Wait until the page's script has run to its end."""
    page.wait_for_selector(READY)
    return page

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
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from explorer import jobs, runs
from explorer.bundle import ASSETS
from explorer.home import runs_folder
from explorer.recipe import Recipe

ROOT = Path(__file__).parents[2]
READY = "[data-testid=stApp][data-test-script-state=notRunning]"
NAMES = ("chromium", "chromium-browser", "google-chrome")
CAMERA = (
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)  # a picture that turns; nobody is asked
expect.set_options(timeout=30_000)  # milliseconds: two busy cores draw a page in seconds


OPEN = ExitStack()
CONTEXTS: list[BrowserContext] = []  # the one that is open, if any


@contextmanager
def _chromium() -> Iterator[BrowserContext]:
    """Chromium from PATH; without one the tests are skipped, in CI they fail. Pages of one site share a process, and what it has
    compiled; an empty tab stays open, so that it does. Nothing moves while it waits, as where a visitor's system asks for less
    motion."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        reason = f"no browser: none of {', '.join(NAMES)} is on PATH (Debian: apt-get install chromium)"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    arguments = ["--no-sandbox", "--process-per-site", *CAMERA]
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=path, args=arguments) as chromium:
        shared = chromium.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
        anchor = shared.new_page()
        anchor.route("**", lambda route: route.fulfill(body=""))
        anchor.goto("http://127.0.0.1")
        yield shared


@pytest.fixture
def context() -> BrowserContext:
    """What all tabs share, above all the app's scripts, fetched and compiled once."""
    if not CONTEXTS:
        CONTEXTS.append(OPEN.enter_context(_chromium()))
    return CONTEXTS[0]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(nextitem: pytest.Item | None) -> Iterator[None]:
    """Close the browser before a test that needs none, since an open one keeps an event loop running."""
    try:
        yield
    finally:
        if nextitem is None or nextitem.get_closest_marker("browser") is None:
            CONTEXTS.clear()
            OPEN.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A fresh tab in a browser that remembers nothing; at the end it must not have asked any other host for anything, nor
    been refused anything."""
    tab = context.new_page()
    tab.set_default_timeout(30_000)
    strangers: list[str] = []
    refused: list[str] = []
    origins: set[str] = set()

    def asked(url: str) -> None:
        if url.startswith("http://127.0.0.1"):
            origins.add("/".join(url.split("/")[:3]))
        elif not url.startswith(("data:", "blob:")):
            strangers.append(url)

    tab.on("request", lambda r: asked(r.url))
    tab.on("console", lambda m: refused.append(m.text) if "Content Security Policy" in m.text else None)
    yield tab
    forgetting = context.new_cdp_session(tab)
    for origin in origins:
        what = {"origin": origin, "storageTypes": "cookies,local_storage,indexeddb"}
        forgetting.send("Storage.clearDataForOrigin", what)
    for other in context.pages[1:]:
        other.close()
    context.clear_cookies()
    assert not strangers, strangers
    assert not refused, refused


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serve(home: Path, samples: str) -> Iterator[str]:
    """A server on `home`; at the end it and the worker that it started are gone."""
    port = _free_port()
    home.mkdir(parents=True, exist_ok=True)
    settings = {"THAW_HOME": str(home), "THAW_SAMPLES": samples}
    settings |= {"STREAMLIT_SERVER_PORT": str(port), "STREAMLIT_SERVER_ADDRESS": "127.0.0.1"}
    settings |= {"STREAMLIT_SERVER_HEADLESS": "true", "STREAMLIT_SERVER_FILE_WATCHER_TYPE": "none"}
    log = (home.parent / f"server-{port}.log").open("wb")
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


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Thaw's folder of all tests that need no worker: these hold its lock, so that no server starts one."""
    folder = tmp_path_factory.mktemp("browser") / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("THAW_HOME", str(folder))
        lock = jobs.worker_lock()
    with lock:
        yield folder


@pytest.fixture(scope="session")
def shared_servers(shared_home: Path) -> Iterator[Callable[[str], str]]:
    """The address of the server without a worker that shows the sample runs of a folder; each is started once."""
    addresses: dict[str, str] = {}
    with ExitStack() as stack:

        def address(samples: str) -> str:
            if samples not in addresses:
                addresses[samples] = stack.enter_context(serve(shared_home, samples))
            return addresses[samples]

        yield address


@pytest.fixture
def home(shared_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Thaw's folder for this test, emptied; without sample runs."""
    for path in shared_home.iterdir():
        if path.name == "worker.lock":
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    monkeypatch.setenv("THAW_SAMPLES", str(shared_home.parent / "no samples"))
    monkeypatch.setenv("THAW_HOME", str(shared_home))
    jobs.beat("worker", "ready")
    return shared_home


@pytest.fixture
def served(home: Path, shared_servers: Callable[[str], str]) -> Iterator[Callable[..., str]]:
    """The address of a server without a worker, on `home`: `served()` of one that is shared, `served(fresh=True)` of one that
    has shown nothing yet. Those with a worker: test_working.py."""
    with ExitStack() as stack:

        def start(fresh: bool = False) -> str:
            samples = os.environ["THAW_SAMPLES"]
            return stack.enter_context(serve(home, samples)) if fresh else shared_servers(samples)

        yield start


def bring_shipped(*recipes: Recipe) -> None:
    """Copy those of the sample runs that have one of these recipes into Thaw's folder, as if they had been trained there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("THAW_SAMPLES", str(ASSETS / "samples"))
        names = [run.id for run in runs.finished() if run.sample and run.recipe in recipes]
    assert len(names) == len(recipes)
    for name in names:
        shutil.copytree(ASSETS / "samples" / "runs" / name, runs_folder() / name)


def settled(page: Page) -> Page:
    """Wait until the page's script has run to its end."""
    page.wait_for_selector(READY)
    return page


THEIRS = ["list", "listitem"]  # the grouped menu is Streamlit's own markup
GRAVE = f"""async (only) => {{
  const grave = (rule) => ["serious", "critical"].includes(rule.impact) && !{THEIRS}.includes(rule.id);
  const rules = Object.fromEntries(axe._audit.rules.filter((rule) => !grave(rule)).map((rule) => [rule.id, {{enabled: false}}]));
  const {{violations}} = await axe.run({{resultTypes: ["violations"], ...(only.length ? {{runOnly: only}} : {{rules}})}});
  return violations.filter(grave).map((v) => [v.id, v.nodes[0].html.slice(0, 200), v.nodes[0].failureSummary]);
}}"""  # a breach weighs what its rule does: rules that weigh less are not tried
GROUND = "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"


def darken(page: Page) -> None:
    """The dark theme on a page that is drawn in the light one."""
    light = page.evaluate(GROUND)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"{GROUND} !== '{light}'")
    settled(page)


def grave(page: Page, *rules: str) -> list[tuple[str, str, str]]:
    """Serious and critical breaches of the accessibility rules (of `rules` alone, where named) on the page as it is drawn: rule,
    element, reason."""
    page.wait_for_timeout(300)
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    return [tuple(found) for found in page.evaluate(GRAVE, list(rules))]

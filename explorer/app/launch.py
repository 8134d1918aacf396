"""What the server's process does besides serving pages: keep a worker alive, say that it is ready, guard its answers."""

import asyncio
import gc
import importlib
import logging
import re
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from explorer import __version__, jobs, limits, logs, machine, workspaces
from explorer.app import memory, monitoring, widget_state
from explorer.app.mine import COOKIE, given_to, looking
from explorer.app.page_head import EarlyScript
from explorer.app.serving import presenter_link
from explorer.bundle import PACKAGE
from explorer.errors import ExplorerError
from explorer.evidence import Score
from explorer.own_sets import parcels

PULSE = 2.0  # seconds between two looks at the worker
HUNG = 90  # looks without a sign of life after which a worker that lives is replaced
FIRST = 2.5  # seconds before the first on one or two cores, about as long as the first page takes to be painted
WRITTEN_AT_ONCE = 1 << 20  # bytes of an upload that the memory holds
LONGEST_PAUSE = 60.0  # seconds before a worker that keeps dying is started again

_log = logging.getLogger(__name__)


class Supervisor:
    """Starts the worker where none runs; waits longer each time one dies young."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._silence = jobs.Silence()
        self._born = 0.0
        self._pause = PULSE

    def tick(self) -> None:
        """One look: show that the server lives, reap a dead worker, start the next."""
        jobs.beat("server")
        if self._silence.broken_after(HUNG):
            _log.warning("The worker gave no sign of life for %.0f seconds and was replaced.", HUNG * PULSE)
        now = time.monotonic()
        if self._child is not None:
            code = self._child.poll()
            if code is None:
                return
            logs.event("worker ended", now - self._born, code=code)
            self._pause = PULSE if now - self._born > LONGEST_PAUSE else min(2 * self._pause, LONGEST_PAUSE)
            self._child = None
        if self._born and now - self._born < self._pause:
            return
        self._child = jobs.ensure_worker()
        if self._child is not None:
            self._born = now
            logs.event("worker started")

    async def run(self) -> None:
        """Tick for ever, in a thread, so that the server's loop never waits for the disk.

        Where server and browser share two cores the first tick waits: a worker that imports torch would take them from the first
        page.
        """
        await asyncio.sleep(FIRST if machine.cores() <= 2 else 0)
        if await asyncio.to_thread(jobs.end_other_build):
            _log.warning("A worker of another build of Thaw was there and was ended; its trainings resume.")
        while True:
            try:
                await asyncio.to_thread(self.tick)
            except (ExplorerError, OSError) as error:
                _log.warning("The worker could not be started: %s", error)
            await asyncio.sleep(PULSE)


def warm() -> None:
    """Import what the pages need and draw once (Plotly builds its checks lazily), while the browser still loads.

    Freezing the heap afterwards makes each collection cheap.
    """
    import explorer.worlds.view.two_worlds  # noqa: F401  (imported here, so that the port answers first)
    from explorer.app.figures.accuracies import Bar, accuracies
    from explorer.app.figures.style import tint

    tint(accuracies([Bar("", Score(2, 1), False, False)], None), dark=False).checked().to_json()
    gc.collect()
    gc.freeze()


def load_pages() -> None:
    """Import what all pages are drawn with, once the first is there (0.4 CPU-seconds, 9 MB): who opens one first does not wait
    for it, and what a server that has seen visitors holds it holds before."""
    for file in sorted([*PACKAGE.rglob("view.py"), *PACKAGE.rglob("view/*.py")]):
        parts = file.relative_to(PACKAGE.parent).with_suffix("").parts
        importlib.import_module(".".join(parts).removesuffix(".__init__"))
    gc.freeze()


async def get_ready() -> None:
    """Warm up, in a thread."""
    await asyncio.to_thread(warm)
    await asyncio.sleep(FIRST)
    await asyncio.to_thread(load_pages)


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """Warm up, and supervise a worker, while the server runs."""
    logs.set_up()
    widget_state.ask_one_by_one()
    logs.event("server started", version=__version__)
    workspaces.install(looking)
    if workspaces.shared():
        print(
            f"\n  Shared: each visitor has a workspace of their own. The presenter opens\n  {presenter_link()}\n",
            flush=True,
        )
    lives = (Supervisor().run(), memory.keep_small(), get_ready())
    tasks = [asyncio.create_task(life) for life in lives]
    yield
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    logs.event("server ended")


async def sprite(request: Request) -> Response:
    """All thumbnails of a gallery as one picture; the browser keeps it, since a key never changes its meaning."""
    from explorer.looks.images.view.tiles import sprite as joined

    key, _, seal = request.path_params["key"].partition("-")
    if not re.fullmatch(r"[0-9a-f]{32}", key) or not given_to(request.cookies.get(COOKIE, ""), key, seal):
        return Response(status_code=404)
    try:
        picture = await asyncio.to_thread(joined, key)
    except (FileNotFoundError, ExplorerError):
        return Response(status_code=404)
    return Response(picture, media_type="image/jpeg", headers={"cache-control": "private, max-age=604800, immutable"})


async def arriving(request: Request) -> Response:
    """Take one file of a visitor's pictures in, streamed to the disk; `own_sets.parcels` says what is refused.

    The parcel's ticket is the permission: it is random, and only the page that opened it knows it.
    """
    try:
        if int(request.headers.get("content-length") or 0) > limits.upload_bytes():
            raise parcels.Refused("The file is larger than what is taken for one set (THAW_MAX_UPLOAD_GB).", 413)
        with parcels.receiving(
            parcels.opened(request.path_params["key"]), request.query_params.get("name", "")
        ) as coming:
            piece = bytearray()
            async for chunk in request.stream():
                piece += chunk
                if len(piece) >= WRITTEN_AT_ONCE:
                    await asyncio.to_thread(coming.write, bytes(piece))
                    piece.clear()
            coming.write(bytes(piece))
    except parcels.Refused as refused:
        return JSONResponse({"error": str(refused)}, refused.status)
    except ExplorerError as error:
        return JSONResponse({"error": str(error)}, 400)
    except (ClientDisconnect, ValueError):  # it broke off, or its length is no number: nothing of it was kept
        return JSONResponse({"error": "The upload broke off."}, 400)
    return JSONResponse({"name": coming.name, "size": coming.size})


async def handout(request: Request) -> Response:
    """A step of the lesson as one printable page."""
    from explorer.course.view.handout import handout as page

    try:
        text = await asyncio.to_thread(page, request.path_params["language"], request.path_params["step"])
    except ExplorerError as error:
        return PlainTextResponse(str(error), 404)
    return HTMLResponse(text)


_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"SAMEORIGIN",
    b"referrer-policy": b"same-origin",
    b"content-security-policy": (
        b"default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
        b"img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' data: blob:; worker-src 'self' blob:; "
        b"connect-src 'self' ws: wss: data: blob:; frame-ancestors 'self'; object-src 'none'; base-uri 'self'"
    ),
}


class SecurityHeaders:
    """Adds headers to every answer: nothing from other hosts is loaded, whatever a file or class name holds."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; the first message of an HTTP answer gets the headers it lacks."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", []))
                known = {name.lower() for name, _ in headers}
                headers += [(name, value) for name, value in _HEADERS.items() if name not in known]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, guarded if scope["type"] == "http" else send)


_OURS = [
    *monitoring.ROUTES,
    Route("/api/sprite/{key}.jpg", sprite),
    Route("/api/arriving/{key}", arriving, methods=["PUT"]),
    Route("/api/handout/{language}/{step:int}", handout),
]
ROUTES = monitoring.everywhere(_OURS)
MIDDLEWARE = [Middleware(monitoring.RequestLog), Middleware(SecurityHeaders), Middleware(EarlyScript)]

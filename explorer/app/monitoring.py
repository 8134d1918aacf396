"""What a machine asks of the server: does it live, may visitors come, how long did each request take."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from explorer import __version__, logs
from explorer.app.base_path import base_path
from explorer.jobs.readiness import readiness

UNCACHED = {"cache-control": "no-store"}


async def healthz(request: Request) -> JSONResponse:
    """The process answers: whoever watches it need not start it again. Asks neither disk nor worker."""
    return JSONResponse({"alive": True, "version": __version__}, headers=UNCACHED)


async def readyz(request: Request) -> JSONResponse:
    """Whether visitors get answers now (200), or the reasons why not (503)."""
    found = await asyncio.to_thread(readiness)
    return JSONResponse({"ready": found.ready, **asdict(found)}, 200 if found.ready else 503, headers=UNCACHED)


ROUTES = [Route("/healthz", healthz), Route("/readyz", readyz), Route("/api/ready", readyz)]


def everywhere(routes: Sequence[BaseRoute]) -> list[BaseRoute]:
    """Routes at their own paths, for what asks the port itself, and beneath the path that a reverse proxy shows."""
    base = base_path()
    beneath = [
        Route(f"{base}{route.path}", route.endpoint, methods=route.methods, include_in_schema=False)
        for route in routes
        if isinstance(route, Route)
    ]
    return [*routes, *beneath] if base else [*routes]


class RequestLog:
    """Logs each request's kind, status and duration where JSON lines are wanted: never its address, which may name things."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and log when the answer is out; a websocket when it is closed."""
        if scope["type"] not in ("http", "websocket") or not logs.wanted():
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 101 if scope["type"] == "websocket" else 500

        async def noted(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            logs.event("request", time.perf_counter() - started, kind=_kind(scope), status=status)


def _kind(scope: Scope) -> str:
    """The first of these words that stands in the path, else `page`."""
    path = scope["path"].removeprefix(base_path())
    known = {"/healthz": "health", "/readyz": "health", "/api/ready": "health", "/_stcore/health": "health"}
    known |= {
        "/api/sprite": "picture",
        "/api/arriving": "upload",
        "/api/handout": "handout",
        "/_stcore/stream": "session",
    }
    known |= {"/_stcore/upload_file": "upload", "/_stcore": "stream", "/static": "file", "/media": "file"}
    return next((kind for start, kind in known.items() if path.startswith(start)), "page")

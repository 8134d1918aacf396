"""What whoever runs a server relies on: health, readiness, logs, and a path of a reverse proxy's before every address."""

import asyncio
import io
import json
import logging
import os
import shutil
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from explorer import jobs, limits, logs
from explorer.app import base_path, launch, monitoring

Usage = namedtuple("Usage", "total used free")


def answered(route: Any) -> tuple[int, dict[str, Any]]:
    answer = asyncio.run(route(Request({"type": "http"})))
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code, json.loads(bytes(answer.body))


def test_ready_is_who_has_a_worker_a_folder_and_room_on_the_disk(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert answered(monitoring.healthz)[0] == 200, "a server without a worker lives"
    status, found = answered(monitoring.readyz)
    assert (status, found["ready"], found["worker"]) == (503, False, "gone")
    assert found["reasons"] == ["no worker is alive"]
    jobs.beat("worker", "warming")
    assert answered(monitoring.readyz)[1]["reasons"] == ["the worker warms up"]
    jobs.beat("worker", "broken: /a/path of ours is wrong")
    status, found = answered(monitoring.readyz)
    assert found["worker"] == "broken" and "/a/path" not in json.dumps(found), "anyone may ask"
    jobs.beat("worker", "ready")
    status, found = answered(monitoring.readyz)
    assert (status, found["ready"], found["reasons"]) == (200, True, [])
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda path: Usage(1, 1, limits.SPARE - 1))
        status, found = answered(monitoring.readyz)
        assert status == 503 and "too little" in found["reasons"][0]
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda path, mode: False)
        assert answered(monitoring.readyz)[1]["reasons"] == ["Thaw's folder cannot be written"]
    (home / "state.db").write_bytes(b"no database" * 1000)
    status, found = answered(monitoring.readyz)
    assert status == 503 and "the queue cannot be read or written" in found["reasons"]
    assert str(home) not in json.dumps(found)


def test_every_route_stands_beneath_the_proxys_path_too(monkeypatch: pytest.MonkeyPatch) -> None:
    routes = [route for route in launch.ROUTES if isinstance(route, Route)]
    assert [r.path for r in monitoring.everywhere(list(routes))] == [r.path for r in routes]
    monkeypatch.setattr("streamlit.get_option", lambda name: "/class/thaw/")
    assert base_path.address("/api/ready") == "/class/thaw/api/ready"
    both = [route for route in monitoring.everywhere(list(routes)) if isinstance(route, Route)]
    assert {r.path for r in both} == {r.path for r in routes} | {f"/class/thaw{r.path}" for r in routes}
    of = {r.path: r for r in both}
    assert of["/class/thaw/api/arriving/{key}"].methods == {"PUT"}


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Logging as THAW_LOG=json sets it up, undone afterwards; gives the lines written so far."""
    root, ours = logging.getLogger(), logging.getLogger("thaw")
    handlers, level = root.handlers[:], ours.level
    known = {n: one for n, one in logging.root.manager.loggerDict.items() if isinstance(one, logging.Logger)}
    before = {name: (logger.handlers[:], logger.propagate) for name, logger in known.items()}
    monkeypatch.setenv("THAW_LOG", "json")
    written = io.StringIO()
    monkeypatch.setattr(logs.sys, "stderr", written)
    logs.set_up()
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.handlers[:], ours.level = handlers, level
    for name, (kept, propagates) in before.items():
        known[name].handlers[:], known[name].propagate = kept, propagates


def test_a_log_line_says_when_what_and_how_long_and_nothing_of_a_visitor(lines: Any) -> None:
    with pytest.raises(ValueError), logs.timed("rerun", page="home"):
        raise ValueError("Grandmother.jpg")
    try:
        raise OSError("/someone/Grandmother.jpg")
    except OSError:
        logging.getLogger("streamlit.elsewhere").exception("cannot read %s", "Grandmother.jpg")
    rerun, other = lines()
    assert rerun.keys() == {"time", "level", "event", "seconds", "page"} and rerun["event"] == "rerun"
    assert rerun["time"].endswith("+00:00") and 0 <= rerun["seconds"] < 5
    assert (other["level"], other["event"], other["error"]) == ("error", "streamlit.elsewhere", "OSError")
    assert other["at"].startswith("test_serving.py:")
    assert "Grandmother" not in json.dumps([rerun, other])


@pytest.mark.parametrize(
    ("kind", "path"),
    [("page", "/images"), ("upload", "/api/arriving/0a1b"), ("picture", "/api/sprite/0a1b.jpg"), ("health", "/readyz")],
)
def test_a_request_is_logged_by_its_kind(lines: Any, kind: str, path: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 418, "headers": []})

    async def send(message: Message) -> None:
        pass

    scope = {"type": "http", "path": path, "query_string": b"name=Grandmother.jpg"}
    asyncio.run(monitoring.RequestLog(app)(scope, None, send))
    (line,) = lines()
    assert (line["event"], line["kind"], line["status"]) == ("request", kind, 418)
    assert "0a1b" not in json.dumps(line) and "Grandmother" not in json.dumps(line)


def test_nothing_is_logged_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THAW_LOG", raising=False)
    handlers = logging.getLogger().handlers[:]
    logs.set_up()
    assert logging.getLogger().handlers == handlers

"""Logs for whoever runs a server: one JSON object a line where $THAW_LOG is `json`, plain lines else.

A line says when, how grave, what, and how long. It never holds what visitors brought, typed or called something: of Thaw's own
events only numbers and words of Thaw's, of other libraries only where in their code they spoke, since their messages may hold
file names and addresses.
"""

import json
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

_log = logging.getLogger("thaw")
Fact = str | int | float | bool


def wanted() -> bool:
    """Whether $THAW_LOG asks for JSON lines."""
    return os.environ.get("THAW_LOG", "").strip().casefold() == "json"


def event(name: str, seconds: float | None = None, level: int = logging.INFO, **facts: Fact) -> None:
    """Log that something happened, and how long it took; `facts` are numbers and words of Thaw's own."""
    if _log.isEnabledFor(level):
        if seconds is not None:
            facts = {"seconds": round(seconds, 4)} | facts
        told = "".join(f" {key}={value}" for key, value in facts.items())
        _log.log(level, "%s", f"{name}{told}", extra={"thaw": {"event": name} | facts})


@contextmanager
def timed(name: str, **facts: str) -> Iterator[None]:
    """Log an event when the block ends, whichever way, with its duration."""
    started = time.perf_counter()
    try:
        yield
    finally:
        event(name, time.perf_counter() - started, logging.INFO, **facts)


class Lines(logging.Formatter):
    """A record as one JSON object: `time` (UTC), `level`, `event`, then the event's own facts, or where it was said."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        when = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        told = getattr(record, "thaw", None) or _elsewhere(record)
        return json.dumps({"time": when, "level": record.levelname.lower(), **told})


def _elsewhere(record: logging.LogRecord) -> dict[str, Fact]:
    """What may be told of a record that is no event of ours: who spoke, where, and of which kind the error was."""
    facts: dict[str, Fact] = {"event": record.name, "at": f"{Path(record.pathname).name}:{record.lineno}"}
    kind = record.exc_info[0] if record.exc_info else None
    return facts | {"error": kind.__name__} if kind is not None else facts


def set_up() -> None:
    """Write every logger's records to the standard error as JSON lines, where that is wanted; else leave all as it is."""
    if not wanted():
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    for name in list(logging.root.manager.loggerDict):  # Streamlit's and uvicorn's have handlers of their own
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = name != "uvicorn.access"  # it was silent, and its lines are addresses
    _log.setLevel(logging.INFO)

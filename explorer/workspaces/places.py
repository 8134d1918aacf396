"""Where workspaces lie: a folder each, named by the digest of the name that its browser keeps, so that the disk holds no name."""

import functools
import hashlib
import os
import re
import secrets
import time
from contextlib import suppress
from pathlib import Path

from explorer.home import home, with_room

PUBLISHED = "published"
"""The folder of what all may see."""
SEEN = "seen"
"""The file whose time says when somebody was last here."""
_NAME, _MARK = re.compile(r"[0-9a-f]{32}"), re.compile(r"[0-9a-f]{32}")
_TOUCHED = 60.0  # seconds between two notes that somebody is here


def shared() -> bool:
    """Whether visitors are kept apart: $THAW_SHARED, set and not 0."""
    return os.environ.get("THAW_SHARED", "").strip() not in ("", "0")


def new_name() -> str:
    """A name for a workspace that nobody guesses: 32 hexadecimal digits."""
    return secrets.token_hex(16)


def mark_of(name: str) -> str:
    """What the server calls the workspace of that name: 32 hexadecimal digits. Raises ValueError for a text that is no name."""
    if not _NAME.fullmatch(name):
        raise ValueError(name)
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def folder(mark: str) -> Path:
    """Where a workspace lies. Raises ValueError for what is no mark."""
    if mark != PUBLISHED and not _MARK.fullmatch(mark):
        raise ValueError(mark)
    return _inside(home(), mark)


@functools.lru_cache(maxsize=1024)
def _inside(home: Path, mark: str) -> Path:
    """Made once: a page of a shared server asks for it a hundred times."""
    return home / "workspaces" / mark


def every() -> list[str]:
    """The marks of all workspaces."""
    with suppress(OSError):
        return sorted(entry.name for entry in os.scandir(home() / "workspaces") if _MARK.fullmatch(entry.name))
    return []


def owned(mark: str, kind: str) -> list[str]:
    """The names of what a workspace owns of a kind, in their order; of runs, the earliest first."""
    with suppress(OSError, ValueError):
        return sorted(entry.name for entry in os.scandir(folder(mark) / kind) if not entry.name.startswith("."))
    return []


def latest(mark: str, kind: str) -> list[str]:
    """The same, what was noted last first."""

    def noted(name: str) -> int:
        with suppress(OSError):
            return (folder(mark) / kind / name).stat().st_mtime_ns
        return 0

    return sorted(owned(mark, kind), key=noted, reverse=True)


def has(mark: str, kind: str, name: str) -> bool:
    """Whether a workspace owns this."""
    plain = bool(name) and not {"/", os.sep} & {*name} and not name.startswith(".")
    return plain and folder(mark).joinpath(kind, name).is_file()


def note(mark: str, kind: str, name: str, words: str = "") -> None:
    """Write down that a workspace owns this, in its own `words`. Raises OSError where the disk does not take it."""
    if Path(name).name != name or not name:
        raise ValueError(name)
    place = folder(mark) / kind

    def write() -> None:
        place.mkdir(parents=True, exist_ok=True)
        if words:
            (place / name).write_text(words, encoding="utf-8")
        (place / name).touch()
        os.utime(place / name)

    with_room(write)


def words_of(mark: str, kind: str, name: str) -> str:
    """What a workspace calls this; empty where it does not own it, or said nothing."""
    if has(mark, kind, name):
        with suppress(OSError, UnicodeDecodeError):
            return (folder(mark) / kind / name).read_text(encoding="utf-8")
    return ""


def strike(mark: str, kind: str, name: str) -> None:
    """Take that back."""
    with suppress(OSError):
        (folder(mark) / kind / name).unlink(missing_ok=True)


def note_visit(mark: str) -> None:
    """Note that somebody is here now; at most once a minute, and never a reason to fail."""
    file = folder(mark) / SEEN
    with suppress(OSError):
        if time.time() - last_seen(mark) > _TOUCHED:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
            os.utime(file)


def last_seen(mark: str) -> float:
    """When somebody was last here, in seconds since 1970; 0 where nobody was."""
    try:
        return (folder(mark) / SEEN).stat().st_mtime
    except OSError:
        return 0.0

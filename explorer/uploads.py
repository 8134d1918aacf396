"""Pictures of visitors' own: bytes kept under a name that follows from them, the last hundred of them."""

import hashlib
import re
from contextlib import suppress
from pathlib import Path

from explorer import limits, workspaces
from explorer.errors import ExplorerError
from explorer.home import home, keep_below, write_aside

MOST_BYTES = 15_000_000
KEPT = 100
_KEY = re.compile(r"[0-9a-f]{32}")


def most_kept() -> int:
    """How many pictures stay: of who is looking on a shared server, else of all."""
    return KEPT if workspaces.viewer() is None else limits.visitor_pictures()


def folder() -> Path:
    """Where they lie."""
    return home() / "pictures"


def keep(picture: bytes) -> str:
    """Keep a picture as it came and return its key, 32 hexadecimal digits; the oldest beyond the last hundred go.

    It is not opened here: the worker does that, with all its checks. Raises ExplorerError for an empty or too large one.
    """
    if not 0 < len(picture) <= MOST_BYTES:
        raise ExplorerError(
            f"The picture has {len(picture) / 1e6:.1f} MB; from 1 byte to {MOST_BYTES / 1e6:.0f} MB are taken. "
            f"Choose another, or make it smaller."
        )
    key = hashlib.sha256(picture).hexdigest()[:32]
    path = folder() / key
    try:
        folder().mkdir(parents=True, exist_ok=True)
        write_aside(path, lambda part: part.write_bytes(picture))
        workspaces.take("pictures", key)
    except OSError as error:
        raise workspaces.refused("The picture cannot be kept", folder(), error) from error
    _keep_few()
    return key


def _keep_few() -> None:
    """The last ones stay: so many of each visitor on a shared server, else so many of all."""
    if workspaces.viewer() is None:
        names = (path.name for path in folder().iterdir() if _KEY.fullmatch(path.name))
        nobodys = (folder() / name for name in names if not workspaces.owners("pictures", name))
        keep_below(KEPT, nobodys, weight=lambda path: 1)
    for name in workspaces.keep_latest("pictures", most_kept()):
        (folder() / name).unlink(missing_ok=True)


def read(key: str) -> bytes:
    """The bytes of a kept picture; ExplorerError where there is none of that key (any more)."""
    if _KEY.fullmatch(key) and workspaces.sees("pictures", key):
        with suppress(FileNotFoundError):
            return (folder() / key).read_bytes()
    raise ExplorerError(
        f"Your picture {key[:32]!r} is not kept any more (the last {most_kept()} are). Choose it again."
    )

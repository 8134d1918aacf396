"""Files that come through the browser and are read by the worker: kept by what they hold, the last few of them."""

import hashlib
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from explorer import limits, workspaces
from explorer.errors import ExplorerError
from explorer.home import home, keep_below, sweep, write_aside

KEPT = 4
AT_ONCE = 1 << 20
_KEY = re.compile(r"[0-9a-f]{32}")


def folder() -> Path:
    """Where they lie."""
    return home() / "incoming"


def keep(stream: BinaryIO) -> str:
    """Keep what a stream holds, and return its key, 32 hexadecimal digits; all but the last KEPT files go."""
    digest = hashlib.sha256()
    stream.seek(0)
    while block := stream.read(AT_ONCE):
        digest.update(block)
    key = digest.hexdigest()[:32]
    try:
        folder().mkdir(parents=True, exist_ok=True)
        sweep(folder())
        if not (folder() / key).is_file():
            write_aside(folder() / key, lambda part: _copy(stream, part))
        os.utime(folder() / key)
        workspaces.take("incoming", key)
        _keep_few()
    except OSError as error:
        raise workspaces.refused("The file cannot be kept", folder(), error) from error
    return key


def _keep_few() -> None:
    """The last KEPT files stay: of each visitor on a shared server, where they are no more than fits into their disk, else of
    all."""
    if workspaces.viewer() is None:
        keep_below(KEPT, (path for path in folder().iterdir() if _KEY.fullmatch(path.name)), weight=lambda path: 1)
    for name in workspaces.keep_latest("incoming", 1, _share):
        (folder() / name).unlink(missing_ok=True)


def _share(name: str) -> float:
    """How much a file takes of what its visitor may keep here."""
    with suppress(OSError):
        return max(1 / KEPT, (folder() / name).stat().st_size / max(limits.visitor_bytes(), 1))
    return 0.0  # gone since


def _copy(stream: BinaryIO, part: Path) -> None:
    stream.seek(0)
    with part.open("wb") as file:
        while block := stream.read(AT_ONCE):
            file.write(block)


def path(key: str) -> Path:
    """The kept file; ExplorerError where there is none of that key (any more)."""
    if _KEY.fullmatch(key) and workspaces.sees("incoming", key) and (folder() / key).is_file():
        return folder() / key
    raise ExplorerError(f"The file {key[:32]!r} is not kept any more (the last {KEPT} are). Choose it again.")

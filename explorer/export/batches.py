"""Pictures that a visitor brought to have them classified, many at a time: kept under a name that follows from them."""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from explorer import limits, workspaces
from explorer.errors import ExplorerError
from explorer.home import home, with_room
from explorer.uploads import MOST_BYTES

MOST_PICTURES, MOST_TOGETHER, KEPT = 1000, 500_000_000, 10
MOST_SEEN = 20_000  # files of a folder: as many as are looked at
_KEY = re.compile(r"[0-9a-f]{32}")
_NAMES = "names.json"


def keep(pictures: Sequence[tuple[str, bytes]]) -> str:
    """Keep (name, bytes) of pictures and return the batch's key, 32 hexadecimal digits; all but the last KEPT batches go.

    They are not opened here. Raises ExplorerError for none, too many, or too large ones.
    """
    total = sum(len(content) for _, content in pictures)
    if not 0 < len(pictures) <= MOST_PICTURES or total > MOST_TOGETHER:
        raise ExplorerError(
            f"{len(pictures)} pictures of {total / 1e6:.0f} MB were given. Allowed: 1 to {MOST_PICTURES}, together at most "
            f"{MOST_TOGETHER / 1e6:.0f} MB. Give fewer, or name a folder on the server."
        )
    large = next((name for name, content in pictures if len(content) > MOST_BYTES), None)
    if large is not None:
        raise ExplorerError(
            f"{large!r} has more than {MOST_BYTES / 1e6:.0f} MB, the most for one picture. Leave it out."
        )
    digest = hashlib.sha256()
    for name, content in pictures:
        digest.update(f"{name}\n{len(content)}\n".encode(errors="replace"))
        digest.update(content)
    key = digest.hexdigest()[:32]
    place = home() / "batches" / key
    if not place.is_dir():
        _write(place, pictures)
    os.utime(place)
    workspaces.take("batches", key)
    _keep_few()
    return key


def _write(place: Path, pictures: Sequence[tuple[str, bytes]]) -> None:
    """The folder aside, then renamed: numbers as file names, so that no name of a visitor's becomes a path."""
    part = place.with_name(f".{place.name}.{os.getpid()}.part")

    def write() -> None:
        part.mkdir(parents=True, exist_ok=True)
        for i, (_, content) in enumerate(pictures):
            (part / f"{i:05d}").write_bytes(content)
        (part / _NAMES).write_text(json.dumps([name for name, _ in pictures]), encoding="utf-8")

    try:
        with_room(write)
        part.rename(place)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        if place.is_dir():  # another visitor was faster with the same pictures
            return
        raise workspaces.refused("The pictures cannot be kept", place.parent, error) from error


def _keep_few() -> None:
    """The last KEPT batches stay: of each visitor on a shared server, where they are no more than fits into their disk, else of
    all."""
    folder = home() / "batches"
    gone = workspaces.keep_latest("batches", 1, _share)
    if workspaces.viewer() is None:
        found = [path for path in folder.iterdir() if _KEY.fullmatch(path.name)]
        gone = [path.name for path in sorted(found, key=lambda path: path.stat().st_mtime_ns)[:-KEPT]]
    for name in gone:
        shutil.rmtree(folder / name, ignore_errors=True)


def _share(name: str) -> float:
    """How much a batch takes of what its visitor may keep here."""
    with suppress(OSError):
        files = (home() / "batches" / name).iterdir()
        return max(1 / KEPT, sum(file.stat().st_size for file in files) / max(limits.visitor_bytes(), 1))
    return 0.0  # gone since


def pictures(key: str) -> list[tuple[str, Path]]:
    """The batch's pictures as (name, file); ExplorerError where it is not kept any more."""
    place = home() / "batches" / key
    if _KEY.fullmatch(key) and workspaces.sees("batches", key):
        with suppress(OSError, ValueError):
            names = json.loads((place / _NAMES).read_text(encoding="utf-8"))
            return [(str(name), place / f"{i:05d}") for i, name in enumerate(names)]
    raise ExplorerError(
        f"The pictures {key[:32]!r} are not kept any more (the last {KEPT} batches are). Choose them again."
    )


def seen(folder: str) -> str:
    """The state of a folder on the server: changes with the name, size or time of any of its first MOST_SEEN files; empty where
    there is none. A page asks at each drawing, and somebody may name the root of a disk."""
    digest, root, count = hashlib.sha256(), Path(folder).expanduser(), 0
    for parent, inner, names in os.walk(root):
        inner.sort()
        count += len(names)
        if count > MOST_SEEN:
            break
        for name in sorted(names):
            with suppress(OSError):
                facts = Path(parent, name).stat()
                digest.update(f"{parent}/{name} {facts.st_size} {facts.st_mtime_ns}\n".encode(errors="replace"))
    return digest.hexdigest()[:16] if root.is_dir() else ""

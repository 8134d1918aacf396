"""Pictures on their way in: a parcel is a folder into which an upload streams, until a set is made of it or it is left.

A parcel's ticket is random and known to the page that opened it alone: who does not know it can put nothing in. Each file that
arrives is written under a number; the name that it came with is a line of a list, never a path. Bytes are counted as they
come: above the limits, or where the disk is nearly full, the file is refused and removed at once.
"""

import json
import os
import secrets
import shutil
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from explorer import limits, own_sets, workspaces
from explorer.home import append, with_room
from explorer.home import put as put_all
from explorer.own_sets import coming
from explorer.own_sets.lying import KEY, WHOSE, beside, folder, listed, root, there, whose
from explorer.own_sets.room import Refused, check_room, disk

ABANDONED = 6 * 3600.0
"""Seconds after which a parcel that nobody touched is thrown away."""
_PARTS = ".part"
_LOCK = threading.Lock()


@dataclass(frozen=True)
class Arrived:
    """One file of a parcel: the path that it came with, where its bytes are, their number."""

    name: str
    path: Path
    size: int


@dataclass
class _Held:
    """The files of a parcel, name → (file on the disk, bytes), and the sum of their bytes."""

    files: dict[str, tuple[str, int]]
    size: int


_HELD: dict[str, _Held] = {}
"""What each parcel holds: read once, then kept up, since thousands of files may come one by one."""
MOST_HELD = 20


def open_parcel() -> str:
    """A new, empty parcel: 32 hexadecimal digits. Parcels that nobody touched for hours go first."""
    sweep()
    key = secrets.token_hex(16)

    def make() -> None:
        (folder() / key).mkdir(parents=True, exist_ok=True)
        if me := workspaces.viewer():
            (folder() / key / WHOSE).write_text(me, encoding="utf-8")

    with disk():
        with_room(make)
    return key


def alive(key: str) -> bool:
    """Whether there is such a parcel, and it is not another visitor's."""
    return there(key) and workspaces.viewer() in (None, whose(key))


def ticket(key: str) -> str:
    """What a page shows to send files to its parcel: its name, and on a shared server the seal of whose it is, since the name
    stands in the page's address, which people pass on."""
    me = whose(key) if workspaces.shared() else ""
    return f"{key}-{workspaces.seal(me, key)}" if me else key


def opened(shown: str) -> str:
    """The parcel of a ticket. Raises Refused for one that is none."""
    key = shown.partition("-")[0]
    if not there(key) or not secrets.compare_digest(shown.encode(), ticket(key).encode()):
        raise Refused("This upload was closed or has timed out. Reload the page and try again.", 404)
    return key


def contents(key: str) -> list[Arrived]:
    """What has arrived whole, in the order of arrival; of two files of one name the later."""
    return [Arrived(name, root(key) / file, size) for name, (file, size) in listed(key).items()]


def put(key: str, name: str, chunks: Iterable[bytes]) -> Arrived:
    """Take a whole file in from its pieces."""
    with receiving(key, name) as coming:
        for chunk in chunks:
            coming.write(chunk)
    return coming.arrived()


def take_back(key: str, name: str) -> None:
    """Remove a file that arrived."""
    if name in _held(key).files:
        _note(key, name, "", 0)


class ArrivingFile:
    """A file that is arriving: `write` its pieces; `arrived` once it is whole. Raises Refused at the first byte too many."""

    def __init__(self, key: str, name: str) -> None:
        self._key, self.name, self.size = key, _checked_name(name), 0
        self._file = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
        self._part: FileIO | None = None
        self._beside = beside(key)
        if len(_held(key).files) > limits.pictures():
            raise Refused(f"More than {limits.pictures()} files were sent; that is the most for one set.", 413)

    def open(self) -> None:
        """Make the file that the pieces go to."""
        with disk():
            part = root(self._key) / (self._file + _PARTS)
            self._part = with_room(lambda: part.open("wb", buffering=0))

    def write(self, chunk: bytes) -> None:
        """The next piece."""
        if self._part is None:
            self.open()
        self.size += len(chunk)
        most, held = limits.upload_bytes(), _held(self._key)
        whole = held.size - held.files.get(self.name, ("", 0))[1] + coming.grew(self._key, self._file, self.size)
        if whole + self._beside > most:
            tabs = "" if whole > most else "; your other tabs count too: press Start over there"
            raise Refused(
                f"More than {most / 1e9:g} GB were sent; that is the most for one set (THAW_MAX_UPLOAD_GB){tabs}.", 413
            )
        if self.size // 4_000_000 != (self.size - len(chunk)) // 4_000_000:
            check_room()
        with disk():
            put_all(assert_open(self._part), chunk)

    def finish(self) -> None:
        """All pieces are there: the file counts from now on."""
        with disk():
            assert_open(self._part).close()
            path = root(self._key) / self._file
            path.with_name(self._file + _PARTS).rename(path)
            coming.over(self._key, self._file)
            _note(self._key, self.name, self._file, self.size)

    def drop(self) -> None:
        """It broke off, or was refused: nothing stays."""
        coming.over(self._key, self._file)
        with suppress(OSError):
            if self._part is not None:
                self._part.close()
            (root(self._key) / (self._file + _PARTS)).unlink(missing_ok=True)

    def arrived(self) -> Arrived:
        """The file, whole."""
        return Arrived(self.name, root(self._key) / self._file, self.size)


def assert_open(file: FileIO | None) -> FileIO:
    """The file; ValueError before `open`."""
    if file is None:
        raise ValueError("nothing was opened")
    return file


@contextmanager
def receiving(key: str, name: str) -> Iterator[ArrivingFile]:
    """Take a file in within this context; after an error nothing of it stays. Raises Refused, or ExplorerError for the disk."""
    if not there(key):
        raise Refused("This upload was closed or has timed out. Reload the page and try again.", 404)
    check_room()
    coming = ArrivingFile(key, name)
    try:
        coming.open()
        yield coming
        coming.finish()
    except BaseException:
        coming.drop()
        raise


def every() -> list[str]:
    """The names of all parcels, whoever opened them."""
    with suppress(OSError):
        return [entry.name for entry in os.scandir(folder()) if KEY.fullmatch(entry.name)]
    return []


def close(key: str) -> None:
    """Throw a parcel away with all that is in it."""
    _HELD.pop(key, None)
    if alive(key):
        shutil.rmtree(folder() / key, ignore_errors=True)


def sweep() -> None:
    """Throw away parcels that nobody touched for hours, and half-made sets of killed processes."""
    with suppress(OSError):
        for entry in os.scandir(folder()):
            with suppress(OSError):
                if time.time() - entry.stat().st_mtime > ABANDONED:
                    shutil.rmtree(entry.path, ignore_errors=True)
    own_sets.sweep()


def _held(key: str) -> _Held:
    if key not in _HELD:
        found = listed(key)
        if len(_HELD) >= MOST_HELD:
            _HELD.pop(next(iter(_HELD)))
        _HELD[key] = _Held(found, sum(size for _, size in found.values()))
    return _HELD[key]


def _checked_name(name: str) -> str:
    if not name or len(name) > limits.MOST_NAME:
        raise Refused(f"A file's name has {len(name)} characters; from 1 to {limits.MOST_NAME} are taken.", 400)
    return name


def _note(key: str, name: str, file: str, size: int) -> None:
    """Note that this file (none where `file` is empty) is now the one of that name; one that it replaces goes."""
    with _LOCK:
        held = _held(key)
        append(root(key) / "list.jsonl", json.dumps({"name": name, "file": file, "size": size}) + "\n")
        before, old = held.files.pop(name, ("", 0))
        if file:
            held.files[name] = file, size
        held.size += size - old
    if before:
        with suppress(OSError):
            (root(key) / before).unlink()

"""Thaw's own folder: where it lies, and how files come into it (whole or not at all) and leave it."""

import errno
import functools
import logging
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import TypeVar

import platformdirs
from safetensors import SafetensorError

from explorer.bundle import ASSETS

UNDO = 600.0
"""Seconds for which a deleted run can be brought back, unless the disk is full before."""
ABANDONED = 3600
"""Seconds after which a file that is still being written belongs to a process that was killed."""
PATIENCE = 60.0
"""Seconds for which a training waits where the disk is full; whoever looks at a page is told at once."""
FULL = (errno.ENOSPC, errno.EDQUOT)
_waits: list[float] = []
log = logging.getLogger(__name__)
T = TypeVar("T")


def home() -> Path:
    """Thaw's own folder (runs, cache, downloads, queue): $THAW_HOME, else the system's place for user data."""
    return _place(os.environ.get("THAW_HOME") or platformdirs.user_data_dir("thaw"))


@functools.lru_cache(maxsize=64)
def _place(text: str) -> Path:
    """A folder by its text: a page asks for the same two some two hundred times."""
    return Path(text).expanduser()


def runs_folder() -> Path:
    """Where the runs lie."""
    return home() / "runs"


def names_folder() -> Path:
    """Where it lies what people call their runs: a file for each run that was given a name, a note or a star."""
    return home() / "names"


def samples_folder() -> Path:
    """Where the sample runs lie that ship with Thaw (`runs/`, and `answers/` to questions about them): $THAW_SAMPLES, else
    assets/samples. They are read and never written; where the folder is missing there are none."""
    return _place(os.environ.get("THAW_SAMPLES") or f"{ASSETS}/samples")


def part_of(path: Path) -> Path:
    """A path beside `path` for what is to become it, of this writer alone; `sweep` knows it by its ending."""
    return path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")


@contextmanager
def aside(path: Path) -> Iterator[Path]:
    """Lend a path beside `path`, of this writer alone. What was written there replaces `path` at the end, at once; after an
    error it is removed."""
    part = part_of(path)
    try:
        yield part
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def write_aside(path: Path, write: Callable[[Path], object]) -> None:
    """Replace the file `path` at once by what `write` puts where it is told, so that a reader never sees half of it.

    Where the disk is full, deleted runs go first (see `with_room`). Raises OSError where the disk does not take the file.
    """

    def once() -> None:
        with aside(path) as part:
            write(part)

    with_room(once)


def with_room(work: Callable[[], T], wait: bool = True) -> T:
    """What `work` gives. Where the disk is full, the deleted runs are removed, and it is done once more; within
    `waiting_for_room` it is tried for so long, unless it is not worth a `wait`.

    Raises what `work` raises, errors of safetensors as OSErrors.
    """
    end = time.monotonic() + _waits[-1] if _waits and wait else 0.0
    while True:
        try:
            return work()
        except (OSError, SafetensorError) as error:
            found = _of_the_disk(error)
            if found.errno not in FULL:
                raise found from (None if found is error else error)
            if make_room():
                continue
            if time.monotonic() >= end:
                raise found from (None if found is error else error)
            log.warning("the disk is full: waiting for room")
            time.sleep(1)


def make_room() -> bool:
    """Remove the deleted runs before their time, and return whether there were any."""
    if not empty_trash(0):
        return False
    log.warning("the disk was full: deleted runs were removed before their %.0f minutes of undo", UNDO / 60)
    return True


def _of_the_disk(error: OSError | SafetensorError) -> OSError:
    """The OSError that an error is: safetensors tells of the disk in one of its own, with the number in its text."""
    if isinstance(error, OSError):
        return error
    number = re.search(r"os error (\d+)", str(error))
    code = int(number[1]) if number else errno.EIO
    return OSError(code, os.strerror(code) if number else str(error))


def put(file: FileIO, content: bytes | memoryview, wait: bool = True) -> None:
    """Write all of `content` where an unbuffered file stands, with room made where the disk is full (see `with_room`)."""
    at, rest = file.tell(), memoryview(content)

    def write() -> None:
        nonlocal at, rest
        file.seek(at)  # a full disk may have taken a part
        while rest:
            count = file.write(rest)
            at, rest = at + count, rest[count:]

    with_room(write, wait)


def append(path: Path, line: str) -> None:
    """Add a line to a file, whole or not at all, with room made where the disk is full (see `with_room`)."""
    whole = path.stat().st_size if path.is_file() else 0

    def add() -> None:
        try:
            with path.open("ab") as file:
                file.write(line.encode())
        except OSError:
            if path.is_file():
                os.truncate(path, whole)  # a full disk may have taken half of the line
            raise

    with_room(add)


@contextmanager
def waiting_for_room() -> Iterator[None]:
    """Within this block, what this process writes waits up to PATIENCE for room on a full disk: a training of hours is not lost
    to a large file that is soon gone."""
    _waits.append(PATIENCE)
    try:
        yield
    finally:
        _waits.pop()


def put_into_trash(run: Path, now: int) -> None:
    """Put the folder of a run aside; this takes no space, so that it works on a full disk too. From `now` on, in nanoseconds,
    its time counts; runs with one and the same were deleted together."""
    os.utime(run, ns=(now, now))
    run.rename(_trashed(run))


def in_trash() -> list[tuple[str, int]]:
    """The runs that can be brought back, each with when it was deleted, in nanoseconds; the latest first."""
    found = []
    for path in runs_folder().glob(".*.deleted"):
        with suppress(OSError):
            when = path.stat().st_mtime_ns
            if time.time() - when / 1e9 < UNDO:
                found.append((path.name.removeprefix(".").removesuffix(".deleted"), when))
    return sorted(found, key=lambda row: (row[1], row[0]), reverse=True)


def take_from_trash(run: Path) -> None:
    """The reverse. Raises FileNotFoundError where the folder has been removed."""
    _trashed(run).rename(run)


def empty_trash(older: float = UNDO) -> int:
    """Remove the runs that were deleted at least `older` seconds ago, and return how many there were."""
    removed = 0
    shutil.rmtree(runs_folder() / ".trash", ignore_errors=True)  # where earlier versions put them, for good
    for path in runs_folder().glob(".*.deleted"):
        with suppress(OSError):  # somebody else was faster: brought it back, or removed it
            if older and time.time() - path.stat().st_mtime < older:
                continue
            path.rename(path.with_suffix(".gone"))  # from now on it cannot be brought back: never half of it
            removed += 1
            (names_folder() / f"{path.stem.removeprefix('.')}.json").unlink(missing_ok=True)
    for gone in runs_folder().glob(".*.gone"):
        shutil.rmtree(gone, ignore_errors=True)
    return removed


def _trashed(run: Path) -> Path:
    return run.with_name(f".{run.name}.deleted")


def keep_below(
    most: float, files: Iterable[Path], weight: Callable[[Path], float] = lambda file: file.stat().st_size
) -> None:
    """Remove files, the one longest unchanged first, until the rest weigh at most `most`: bytes, unless `weight` says else."""
    found = []
    for file in files:
        with suppress(OSError):
            found.append((file.stat().st_mtime_ns, weight(file), file))
    total = sum(size for _, size, _ in found)
    for _, size, file in sorted(found):
        if total <= most:
            return
        with suppress(OSError):  # a file that somebody holds open stays on some systems: it goes next time
            file.unlink(missing_ok=True)
            total -= size


def sweep(folder: Path) -> None:
    """Remove what killed processes left half written in this folder."""
    for file in folder.glob(".*.part"):
        with suppress(OSError):
            if time.time() - file.stat().st_mtime > ABANDONED:
                file.unlink(missing_ok=True)


def stamp(path: Path) -> int:
    """When a file was written, in nanoseconds: what a cache of its content goes by; 0 where there is none."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0

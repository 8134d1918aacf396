"""The cache of frozen outputs: a folder of one file an entry, kept below a limit; least recently used files are removed first."""

import math
import os
import shutil
from contextlib import suppress
from pathlib import Path

import psutil

from explorer.errors import ExplorerError
from explorer.home import home, keep_below, sweep


def folder() -> Path:
    """Where the entries lie; it is made by whoever writes first."""
    return home() / "cache" / "boundary"


def limit() -> float:
    """Bytes that the folder may take: $THAW_CACHE_GB, 4 unless told."""
    return _bytes("THAW_CACHE_GB", 4e9)


def memory() -> float:
    """Bytes of memory that one split's outputs may take: $THAW_MEMORY_GB, a quarter of the machine's unless told."""
    return _bytes("THAW_MEMORY_GB", psutil.virtual_memory().total / 4)


def _bytes(setting: str, default: float) -> float:
    given = os.environ.get(setting, "").strip()
    try:
        value = float(given) * 1e9 if given else default
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise ExplorerError(
            f"The setting {setting} is {given!r}. Allowed: gigabytes, a number from 0 up, e.g. 4. Correct it or leave it out."
        )
    return value


def path(key: str) -> Path:
    """The file of an entry, whether it is there or not."""
    return folder() / f"{key}.safetensors"


def touch(key: str) -> None:
    """Note that the entry was read just now."""
    with suppress(OSError):
        os.utime(path(key))


def takes(size: float) -> bool:
    """Whether `size` bytes may be written here now: no more than half of what is free on the disk."""
    try:
        folder().mkdir(parents=True, exist_ok=True)
        return size <= shutil.disk_usage(folder()).free / 2
    except OSError:
        return False


def size() -> tuple[int, int]:
    """(the number of entries, their bytes)."""
    sizes = []
    for file in _entries():
        with suppress(OSError):
            sizes.append(file.stat().st_size)
    return len(sizes), sum(sizes)


def empty() -> bool:
    """Whether it holds no entry; looked up at the first file, since pages ask with every draw."""
    return next(folder().glob("*.safetensors"), None) is None


def trim(most: float) -> None:
    """Remove entries, least recently read first, until the folder takes at most so many bytes; and abandoned files."""
    sweep(folder())
    keep_below(most, _entries())


def forget(mark: str) -> None:
    """Remove every entry whose key begins with this mark: what is stored of one visitor's set."""
    for file in _entries():
        if file.name.startswith(f"{mark}-"):
            with suppress(OSError):
                file.unlink(missing_ok=True)


def clear() -> None:
    """Remove every entry. Runs that read one go on. Raises ExplorerError where the folder cannot be changed."""
    sweep(folder())
    for file in _entries():
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise ExplorerError(
                f"The cache in {folder()} cannot be cleared ({error.strerror}). The folder must be writable for the user "
                f"that Thaw runs as, and no run may be reading it on Windows. Try again after the run, or as that user."
            ) from error


def _entries() -> list[Path]:
    return list(folder().glob("*.safetensors"))

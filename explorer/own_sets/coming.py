"""The bytes of files that are on their way into a parcel: several may come at once, and one limit holds for them together."""

import threading

_LOCK = threading.Lock()
_SIZES: dict[str, dict[str, int]] = {}


def grew(parcel: str, file: str, size: int) -> int:
    """So many bytes of the file are there by now; returns how many of all that are on their way into the parcel."""
    with _LOCK:
        _SIZES.setdefault(parcel, {})[file] = size
        return sum(_SIZES[parcel].values())


def over(parcel: str, file: str) -> None:
    """It is on its way no more: it arrived, or nothing of it stays."""
    with _LOCK:
        _SIZES.get(parcel, {}).pop(file, None)
        if not _SIZES.get(parcel, True):
            del _SIZES[parcel]

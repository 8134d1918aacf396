"""What a visitor may bring at most: settings with defaults, each read when it is needed.

Every limit is counted here, on the server, while things arrive and unpack; what a browser, an archive or a picture's header
says of itself is checked too, and never relied on.
"""

import math
import os

from explorer.errors import ExplorerError

DEFAULTS = {
    "THAW_MAX_PICTURES": 50_000.0,
    "THAW_MAX_CLASSES": 1_000.0,
    "THAW_MAX_MEGAPIXELS": 64.0,
    "THAW_MAX_UPLOAD_GB": 2.0,
    "THAW_MAX_SET_GB": 4.0,
    "THAW_OWN_GB": 20.0,
    "THAW_SERVER_FOLDERS": 1.0,
}
"""Setting → its value where it is not set; the README says what each means."""

MOST_DEEP = 32
"""Folders in folders that a path of an archive may have."""
MOST_NAME = 1_000
"""Characters that a path of an archive may have."""
MOST_RATIO = 200
"""Bytes that one byte of an archive may unpack to, above the first megabyte: pictures, which are compressed themselves, stay
below 2; a hundred thousand zeros a byte is how a small file is made to fill a disk."""
SPARE = 500_000_000
"""Bytes of the disk that stay free whatever arrives."""


def pictures() -> int:
    """The most pictures of one set: $THAW_MAX_PICTURES."""
    return int(_value("THAW_MAX_PICTURES", 10))


def classes() -> int:
    """The most classes of one set: $THAW_MAX_CLASSES."""
    return int(_value("THAW_MAX_CLASSES", 2))


def pixels() -> int:
    """The most pixels that a picture may have in memory: $THAW_MAX_MEGAPIXELS. JPEGs are reduced to that while decoding."""
    return int(_value("THAW_MAX_MEGAPIXELS", 0.01) * 1e6)


def upload_bytes() -> int:
    """The most bytes that may arrive for one set: $THAW_MAX_UPLOAD_GB."""
    return int(_value("THAW_MAX_UPLOAD_GB", 0) * 1e9)


def set_bytes() -> int:
    """The most bytes of one set when unpacked: $THAW_MAX_SET_GB."""
    return int(_value("THAW_MAX_SET_GB", 0) * 1e9)


def own_bytes() -> int:
    """The most bytes of all sets that visitors brought: $THAW_OWN_GB."""
    return int(_value("THAW_OWN_GB", 0) * 1e9)


def server_folders() -> bool:
    """Whether visitors may name folders of the server: $THAW_SERVER_FOLDERS, 0 switches it off."""
    return _value("THAW_SERVER_FOLDERS", 0) != 0


def _value(setting: str, least: float) -> float:
    given = os.environ.get(setting, "").strip()
    try:
        value = float(given) if given else DEFAULTS[setting]
    except ValueError:
        value = math.nan
    if not least <= value < math.inf:
        raise ExplorerError(
            f"The setting {setting} is {given!r}. Allowed: a number from {least:g} up, e.g. {DEFAULTS[setting]:g}. Correct it or "
            f"leave it out."
        )
    return value

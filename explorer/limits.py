"""What a visitor may bring at most: settings with defaults, each read when it is needed.

Every limit is counted here, on the server, while things arrive and unpack; what a browser, an archive or a picture's header
says of itself is checked too, and never relied on.
"""

import math
import os

from explorer import workspaces
from explorer.errors import ExplorerError

DEFAULTS = {
    "THAW_MAX_PICTURES": 50_000.0,
    "THAW_MAX_CLASSES": 1_000.0,
    "THAW_MAX_MEGAPIXELS": 64.0,
    "THAW_MAX_UPLOAD_GB": 2.0,
    "THAW_MAX_SET_GB": 4.0,
    "THAW_OWN_GB": 20.0,
    "THAW_SERVER_FOLDERS": 1.0,
    "THAW_VISITOR_RUNS": 30.0,
    "THAW_VISITOR_GB": 2.0,
    "THAW_VISITOR_SETS": 10.0,
    "THAW_VISITOR_PICTURES": 30.0,
    "THAW_VISITOR_DOWNLOADS": 0.0,
    "THAW_IDLE_DAYS": 30.0,
    "THAW_RUN_MINUTES": 0.0,
    "THAW_RUN_GB": 0.0,
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
    """Whether visitors may name folders of the server: $THAW_SERVER_FOLDERS, 0 switches it off; on a shared server it is off."""
    return not workspaces.shared() and _value("THAW_SERVER_FOLDERS", 0) != 0


def visitor_runs() -> int:
    """The most runs of one visitor of a shared server that may wait or run: $THAW_VISITOR_RUNS."""
    return int(_value("THAW_VISITOR_RUNS", 1))


def visitor_bytes() -> int:
    """The most bytes that one visitor's runs, sets and weights may take: $THAW_VISITOR_GB."""
    return int(_value("THAW_VISITOR_GB", 0) * 1e9)


def visitor_sets() -> int:
    """The most sets of one visitor: $THAW_VISITOR_SETS."""
    return int(_value("THAW_VISITOR_SETS", 0))


def visitor_pictures() -> int:
    """The most pictures that one visitor may have uploaded for looks; the oldest go first: $THAW_VISITOR_PICTURES."""
    return int(_value("THAW_VISITOR_PICTURES", 1))


def downloads() -> bool:
    """Whether who is looking may make the server download weights or a data set: on a shared server the presenter alone, unless
    $THAW_VISITOR_DOWNLOADS is 1."""
    me = workspaces.viewer()
    return me is None or workspaces.is_presenter(me) or _value("THAW_VISITOR_DOWNLOADS", 0) != 0


def idle_days() -> float:
    """Days after its visitor's last visit for which a workspace is kept: $THAW_IDLE_DAYS."""
    return _value("THAW_IDLE_DAYS", 0.01)


def run_seconds() -> float:
    """Seconds that one run may take, infinite for none: $THAW_RUN_MINUTES, 0 for no limit."""
    return 60 * _value("THAW_RUN_MINUTES", 0) or math.inf


def run_memory() -> float:
    """Bytes of memory that the process of one run may take, infinite for none: $THAW_RUN_GB, 0 for no limit."""
    return 1e9 * _value("THAW_RUN_GB", 0) or math.inf


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

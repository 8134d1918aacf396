"""Which runs were started from which browser: a file of ids for each, named by the hash of the random name that it keeps."""

import hashlib
import re
from contextlib import suppress
from pathlib import Path

from explorer.home import home

MOST = 1000  # runs of one browser, the latest


def started(browser: str) -> list[str]:
    """Ids of the runs that were started from this browser, the earliest first; some may be deleted by now."""
    with suppress(OSError, ValueError):
        return _file(browser).read_text(encoding="utf-8").split()[-MOST:]
    return []


def note_started(browser: str, run: str) -> None:
    """Remember that this browser started a run; nothing where the disk does not take it, or the name is none."""
    with suppress(OSError, ValueError):
        file = _file(browser)
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as lines:
            lines.write(f"{run}\n")


def _file(browser: str) -> Path:
    """Raises ValueError for a text that browser.js does not give as a name."""
    if not re.fullmatch("[0-9a-f]{32}", browser):
        raise ValueError(browser)
    return home() / "browsers" / hashlib.sha256(browser.encode()).hexdigest()[:32]

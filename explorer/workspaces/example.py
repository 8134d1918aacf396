"""Today's example: two runs that the presenter pinned, with which home and the Look pages open for everybody."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from explorer.home import write_aside
from explorer.workspaces import gate, places

LONGEST = 200  # characters of a note


@dataclass(frozen=True)
class Example:
    """The runs A (before) and B (after), and what the presenter says of them."""

    a: str
    b: str
    note: str = ""


def pinned() -> Example | None:
    """What is pinned; nothing in local use."""
    if places.shared():
        with suppress(OSError, ValueError, KeyError, TypeError):
            found = json.loads(_file().read_text(encoding="utf-8"))
            return Example(str(found["a"]), str(found["b"]), str(found["note"])[:LONGEST])
    return None


def pin(a: str, b: str, note: str = "") -> None:
    """Pin two runs, which all may see from now on. Raises ExplorerError unless a presenter asks."""
    gate.require_presenter()
    text = json.dumps(asdict(Example(a, b, note.strip()[:LONGEST])))
    _file().parent.mkdir(parents=True, exist_ok=True)
    write_aside(_file(), lambda part: part.write_text(text, encoding="utf-8"))


def unpin() -> None:
    """Pin nothing any more; what was published stays so."""
    gate.require_presenter()
    _file().unlink(missing_ok=True)


def _file() -> Path:
    return places.folder(places.PUBLISHED) / "example.json"

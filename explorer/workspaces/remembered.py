"""Small texts that a workspace keeps: what its visitor has learned, how they want pages shown."""

from contextlib import suppress

from explorer import workspaces
from explorer.home import write_aside

LONGEST = 20_000  # characters


def recall(name: str) -> str:
    """The text of that name that who is looking kept; empty where there is none, and in local use."""
    me = workspaces.viewer()
    if me is not None:
        with suppress(OSError, UnicodeDecodeError):
            return (workspaces.folder(me) / f"{name}.txt").read_text(encoding="utf-8")[:LONGEST]
    return ""


def remember(name: str, text: str) -> None:
    """Keep it for whatever device opens the workspace next; nothing in local use, and where the disk does not take it."""
    me = workspaces.viewer()
    if me is not None and len(text) <= LONGEST and text != recall(name):
        with suppress(OSError):
            workspaces.folder(me).mkdir(parents=True, exist_ok=True)
            write_aside(workspaces.folder(me) / f"{name}.txt", lambda part: part.write_text(text, encoding="utf-8"))

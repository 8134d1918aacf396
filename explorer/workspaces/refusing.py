"""What is said where the disk does not take something: to whoever has the machine, or to a visitor of a shared server."""

from contextlib import suppress
from pathlib import Path

from explorer.errors import ExplorerError
from explorer.home import FULL
from explorer.workspaces.gate import viewer
from explorer.workspaces.places import shared
from explorer.workspaces.presenter import is_presenter


def refused(what: str, place: Path, error: Exception, more: str = "") -> ExplorerError:
    """Why something (`what`: `The picture cannot be kept`) in this folder or file, and what to do; `more` is another way out, for
    whoever has the machine.

    A visitor of a shared server learns neither where its folder lies nor of its settings, which are not theirs to change. The
    worker does not know who will read what it says there, so it speaks to visitors.
    """
    if _is_theirs():
        why = getattr(error, "strerror", None) or str(error)
        return ExplorerError(
            f"{what} in {place}: {why}. Free some space (delete old runs), or set THAW_HOME to a folder that can be "
            f"written{more}. What was stored before is untouched."
        )
    full = getattr(error, "errno", None) in FULL or "full" in str(error)  # SQLite has no number for it
    return ExplorerError(
        f"{what}: the server's disk {'is full' if full else 'does not take it'}. Delete runs, sets or pictures of yours that you "
        f"no longer need, or tell whoever runs the server; then try again. What was stored before is untouched."
    )


def _is_theirs() -> bool:
    """Whether the machine is that of who reads this: their own, or the presenter's."""
    if not shared():
        return True
    with suppress(OSError):  # the disk is not well
        return is_presenter(viewer() or "")
    return False

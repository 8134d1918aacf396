"""What is said where the disk does not take something: to whoever has the machine, or to a visitor of a shared server."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from explorer.errors import ExplorerError
from explorer.home import FULL, with_room
from explorer.workspaces.gate import viewer
from explorer.workspaces.places import shared
from explorer.workspaces.presenter import is_presenter

T = TypeVar("T")


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


def fetched(work: Callable[[], T], what: str, place: Path, more: str = "") -> T:
    """What a download (`work`) gives, with room made where the disk of `place` is full.

    Raises ExplorerError (see `refused`) where it stays full, and what `work` raises for any other reason, such as a network that
    is not there.
    """

    def once() -> T:
        try:
            return work()
        except Exception as error:
            full = _of_full_disk(error)
            if full is None or full is error:
                raise
            raise full from error

    try:
        return with_room(once)
    except OSError as error:
        if error.errno in FULL:
            raise refused(what, place, error, more) from error
        raise


def _of_full_disk(error: BaseException | None) -> OSError | None:
    """The error of a full disk that this one is or came of; libraries try another way first, or raise one of their own."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in FULL:
            return error
        error = error.__cause__ or error.__context__
    return None


def _is_theirs() -> bool:
    """Whether the machine is that of who reads this: their own, or the presenter's."""
    if not shared():
        return True
    with suppress(OSError):  # the disk is not well
        return is_presenter(viewer() or "")
    return False

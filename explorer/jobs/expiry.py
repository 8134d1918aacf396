"""Workspaces that nobody came back to: removed with what they alone own, some days after the last visit."""

import logging
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from explorer import cache, limits, own_sets, runs, workspaces
from explorer.catalogue import own
from explorer.errors import ExplorerError
from explorer.home import home, names_folder, runs_folder
from explorer.jobs.queue import answers_about, database
from explorer.workspaces.places import PUBLISHED, has, last_seen, note

DAY = 86400.0
EMPTY = DAY
"""Seconds after which a workspace that owns nothing goes: somebody opened a page and left."""
log = logging.getLogger(__name__)


def kept_until(mark: str) -> float:
    """Until when a workspace is kept if nobody comes back, in seconds since 1970."""
    return max(last_seen(mark), 0.0) + limits.idle_days() * DAY


def sweep() -> int:
    """Remove the workspaces whose time is over, and return how many; those with a task under way stay. In local use nothing is
    removed. What earlier versions noted of browsers is taken over."""
    _take_over()
    if not workspaces.shared():
        return 0
    gone = 0
    for mark in workspaces.every():
        nothing = not any(workspaces.owned(mark, kind) for kind in workspaces.OWNED) and not workspaces.is_presenter(
            mark
        )
        over = time.time() > (last_seen(mark) + EMPTY if nothing else kept_until(mark))
        if last_seen(mark) and over and not _busy(mark):
            remove(mark)
            gone += 1
    if gone:
        log.info("%s workspaces were removed: nobody came back", gone)
    return gone


def remove(mark: str) -> None:
    """Remove a workspace, and for good what nobody else owns and nobody published, with what was answered about that."""
    gone: list[str] = []
    with workspaces.acting(mark):
        for kind in workspaces.OWNED:
            for name in workspaces.owned(mark, kind):
                if not has(PUBLISHED, kind, name) and _removed(
                    kind, name
                ):  # published things stay, and are the next presenter's
                    gone.append(name)
    if gone:
        _forget(answers_about(gone))
    shutil.rmtree(workspaces.folder(mark), ignore_errors=True)


def forget_deleted() -> None:
    """Remove answers about runs that were deleted for good and what was exported of them, and forget that they were asked."""
    ended = "FROM task WHERE state NOT IN ('queued', 'running')"
    with database() as db:
        rows = [row for row in db.execute(f"SELECT key, name, arguments {ended}") if runs.gone(row["arguments"])]
    if rows:
        _forget(home() / "cache" / f"{row['name']}-{row['key']}.npz" for row in rows)
        with database() as db:
            for row in rows:
                db.execute(f"DELETE {ended} AND key = ?", (row["key"],))


def _forget(found: Iterable[Path]) -> None:
    """Remove answers, and the export that goes with one: both are named by the question's key."""
    for answer in found:
        key = answer.stem.rpartition("-")[2]
        for path in (answer, *(home() / "exports").glob(f"{key}.*")):
            with suppress(OSError):
                path.unlink(missing_ok=True)


def _removed(kind: str, name: str) -> bool:
    """Give it up, and remove what is nobody's now; whether it went."""
    if kind == "sets":
        with suppress(ExplorerError):
            kept = own_sets.find(name)
            if kept is not None and own_sets.delete(name):
                cache.forget(kept.mark)
                return True
        return False
    if not workspaces.give_up(kind, name):
        return False
    for path in _places(kind, name):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return True


def _places(kind: str, name: str) -> list[Path]:
    """Where it lies; the kinds that have no room below this one lie in folders called as they are."""
    if kind == "runs":
        return [runs_folder() / name, names_folder() / f"{name}.json"]
    if kind == "weights":
        return own.files(name)
    return [home() / kind / (f"{name}.txt" if kind == "experiments" else name)]


def _busy(owner: str) -> bool:
    with database() as db:
        words = "SELECT 1 FROM task WHERE owner = ? AND state IN ('queued', 'running') LIMIT 1"
        return db.execute(words, (owner,)).fetchone() is not None


def _take_over() -> None:
    """`browsers/` of earlier versions: a file for each browser with the ids of the runs that it started."""
    folder = home() / "browsers"
    for file in folder.glob("*") if folder.is_dir() else ():
        with suppress(OSError, ValueError):
            for run in file.read_text(encoding="utf-8").split():
                note(file.name, "runs", run)
            file.unlink()
    with suppress(OSError):
        folder.rmdir()

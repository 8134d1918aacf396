"""What one visitor of a shared server may take: runs that wait, sets, disk; and what to do where that is reached."""

from contextlib import suppress
from pathlib import Path

from explorer import limits, own_sets, workspaces
from explorer.catalogue import own
from explorer.errors import ExplorerError
from explorer.home import runs_folder
from explorer.jobs.queue import database


def require_run() -> None:
    """Raises ExplorerError where who is looking may not start one more run; a presenter always may, and local use knows no
    quota."""
    me = _limited()
    if me is None:
        return
    live, most = _live(me), limits.visitor_runs()
    if live >= most:
        raise ExplorerError(
            f"{live} of your runs wait or run, and {most} is the most for one visitor (THAW_VISITOR_RUNS). Wait until some have "
            f"ended, or stop some on Runs."
        )
    require_room()


def require_room(more: int = 0) -> None:
    """Raises ExplorerError where who is looking may not keep `more` bytes besides what they have."""
    me = _limited()
    taken = 0 if me is None else disk(me) + more
    if taken > limits.visitor_bytes():
        would = f"Your runs, sets and weights {'would take' if more else 'take'} {taken / 1e9:.1f} GB"
        raise ExplorerError(
            f"{would}, and {limits.visitor_bytes() / 1e9:g} GB is the most for one visitor (THAW_VISITOR_GB). Delete runs on "
            "Runs, sets on Bring pictures, or weights on Train (Your own checkpoint); first export what you want to keep."
        )


def require_set(size: int = 0) -> None:
    """Raises ExplorerError where who is looking may not bring one more set of pictures, of `size` bytes."""
    me = _limited()
    if me is None:
        return
    count, most, taken = len(workspaces.owned(me, "sets")), limits.visitor_sets(), disk(me)
    if count >= most or taken + size > limits.visitor_bytes():
        more = f"; this one takes {size / 1e9:.1f} GB more" if size else ""
        raise ExplorerError(
            f"You keep {count} sets and {taken / 1e9:.1f} GB{more}. One visitor may have {most} sets (THAW_VISITOR_SETS) and "
            f"{limits.visitor_bytes() / 1e9:g} GB (THAW_VISITOR_GB). Delete one below first."
        )


def disk(mark: str) -> int:
    """The bytes that a workspace's runs, sets and weights take."""
    total = 0
    for run in workspaces.owned(mark, "runs"):
        with suppress(OSError):
            total += sum(file.stat().st_size for file in Path(runs_folder() / run).iterdir() if file.is_file())
    for weights in workspaces.owned(mark, "weights"):
        with suppress(OSError):
            total += sum(file.stat().st_size for file in own.files(weights))
    with workspaces.everything():
        found = [own_sets.find(name) for name in workspaces.owned(mark, "sets")]
    return total + sum(kept.bytes for kept in found if kept is not None)


def _limited() -> str | None:
    me = workspaces.viewer()
    return None if me is None or workspaces.is_presenter(me) else me


def _live(owner: str) -> int:
    with database() as db:
        words = "SELECT count(*) FROM task WHERE lane = 'train' AND owner = ? AND state IN ('queued', 'running')"
        return int(db.execute(words, (owner,)).fetchone()[0])

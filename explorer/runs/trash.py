"""Runs that were deleted, as long as they can be brought back."""

from itertools import groupby

from explorer import clock, workspaces
from explorer.errors import ExplorerError
from explorer.home import UNDO, in_trash, put_into_trash, runs_folder, take_from_trash
from explorer.runs.adopting import NAME
from explorer.runs.folders import is_sample, own_folder, writing


def delete(*wanted: str) -> None:
    """Put runs aside, together: `restore` brings them back for `UNDO` seconds, then the worker frees their space. Where a disk
    is full before, deleted runs go at once."""
    now = int(clock.later() * 1e9)
    for path in [own_folder(run) for run in wanted]:
        with writing():
            put_into_trash(path, now)


def deleted() -> list[tuple[str, ...]]:
    """The ids of runs that can be brought back, those deleted together as one; the latest first."""
    mine = [(run, when) for run, when in in_trash() if workspaces.changes("runs", run)]
    return [tuple(run for run, _ in rows) for _, rows in groupby(mine, key=lambda row: row[1])]


def gone(text: str) -> bool:
    """Whether a text, such as a question's fields, names a run that is here no more and cannot be brought back."""
    here = runs_folder()
    return any(
        not (is_sample(run) or (here / run).exists() or (here / f".{run}.deleted").exists())
        for run in NAME.findall(text)
    )


def restore(run: str) -> None:
    """Undo `delete`. Raises ExplorerError where the run's space has been freed."""
    try:
        if not workspaces.changes("runs", run):
            raise FileNotFoundError(run)
        with writing():
            take_from_trash(runs_folder() / run)
    except FileNotFoundError:
        raise ExplorerError(
            f"The run {run} cannot be brought back: deleted runs are kept for {UNDO / 60:.0f} minutes, or until the disk is "
            f"full. Train it again."
        ) from None

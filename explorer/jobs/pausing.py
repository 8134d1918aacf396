"""A queue that the presenter paused: what runs goes on, nothing that waits is begun. Quick looks are never held."""

from pathlib import Path

from explorer import workspaces
from explorer.home import home


def paused() -> bool:
    """Whether trainings wait until the presenter goes on."""
    return _file().is_file()


def pause(wanted: bool) -> None:
    """Begin no training any more, or go on. Raises ExplorerError where who is looking is no presenter."""
    workspaces.require_presenter()
    if wanted:
        _file().parent.mkdir(parents=True, exist_ok=True)
        _file().touch()
    else:
        _file().unlink(missing_ok=True)


def _file() -> Path:
    return home() / "paused"

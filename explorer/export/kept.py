"""Files that were made for a visitor to take away, under names of their own, the last gigabytes of them."""

from contextlib import suppress
from pathlib import Path

from explorer.home import home, keep_below, sweep

MOST_BYTES = 2_000_000_000


def folder() -> Path:
    """Where they lie."""
    return home() / "exports"


def room() -> Path:
    """The folder, made where it is missing; what was made longest ago goes where all weigh more than MOST_BYTES."""
    folder().mkdir(parents=True, exist_ok=True)
    sweep(folder())
    keep_below(MOST_BYTES, (path for path in folder().iterdir() if not path.name.startswith(".")))
    return folder()


def is_here(stored: str) -> bool:
    """Whether the file is still kept."""
    return (folder() / stored).is_file()


def forget(answer: Path) -> None:
    """Forget an answer whose file is gone, so that it is made again; one that cannot be removed stays."""
    with suppress(OSError):
        answer.unlink(missing_ok=True)

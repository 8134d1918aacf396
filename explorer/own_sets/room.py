"""Room on the disk for what visitors bring, and the words where there is none."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from explorer import limits, own_sets, workspaces
from explorer.errors import ExplorerError
from explorer.home import FULL, home, make_room


class Refused(ExplorerError):
    """What arrives is refused; `status` is the answer of HTTP."""

    def __init__(self, words: str, status: int) -> None:
        super().__init__(words)
        self.status = status


def check_room(more: int = 0) -> None:
    """Raises Refused where less than `limits.SPARE` of the disk is free, deleted runs gone or not, or where own sets with `more`
    bytes take too much."""
    home().mkdir(parents=True, exist_ok=True)
    if _short() and not (make_room() and not _short()):
        raise Refused(
            f"The disk of the server is nearly full ({limits.SPARE / 1e9:g} GB must stay free). Delete sets or runs first.",
            507,
        )
    if own_sets.taken() + more > limits.own_bytes():
        raise Refused(
            f"The sets that visitors brought would take {(own_sets.taken() + more) / 1e9:.1f} GB, and "
            f"{limits.own_bytes() / 1e9:g} GB is the most (THAW_OWN_GB). Delete one first.",
            507,
        )


def _short() -> bool:
    return shutil.disk_usage(home()).free < limits.SPARE


@contextmanager
def disk() -> Iterator[None]:
    """What the disk refuses becomes a word that the visitor can act on."""
    try:
        yield
    except OSError as error:
        words = str(workspaces.refused("The file cannot be kept", home(), error))
        raise Refused(words, 507 if error.errno in FULL else 500) from error

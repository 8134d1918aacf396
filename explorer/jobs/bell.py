"""A bell at the queue: whoever puts something into it rings, so that the worker looks at once and not at its next look.

It is a named pipe in Thaw's folder, on systems that have such a thing. Nothing depends on it but time: the worker looks at the
queue every few hundredths of a second all the same, and whoever cannot ring goes on.
"""

import contextlib
import logging
import os
import stat
from pathlib import Path

from explorer.home import home

log = logging.getLogger("worker")


def _path() -> Path:
    return home() / "bell"


def _opened(flags: int) -> int | None:
    """The pipe; None where there is none, or nobody has the other end."""
    try:
        if stat.S_ISFIFO(_path().stat().st_mode):
            return os.open(_path(), flags | os.O_NONBLOCK)
    except OSError:
        pass
    return None


def ring() -> None:
    """Have the worker look at the queue now."""
    pipe = _opened(os.O_WRONLY)
    if pipe is None:
        return
    try:
        with contextlib.suppress(OSError):  # full: it rings already
            os.write(pipe, b"!")
    finally:
        os.close(pipe)


class Bell:
    """The worker's end."""

    def __init__(self) -> None:
        try:
            home().mkdir(parents=True, exist_ok=True)
            if hasattr(os, "mkfifo") and not _path().exists():
                os.mkfifo(_path())
        except OSError as error:
            log.info("no bell: %s", error)
        self._pipe = _opened(os.O_RDWR)  # its own other end too, so that it never ends

    def handles(self) -> list[int]:
        """What becomes readable when it rings; nothing where there is no bell."""
        return [] if self._pipe is None else [self._pipe]

    def hush(self) -> None:
        """Take note that it rang."""
        if self._pipe is not None:
            with contextlib.suppress(BlockingIOError):
                while os.read(self._pipe, 4096):
                    pass

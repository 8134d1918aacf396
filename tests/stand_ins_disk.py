"""A stand-in for a disk that is full."""

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors import SafetensorError

from explorer import runs

_SAVING = (
    "explorer.runs.contents",
    "explorer.models.checkpoints.keeping",
    "explorer.export.compute.weights",
    "explorer.models.weights",
)
"""Where safetensors writes, not Python; of torch's modules those that a test has imported."""


class FullDisk:
    """A disk that is full as long as a deleted run lies on it, or for ever: a write lays down half, then fails."""

    def __init__(self, patch: pytest.MonkeyPatch, for_ever: bool = False) -> None:
        self.for_ever, self.refused = for_ever, 0
        original = Path.open

        def opened(path: Path, mode: str = "r", *arguments: Any, **named: Any) -> Any:
            file = original(path, mode, *arguments, **named)
            if "r" not in mode:
                write = file.write
                file = _Proxy(file, lambda data: self._take(write, data))
            return file

        def saved(tensors: Any, path: Path, metadata: Any = None) -> None:
            try:
                path.write_bytes(b"x" * 100)
            except OSError as error:  # as safetensors was seen to say it on a full disk
                text = f"Error while serializing: I/O error: {error.strerror} (os error {error.errno})"
                raise SafetensorError(text) from None

        patch.setattr(Path, "open", opened)
        patch.setattr(Path, "write_text", lambda path, text, **named: self._put(path, text.encode()))
        patch.setattr(Path, "write_bytes", lambda path, data: self._put(path, data))
        for name in _SAVING:
            if name in sys.modules:
                patch.setattr(f"{name}.save_file", saved)

    def _put(self, path: Path, data: bytes) -> None:
        with path.open("wb") as file:
            file.write(data)

    def _take(self, write: Callable[[Any], object], data: Any) -> object:
        if self.for_ever or any(runs.runs_folder().glob(".*.deleted")):
            write(data[: len(data) // 2])
            self.refused += 1
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(data)


class _Proxy:
    """A file whose `write` is another."""

    def __init__(self, file: Any, write: Callable[[Any], object]) -> None:
        self.file, self.write = file, write

    def __enter__(self) -> "_Proxy":
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

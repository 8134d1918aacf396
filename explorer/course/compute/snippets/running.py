"""Carry out lines of code on a live backbone: what they print, the value of their last line, their `picture`.

Only code of our own, from files under assets/, comes here; a visitor chooses which, and on which backbone.
"""

import ast
import contextlib
import io
import signal
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from explorer.course.compute.snippets.charts import chart
from explorer.course.compute.snippets.scenes import Scene
from explorer.errors import ExplorerError
from explorer.models import devices

SECONDS = 20.0  # after which a snippet is ended; the longest of ours takes one on the built-in backbone
LINES, TILES, TALL, SMALL = 60, 8, 120, 64  # most lines of output, most tiles of a picture, their pixels; of the batch


@dataclass(frozen=True)
class Ran:
    """The outcome of a snippet; `Snippet` says what each field is."""

    output: str
    seconds: float
    picture: np.ndarray
    low: float = 0.0
    high: float = 0.0


def run(code: str, file: str, line: int, found: Scene, seconds: float = SECONDS) -> Ran:
    """Carry out `code`, which begins at `line` of `file`, in names of its own.

    Raises ExplorerError, naming file, line and reason, where the code fails or takes longer than `seconds`.
    """
    names, start = found.names(), time.monotonic()
    try:
        output, value = carry_out(code, file, line, names, seconds)
        picture, low, high = _drawn(names.get("picture"))
    except (Failed, ValueError) as error:
        where, reason = (error.line, error.reason) if isinstance(error, Failed) else (line, str(error))
        raise ExplorerError(
            f"{file}, line {where}: this snippet cannot be run on {found.row.title}. {reason}"
        ) from error
    said = output if value is None else f"{output}{value!r}\n"
    return Ran(_cut(said), time.monotonic() - start, picture, low, high)


class Failed(Exception):
    """Code that came to no end: what it had printed, the line where it stood, and the reason in words."""

    def __init__(self, printed: str, line: int, reason: str) -> None:
        super().__init__(reason)
        self.printed, self.line, self.reason = printed, line, reason


def carry_out(code: str, file: str, line: int, names: dict[str, Any], seconds: float = SECONDS) -> tuple[str, Any]:
    """What the code prints, and the value of its last line where that is an expression; `names` are changed by it.

    Raises Failed where the code fails or takes longer than `seconds`.
    """
    printed = io.StringIO()
    try:
        with devices.seeded(0), torch.enable_grad(), _limit(seconds), contextlib.redirect_stdout(printed):
            value = _execute(code, file, line, names)
    except Exception as error:
        frames = reversed(traceback.extract_tb(error.__traceback__))
        where = next((frame.lineno for frame in frames if frame.filename == file), None)
        reason = str(error) if isinstance(error, _TooLong) else f"{type(error).__name__}: {error}"
        raise Failed(printed.getvalue(), where or line, reason) from error
    return printed.getvalue(), value


def _execute(code: str, file: str, line: int, names: dict[str, Any]) -> Any:
    """Run the code; the value of its last line where that is an expression, as in a notebook."""
    tree = ast.increment_lineno(ast.parse(code), line - 1)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, file, "exec"), names)
    return eval(compile(ast.Expression(last.value), file, "eval"), names) if isinstance(last, ast.Expr) else None


class _TooLong(Exception):
    """A snippet took longer than it may."""


@contextlib.contextmanager
def _limit(seconds: float) -> Iterator[None]:
    """End what takes longer; only where the system has alarms, and on the main thread, as in the worker's processes."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: Any) -> None:
        raise _TooLong(f"It took longer than {seconds:g} seconds and was stopped. Choose a smaller backbone.")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _cut(text: str) -> str:
    lines = text.rstrip().split("\n")
    return "\n".join(lines if len(lines) <= LINES else [*lines[:LINES], f"… and {len(lines) - LINES} lines more"])


def _drawn(picture: Any) -> tuple[np.ndarray, float, float]:
    """(h, w), (n, h, w) or colours (n, 3, h, w) → one picture of tiles side by side, uint8, with what black and white mean;
    a dict of numbers, lists or points → a chart."""
    if picture is None:
        return np.zeros((0,), np.uint8), 0.0, 0.0
    if isinstance(picture, dict):
        return chart(picture)
    values = torch.as_tensor(picture).detach().float()
    if not 2 <= values.ndim <= 4 or (values.ndim == 4 and values.shape[1] != 3):
        raise ValueError(f"`picture` has the shape {tuple(values.shape)}; it may be (h, w), (n, h, w) or (n, 3, h, w)")
    values = values[None] if values.ndim == 2 else values[:TILES]
    low, high = float(values.min()), float(values.max())
    grey = ((values - low) / (high - low or 1.0) * 255).round().to(torch.uint8).numpy()
    tiles = grey.transpose(0, 2, 3, 1) if grey.ndim == 4 else grey
    return beside(tiles, TALL), low, high


def beside(tiles: np.ndarray, tall: int) -> np.ndarray:
    """Tiles (n, h, w[, 3]) uint8 side by side with a white gap; small ones enlarged cell by cell to about `tall` pixels."""
    times = max(1, round(tall / tiles.shape[1]))
    large = tiles.repeat(times, axis=1).repeat(times, axis=2)
    gap = np.full((large.shape[1], 6, *large.shape[3:]), 255, np.uint8)
    parts = [part for tile in large for part in (tile, gap)]
    return np.concatenate(parts[:-1], axis=1)

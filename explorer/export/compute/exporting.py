"""PyTorch's exporters, held to silence and to reasons in words."""

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

import torch

from explorer.errors import ExplorerError, Stopped
from explorer.looks.pair import compute
from explorer.runs import RunOrId


@contextmanager
def exporting(run: RunOrId, kind: str, other: str) -> Iterator[None]:
    """A quiet room for an exporter; raises ExplorerError, with the reason, where PyTorch cannot write the run's network as a
    graph of this kind, and names another that may do."""
    try:
        with _quiet():
            yield
    except (ExplorerError, Stopped):
        raise
    except Exception as error:  # exporters raise of every kind, and wrap what was the matter
        first = error
        while isinstance(first.__cause__, Exception):
            first = first.__cause__
        why = str(first).strip().splitlines()[0][:200] if str(first).strip() else type(first).__name__
        raise ExplorerError(
            f"PyTorch {torch.__version__} cannot write {compute.finished(run).row.title} as {kind} ({why}). Take {other}, the "
            f"weights or the script instead."
        ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Exporters talk much, on standard output, in warnings and logs; what goes wrong they raise."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)

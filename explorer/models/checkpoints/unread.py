"""Objects that programs leave beside the weights in a checkpoint (arguments, best scores), for which stand-ins are put."""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

_NUMPY = ("numpy._core.multiarray", "numpy.core.multiarray")
LEFT = (
    "argparse.Namespace", "types.SimpleNamespace", "numpy.dtype", "numpy.ndarray",
    *(f"{module}.{name}" for module in ("builtins", "__builtin__") for name in ("list", "dict", "int", "float")),
    *(f"{module}.{name}" for module in _NUMPY for name in ("scalar", "_reconstruct")),
    *(f"{module}.{name}" for module in ("pathlib", "pathlib._local") for name in ("Path", "PosixPath", "WindowsPath")),
)  # fmt: skip
"""What training loops commonly store so. Any other object is refused, as torch.load does with `weights_only`."""


@contextmanager
def stand_ins() -> Iterator[set[str]]:
    """In this block `torch.load(…, weights_only=True)` puts an empty object wherever a file names one of LEFT, and a plain table
    for a defaultdict: nothing else of it is read, and no code of its class is run. Gives the names of those that were met."""
    met: set[str] = set()
    rows: list[Any] = [(_stand_in(name, met), name) for name in LEFT]
    with torch.serialization.safe_globals([*rows, (_plain_table, "collections.defaultdict")]):
        yield met


def _plain_table(*_: Any) -> OrderedDict[Any, Any]:
    """In place of a defaultdict: torch.load fills no other tables than these."""
    return OrderedDict()


def is_array(value: Any) -> bool:
    """Whether it stands for an array of NumPy's."""
    return getattr(value, "named", "").endswith("_reconstruct")


def _stand_in(name: str, met: set[str]) -> Any:
    class StandIn:
        named = name

        def __new__(cls, *_: Any, **__: Any) -> "StandIn":
            met.add(name)
            return super().__new__(cls)

        def __init__(self, *_: Any, **__: Any) -> None: ...

        def __setstate__(self, state: Any) -> None: ...

    return StandIn

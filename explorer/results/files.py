"""A result as one file, and as JSON where it has no arrays."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np

from explorer.errors import ExplorerError
from explorer.evidence import Balanced, Grouped, Score
from explorer.results import (
    attribution,
    cells,
    checks,
    features,
    freezing,
    images,
    lessons,
    projection,
    similarity,
    snippets,
    training,
    trust,
)

_KINDS = (
    attribution,
    cells,
    checks,
    features,
    freezing,
    images,
    lessons,
    projection,
    similarity,
    snippets,
    training,
    trust,
)
_TYPES = {name: kind for module in _KINDS for name, kind in vars(module).items() if dataclasses.is_dataclass(kind)} | {
    "Score": Score,
    "Balanced": Balanced,
    "Grouped": Grouped,
}


def _pack(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """A value as plain JSON; arrays are moved to `arrays` and referred to by name."""
    if isinstance(value, np.ndarray):
        name = f"a{len(arrays)}"
        arrays[name] = value
        return {"$array": name}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: _pack(getattr(value, f.name), arrays) for f in dataclasses.fields(value)}
        return {"$type": type(value).__name__, **fields}
    if isinstance(value, (tuple, list)):
        return [_pack(v, arrays) for v in value]
    if isinstance(value, np.generic):
        return value.item()
    return value


def _unpack(value: Any, arrays: Any) -> Any:
    if isinstance(value, list):
        return tuple(_unpack(v, arrays) for v in value)
    if isinstance(value, dict) and "$array" in value:
        return arrays[value["$array"]]
    if isinstance(value, dict) and "$type" in value:
        return _TYPES[value["$type"]](**{k: _unpack(v, arrays) for k, v in value.items() if k != "$type"})
    return value


def pack(result: Any) -> Any:
    """A result without arrays as plain JSON (see `unpack`)."""
    return _pack(result, {})


def unpack(value: Any) -> Any:
    """The reverse of `pack`."""
    return _unpack(value, {})


def save(result: Any, path: Path) -> None:
    """Write a result as one .npz file, aside and then renamed, so that a reader never sees half of it."""
    arrays: dict[str, np.ndarray] = {}
    facts = json.dumps(_pack(result, arrays))
    part = path.with_name(f".{path.name}.part.npz")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(part, facts=np.array(facts), **arrays)
        part.replace(path)
    except OSError as error:
        raise ExplorerError(
            f"The result cannot be stored in {path.parent}: {error.strerror}. Free some space (delete old runs), or set "
            f"THAW_HOME to a folder that can be written; then ask again."
        ) from error


def load(path: Path) -> Any:
    """The result in a file that `save` wrote. Raises ExplorerError for a damaged file, naming it."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            return _unpack(json.loads(str(file["facts"])), file)
    except FileNotFoundError:
        raise
    except Exception as error:  # a wrong byte surfaces as almost anything, deep inside numpy or zipfile
        raise ExplorerError(f"The stored result {path.name} is damaged ({error}). Delete it and ask again.") from error

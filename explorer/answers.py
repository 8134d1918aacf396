"""An answer as one file, and as JSON where it has no arrays."""

import dataclasses
import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from explorer import workspaces
from explorer.errors import ExplorerError
from explorer.home import write_aside


def _pack(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """A value as plain JSON; arrays are moved to `arrays` and referred to by name."""
    if isinstance(value, np.ndarray):
        name = f"a{len(arrays)}"
        arrays[name] = value
        return {"$array": name}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: _pack(getattr(value, f.name), arrays) for f in dataclasses.fields(value)}
        return {"$type": _name(type(value)), **fields}
    if isinstance(value, (tuple, list)):
        return [_pack(v, arrays) for v in value]
    if isinstance(value, np.generic):
        return value.item()
    return value


_PLAIN = {
    "Score": "explorer.evidence.shares",
    "Balanced": "explorer.evidence.shares",
    "Grouped": "explorer.evidence.groups",
    "Epoch": "explorer.runs.records",
    "Audit": "explorer.runs.records",
    "StageAudit": "explorer.runs.records",
}
"""What run folders hold goes by its plain name, wherever its module lies, so that old folders open; name → module."""

_RENAMED = {
    "explorer.export.question:Brought": "explorer.export.question:BroughtWeights",
    "explorer.looks.data.question.faults:Shown": "explorer.looks.data.question.faults:Thumbnails",
    "explorer.looks.similarity.question.weights:Mixtures": "explorer.looks.similarity.question.weights:InterpolationScores",
}
"""Answers that were stored under an earlier name of their type can be read; old name → new name."""


def _name(kind: type) -> str:
    """What a stored value says of its type: `module:Name`, or the plain name of what runs keep."""
    return kind.__name__ if kind.__name__ in _PLAIN else f"{kind.__module__}:{kind.__name__}"


def _type(name: str) -> Any:
    """The dataclass of a stored value. Raises ValueError for what is no dataclass of this project."""
    module, _, plain = _RENAMED.get(name, name).rpartition(":")
    module = module or _PLAIN.get(plain, "")
    if module.split(".")[0] != "explorer":
        raise ValueError(f"there is no type {name!r}")
    kind = getattr(importlib.import_module(module), plain, None)
    if not dataclasses.is_dataclass(kind):
        raise ValueError(f"there is no type {name!r}")
    return kind


def _unpack(value: Any, arrays: Any) -> Any:
    if isinstance(value, list):
        return tuple(_unpack(v, arrays) for v in value)
    if isinstance(value, dict) and "$array" in value:
        return arrays[value["$array"]]
    if isinstance(value, dict) and "$type" in value:
        return _type(value["$type"])(**{k: _unpack(v, arrays) for k, v in value.items() if k != "$type"})
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

    def write(part: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            np.savez(file, allow_pickle=False, facts=np.array(facts), **arrays)

    try:
        write_aside(path, write)
    except OSError as error:
        raise workspaces.refused("The result cannot be stored", path.parent, error) from error


def load(path: Path) -> Any:
    """The result in a file that `save` wrote. Raises ExplorerError for a damaged file, naming it."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            return _unpack(json.loads(str(file["facts"])), file)
    except FileNotFoundError:
        raise
    except Exception as error:  # a wrong byte surfaces as almost anything, deep inside numpy or zipfile
        raise ExplorerError(f"The stored result {path.name} is damaged ({error}). Delete it and ask again.") from error

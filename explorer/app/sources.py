"""The code behind a figure, read from the project's files (never imported): Thaw's own, and a few lines of plain PyTorch."""

import ast
import time
from functools import lru_cache
from pathlib import Path

from explorer import bundle
from explorer.home import stamp


def source(file: str, name: str) -> str:
    """The text of a function of this project, read from its file (never imported); empty where there is none."""
    path = bundle.code(file)
    when = _written(path, _moment())
    return _source(path, name, when) if when else ""


def plain_source(name: str) -> str:
    """The few lines of plain PyTorch that give what the function `name` gives; empty where there are none."""
    path = bundle.ASSETS / "plain" / f"{name}.py"
    when = _written(path, _moment())
    return _text(path, when) if when else ""


@lru_cache(maxsize=128)
def _text(path: Path, when: int) -> str:
    return path.read_text(encoding="utf-8").strip()


def _moment() -> int:
    """Another number every ten seconds."""
    return int(time.monotonic() / 10)


@lru_cache(maxsize=512)
def _written(path: Path, moment: int) -> int:
    """When a file of the project was written, 0 where there is none; asked once a moment, since each figure shows some."""
    return stamp(path)


@lru_cache(maxsize=256)
def _source(path: Path, name: str, when: int) -> str:
    text = path.read_text(encoding="utf-8")
    for node in ast.parse(text).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == name:
            return ast.get_source_segment(text, node) or ""
    return ""

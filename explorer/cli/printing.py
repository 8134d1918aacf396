"""One JSON value, for a program or for a reader."""

import math
from typing import Any


def lines(value: Any, indent: str = "") -> list[str]:
    """A JSON value as indented lines for a reader; lists of flat rows become one line a row, a shape in one of them one word."""
    if isinstance(value, dict) and any(isinstance(v, (dict, list)) for v in value.values()):
        out = []
        for key, inner in value.items():
            nested = isinstance(inner, (dict, list)) and inner
            out += [f"{indent}{key}:", *lines(inner, indent + "  ")] if nested else [f"{indent}{key}: {_text(inner)}"]
        return out
    if isinstance(value, dict):
        return [indent + "  ".join(f"{key}={_text(inner)}" for key, inner in value.items())]
    if isinstance(value, list):
        return [line for row in value for line in lines(_with_shapes(row), indent)]
    return [indent + _text(value)]


def _with_shapes(row: Any) -> Any:
    """A row of a list with its short lists of whole numbers, which are shapes, as `3 × 224 × 224`."""
    if not isinstance(row, dict):
        return row

    def is_shape(inner: Any) -> bool:
        return isinstance(inner, list) and 0 < len(inner) <= 4 and all(type(n) is int for n in inner)

    return {key: " × ".join(map(str, inner)) if is_shape(inner) else inner for key, inner in row.items()}


def finite(value: Any) -> Any:
    """The same value with null for NaN and infinities, which JSON does not know."""
    if isinstance(value, dict):
        return {key: finite(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)

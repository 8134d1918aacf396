"""A short name for the arguments of a figure, equal for equal ones: what its cache goes by.

An answer of the worker is read from its file once and then shared by all visitors, so the digest of one that was seen before is
looked up, not computed: thirty visitors look at the same arrays.
"""

import enum
import hashlib
import weakref
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

_KNOWN: dict[int, tuple[weakref.ref[Any], bytes]] = {}
"""Identity of a frozen dataclass that holds an array → itself, weakly, and its digest. Its content never changes."""


class Unknown(TypeError):
    """There is no rule for a value of this type."""


def fingerprint(*values: Any) -> str:
    """40 hexadecimal digits. Raises Unknown for what no rule knows."""
    return _digest(values)[0].hex()


def _digest(value: Any) -> tuple[bytes, bool]:
    """The digest of a value (20 bytes), and whether there is an array in it."""
    if is_dataclass(value) and not isinstance(value, type):
        return _of_dataclass(value)
    for kinds, rule in _RULES:
        if isinstance(value, kinds):
            return rule(value)
    raise Unknown(f"no fingerprint for a {type(value).__name__}")


def _of_dataclass(value: Any) -> tuple[bytes, bool]:
    known = _KNOWN.get(id(value))
    if known is not None and known[0]() is value:
        return known[1], True
    inner = [_digest(getattr(value, field.name)) for field in fields(value)]
    digest, heavy = _joined(f"{type(value).__module__}.{type(value).__qualname__}", inner)
    if heavy and type(value).__dataclass_params__.frozen:
        key = id(value)
        _KNOWN[key] = weakref.ref(value, lambda gone: _forget(key, gone)), digest
    return digest, heavy


def _forget(key: int, gone: weakref.ref[Any]) -> None:
    if (known := _KNOWN.get(key)) is not None and known[0] is gone:
        del _KNOWN[key]


def _joined(kind: str, inner: list[tuple[bytes, bool]]) -> tuple[bytes, bool]:
    return _hashed(kind, *(digest for digest, _ in inner)), any(heavy for _, heavy in inner)


def _hashed(kind: str, *parts: bytes) -> bytes:
    digest = hashlib.blake2b(f"{kind}:{len(parts)}:".encode(), digest_size=20)
    for part in parts:
        digest.update(part)
    return digest.digest()


def _of_array(value: np.ndarray) -> tuple[bytes, bool]:
    if value.dtype.hasobject:
        return _joined(f"objects {value.shape}", [_digest(one) for one in value.ravel().tolist()])
    return _hashed(f"array {value.dtype.str} {value.shape}", np.ascontiguousarray(value).tobytes()), True


def _of_plain(value: Any) -> tuple[bytes, bool]:
    return _hashed(type(value).__qualname__, repr(value).encode("utf-8", "backslashreplace")), False


def _of_mapping(value: dict[Any, Any]) -> tuple[bytes, bool]:
    return _joined("dict", [_digest(one) for pair in value.items() for one in pair])


def _of_set(value: Any) -> tuple[bytes, bool]:
    return _joined(type(value).__name__, sorted(_digest(one) for one in value))


def _of_row(value: Any) -> tuple[bytes, bool]:
    return _joined(type(value).__qualname__, [_digest(one) for one in value])


_RULES: tuple[tuple[Any, Callable[[Any], tuple[bytes, bool]]], ...] = (
    (enum.Enum, lambda value: (_hashed(f"enum {type(value).__qualname__}", value.name.encode()), False)),
    ((str, bytes, int, float, complex, type(None), Path, np.generic), _of_plain),
    ((list, tuple, range), _of_row),
    (dict, _of_mapping),
    ((set, frozenset), _of_set),
    (np.ndarray, _of_array),
)

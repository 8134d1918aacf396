"""One entry of the feature cache: a safetensors file, written batch by batch and read where it lies."""

import json
import struct
import zlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from explorer import cache
from explorer.home import part_of, put, with_room

DTYPES = {torch.float32: "F32", torch.bfloat16: "BF16", torch.float16: "F16"}
STORED = "stored"


@dataclass(frozen=True, eq=False)
class Entry:
    """What the front gives for one view of a split: `stored` (n, …), and `pooled` features (n, c) of its stages."""

    stored: Tensor
    pooled: dict[str, np.ndarray]


def find(key: str) -> Entry | None:
    """The entry of that key, mapped from its file; None where there is none, or only a damaged one."""
    try:
        tensors, told = _mapped(cache.path(key))
        crc = 0
        for tensor in tensors.values():
            crc = zlib.crc32(_bytes(tensor), crc)
        entry = _entry(tensors) if f"{crc:08x}" == told else None
    except (OSError, SafetensorError, RuntimeError, ValueError, KeyError, TypeError):  # a wrong byte surfaces as any
        return None
    if entry:
        cache.touch(key)
    return entry


def _mapped(path: Path) -> tuple[dict[str, Tensor], str]:
    """What is in a file, left on the disk until it is read, in the file's order; and the checksum told in it."""
    with safe_open(path, "pt") as file:
        return {name: file.get_tensor(name) for name in file.offset_keys()}, file.metadata()["crc32"]


def _entry(tensors: dict[str, Tensor]) -> Entry:
    pooled = {stage: rows.numpy().copy() for stage, rows in tensors.items() if stage != STORED}
    return Entry(logical(tensors[STORED]), pooled)


def physical(x: Tensor) -> Tensor:
    """Contiguous, in the order of channels-last memory: (n, c, h, w) → (n, h, w, c), anything else as it is."""
    return (x.permute(0, 2, 3, 1) if x.ndim == 4 else x).contiguous()


def logical(x: Tensor) -> Tensor:
    """The reverse of `physical`, in the same memory."""
    return x.permute(0, 3, 1, 2) if x.ndim == 4 else x


def _bytes(x: Tensor) -> np.ndarray:
    """A contiguous tensor's memory, (bytes,) uint8."""
    return x.reshape(-1).view(torch.uint8).numpy()


class Writer:
    """Writes the entry of a key aside; `close` gives it its name, and as a context it leaves nothing half done.

    `layout` holds what the file will: name → a tensor of that shape and type without memory, `stored` first. Every
    method raises OSError where the disk does not take it, deleted runs or not; it waits for no room, since what is cached can be
    computed.
    """

    def __init__(self, key: str, layout: dict[str, Tensor]) -> None:
        self.path, self.layout, self.crc = cache.path(key), layout, 0
        self.part = part_of(self.path)
        self.file = with_room(lambda: self.part.open("wb", buffering=0), wait=False)
        try:
            put(self.file, _header(layout, 0), wait=False)
        except OSError:
            self.__exit__()
            raise

    def __enter__(self) -> "Writer":
        return self

    def __exit__(self, *error: object) -> None:
        with suppress(OSError):
            self.file.close()
        with suppress(OSError):
            self.part.unlink(missing_ok=True)

    def add(self, rows: Tensor) -> None:
        """The next bytes: a contiguous tensor on the CPU."""
        self.crc = zlib.crc32(_bytes(rows), self.crc)
        put(self.file, _bytes(rows).data, wait=False)

    def close(self) -> Entry:
        """The whole entry, mapped, and where `find` sees it from now on."""
        self.file.seek(0)
        put(self.file, _header(self.layout, self.crc), wait=False)
        self.file.close()
        try:
            tensors, _ = _mapped(self.part)  # before it has its name: another process may then remove it at any time
        except (SafetensorError, RuntimeError) as error:
            raise OSError(f"{self.part.name} cannot be mapped") from error
        self.part.replace(self.path)
        return _entry(tensors)


def _header(layout: dict[str, Tensor], crc: int) -> bytes:
    """The beginning of a safetensors file; as long for one checksum as for any other.

    By hand, since safetensors serialises tensors that are whole in memory, and these come batch by batch.
    """
    table: dict[str, object] = {"__metadata__": {"crc32": f"{crc:08x}"}}
    at = 0
    for name, tensor in layout.items():
        table[name] = {
            "dtype": DTYPES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [at, at + tensor.nbytes],
        }
        at += tensor.nbytes
    text = json.dumps(table).encode()
    text += b" " * (-len(text) % 8)  # what follows is aligned to 8 bytes
    return struct.pack("<Q", len(text)) + text

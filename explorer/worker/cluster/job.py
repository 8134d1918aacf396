"""What travels between the server and a node of the cluster."""

from dataclasses import dataclass, field
from typing import Any

Piece = list[tuple[str, int, bytes]]
"""Some files of a parcel: the path within it (empty for a parcel of one file), when it was written (ns), its bytes."""


@dataclass(frozen=True)
class Parcel:
    """Pictures or weights that a run reads: `place`, below a node's folder, is where they lie once they are there, and never
    change; `pieces` are references to Ray's objects, a `Piece` each, fetched only by a node that lacks them."""

    place: str
    pieces: tuple[Any, ...]


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What a node needs whatever it does: `small` files to be written below its folder first, path → bytes; parcels, of which
    `folders` (the folder that a recipe names → the place of a parcel) may name some; threads; the server's version and
    settings."""

    version: str
    small: dict[str, bytes] = field(default_factory=dict)
    parcels: tuple[Parcel, ...] = ()
    folders: dict[str, str] = field(default_factory=dict)
    threads: int = 1
    settings: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Job(Needs):
    """A run to carry out: the files of its folder."""

    run: str
    files: dict[str, bytes]


@dataclass(frozen=True)
class Update:
    """What a node says: how far the run is, and what is new in its folder; `ended` (`done` or `failed`) in the last one."""

    node: str
    share: float
    words: str
    files: dict[str, bytes | None] = field(default_factory=dict)
    ended: str = ""


@dataclass(frozen=True)
class Ask(Needs):
    """A look to answer: a question by its `name` and stored `fields`; where the folders of its runs lie below the node's folder,
    run → place."""

    name: str
    fields: str
    runs: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LookUpdate:
    """What a node says of a look: how far it is; in the last one `answer`, the bytes of the file that holds it, or why there is
    none."""

    share: float
    words: str
    answer: bytes = b""
    ended: bool = False

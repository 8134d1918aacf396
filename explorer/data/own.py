"""Pictures that a visitor brought, as a data set: read where Thaw keeps them, with what was found when they came."""

from collections.abc import Callable, Iterator
from pathlib import Path

from explorer import own_sets
from explorer.data import folders, groups
from explorer.data.decoding import Look
from explorer.data.entries import Entry
from explorer.data.images import Data
from explorer.data.listing import File, sort_out
from explorer.data.samples import Kind
from explorer.errors import ExplorerError
from explorer.own_sets import StoredFile


def load(name: str, split_seed: int) -> Data:
    """The set of that name, split as a folder is. Raises ExplorerError where it was deleted."""
    kept = own_sets.find(name)
    if kept is None:
        raise ExplorerError(
            f"The set {name!r} was deleted, or never was on this machine. Bring its pictures again under the same name, or "
            f"choose another data set."
        )
    rows = own_sets.files(kept)
    listed = sort_out(entries_of(rows, kept.folder), repr(kept.title), kept.labels)
    papers = {row.id: own_sets.place(kept.folder, row.digest) for row in rows if row.digest}
    name = groups.lies(papers)
    table = groups.parsed(_bytes(papers[name]), name) if name else {}
    return folders.prepared(
        listed, split_seed, kept.title, repr(kept.title), table, looked=looked(rows), fingerprint=kept.mark
    )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ExplorerError(
            f"A file of the set cannot be read any more ({error}). Bring the pictures again."
        ) from error


def entries_of(rows: list[StoredFile], root: Path) -> Iterator[Entry]:
    """The files of a set below `root`, as a folder would list them; what could not be used then is left out now."""
    for row in rows:
        fault = row.fault if not row.digest else ""
        yield Entry(
            row.id,
            own_sets.place(root, row.digest),
            row.size,
            0,
            fault,
            row.digest,
            inside=None if row.digest else _none,
        )


def _none(n: int) -> bytes:
    return b""


def looked(rows: list[StoredFile]) -> Callable[[File], Look]:
    """What a look at each file found when it came."""
    found = {row.id: row for row in rows if row.digest}

    def look(file: File) -> Look:
        row = found[file.id]
        if row.deep is None:
            return Look(row.fault or None, several=row.several)
        bits, form, low, high = row.deep
        return Look(row.fault or None, Kind(bits, form), low, high, row.several)

    return look


def as_kept(row: StoredFile, found: Look) -> StoredFile:
    """A row with what a look found."""
    deep = (found.kind.bits, found.kind.form, found.low, found.high) if found.kind else None
    return StoredFile(row.id, row.digest, row.size, found.fault or "", deep, found.several)

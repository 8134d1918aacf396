"""What a visitor gave, as entries: the files of a parcel, opened archives among them, or a folder of the server."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from explorer import limits
from explorer.arriving.compute.archives import Archive, cleaned
from explorer.data.entries import Entry, below
from explorer.data.formats import sniffed
from explorer.errors import ExplorerError
from explorer.own_sets import parcels

Sources = list[tuple[Entry, Archive | None]]


@contextmanager
def of_parcel(key: str) -> Iterator[Sources]:
    """Every file of a parcel with the archive that it lies in (None: it came by itself); archives are closed afterwards.

    An archive that came alone is the set; of several, or one among other files, each is a folder. Raises ExplorerError where
    nothing arrived or an archive cannot be opened.
    """
    arrived = parcels.contents(key)
    if not arrived:
        raise ExplorerError("No pictures have arrived yet. Drop a ZIP, a folder or pictures.")
    found: Sources = []
    opened: list[Archive] = []
    try:
        for file in arrived:
            name, fault = cleaned(file.name)
            entry = Entry(name, file.path, file.size, 0, fault)
            kind = sniffed(entry.begins())
            if kind == "a ZIP archive" or (name.lower().endswith(".zip") and not kind.endswith("archive")):
                opened.append(Archive(file.path, repr(name.rpartition("/")[2])))
                prefix = "" if len(arrived) == 1 else f"{name.rpartition('.')[0]}/"
                found += [(inner, opened[-1]) for inner in opened[-1].entries(prefix)]
            elif kind.endswith("archive"):
                found.append((replace(entry, fault=f"it is {kind}; archives must be ZIPs"), None))
            else:
                found.append((entry, None))
        _check_archives(found)
        yield found
    finally:
        for archive in opened:
            archive.close()


def _check_archives(found: Sources) -> None:
    """Say what is the matter with all files, where it is one thing."""
    faults = {entry.fault for entry, _ in found}
    if len(faults) == 1 and (fault := faults.pop()):
        which = "The file cannot" if len(found) == 1 else f"None of the {len(found)} files can"
        raise ExplorerError(f"{which} be used: {fault}. Pack the pictures once more, as a plain ZIP.")


def of_folder(folder: str) -> list[Entry]:
    """Every file of a folder of the server. Raises ExplorerError where there is none, or where a setting forbids it."""
    if not limits.server_folders():
        raise ExplorerError(
            "Folders of the server are switched off here (THAW_SHARED, or THAW_SERVER_FOLDERS=0). Bring the pictures instead."
        )
    return list(below(Path(folder).expanduser()))


def bytes_of(entry: Entry, archive: Archive | None, most: int) -> bytes:
    """All bytes of an entry, at most `most` (empty for more, and where it is damaged)."""
    if archive is None:
        return entry.begins(most + 1) if entry.size <= most else b""
    whole = bytearray()
    with suppress(Exception):  # a damaged entry raises nearly anything; keeping it says why
        for piece in archive.pieces(entry):
            whole += piece
            if len(whole) > most:
                return b""
        return bytes(whole)
    return b""

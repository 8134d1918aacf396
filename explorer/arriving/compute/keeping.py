"""Make a set of what arrived: each picture unpacked, named by its digest, decoded once to see that it is whole."""

import hashlib
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from explorer import clock, limits, own_sets, workspaces
from explorer.arriving.compute.archives import BROKEN, CHUNK, Archive
from explorer.arriving.compute.previews import adding
from explorer.arriving.compute.sources import Sources, of_parcel
from explorer.arriving.question import Arrival
from explorer.data import folders
from explorer.data.decoding import look
from explorer.data.entries import Entry, below
from explorer.data.images import in_threads
from explorer.data.listing import Listing, sort_out
from explorer.data.own import as_kept, entries_of, looked
from explorer.errors import ExplorerError
from explorer.home import put, with_room
from explorer.jobs import quotas
from explorer.own_sets import OwnSet, StoredFile, parcels
from explorer.progress import ProgressCallback


def arrive(parcel: str, title: str, labels: str, at: str, report: ProgressCallback) -> Arrival:
    """Keep the pictures of a parcel as a set and throw the parcel away; after any error nothing is half kept.

    Raises ExplorerError where what arrived is no data set, is beyond a limit, or the disk is full.
    """
    called = own_sets.title_of(title)
    if not called:
        raise ExplorerError("The set has no name. Give it one, such as Ants and bees.")
    room = parcels.folder() / parcel / "made"
    shutil.rmtree(room, ignore_errors=True)
    try:
        with_room(lambda: room.mkdir(parents=True, exist_ok=True))
        with of_parcel(parcel) as found:
            listed = sort_out((entry for entry, _ in found), repr(called), labels)
            rows = _unpack(found, listed, room, report)
        report(0.97, "adding up")
        kept = _apart(_described(rows, called, labels, room))
        if mark := parcels.whose(parcel):
            with workspaces.acting(mark):
                quotas.require_set(0 if workspaces.changes("sets", kept.name) else kept.bytes)
            workspaces.take("sets", kept.name, mark)
        _put(kept, rows, room)
    except OSError as error:
        raise _disk(error) from error
    finally:
        shutil.rmtree(room, ignore_errors=True)
    parcels.close(parcel)
    return Arrival(name=kept.name, title=kept.title, sum=kept.sum)


def bring(path: Path, title: str, labels: str, report: ProgressCallback) -> Arrival:
    """Keep a ZIP, or the files of a folder, of this machine as a set; called as the file is, where no title is given."""
    if not path.exists():
        raise ExplorerError(f"{str(path)!r} does not exist. Give a ZIP, or a folder with one sub-folder per class.")
    parcel = parcels.open_parcel()
    try:
        whole = (
            [(path, path.name)] if path.is_file() else [(e.path, e.id) for e in below(path) if e.size and not e.fault]
        )
        for file, name in whole:
            with file.open("rb") as stream:
                parcels.put(parcel, name, iter(lambda: stream.read(CHUNK), b""))
        return arrive(parcel, title or path.stem, labels, "", report)
    finally:
        parcels.close(parcel)


def _unpack(found: Sources, listed: Listing, room: Path, report: ProgressCallback) -> list[StoredFile]:
    """Every file as a row: pictures and tables with their bytes on the disk, what is left out with its reason."""
    wanted = {file.id for file in listed.files} | {
        name for name, _ in listed.litter if name.lower().endswith((".csv", ".tsv"))
    }
    reasons = dict(listed.skipped)
    count = _Counted()
    taken: set[str] = set()
    tasks: Sources = []
    rows: list[StoredFile] = []
    for entry, archive in found:
        if entry.id in wanted and entry.id not in taken and not entry.fault:
            taken.add(entry.id)
            tasks.append((entry, archive))
        else:
            rows.append(StoredFile(entry.id, "", entry.size, reasons.get(entry.id, "")))

    def one(i: int) -> StoredFile:
        return _keep(*tasks[i], room, count)

    words = f"unpacking and checking {len(tasks)} pictures"
    return rows + in_threads(one, len(tasks), lambda share: report(0.95 * share, words))


class _Counted:
    """The bytes that were really written, by all threads together."""

    def __init__(self) -> None:
        self._bytes, self._lock = 0, threading.Lock()

    def add(self, size: int) -> None:
        """Count; raises ExplorerError beyond the limits of one set, of all sets, and of the disk."""
        with self._lock:
            before, self._bytes = self._bytes, self._bytes + size
        if self._bytes > limits.set_bytes():
            raise ExplorerError(
                f"The pictures unpack to more than {limits.set_bytes() / 1e9:g} GB, the most for one set (THAW_MAX_SET_GB). "
                f"Nothing was kept. Make them smaller, or bring a part of them."
            )
        if before // 16_000_000 != self._bytes // 16_000_000:
            parcels.check_room(self._bytes)


def _keep(entry: Entry, archive: Archive | None, room: Path, count: _Counted) -> StoredFile:
    """One file under the name of its digest, and what a look at it found."""
    part = room / f"{threading.get_ident()}.part"
    found = hashlib.blake2b(digest_size=20)
    pieces = iter(_pieces(entry) if archive is None else archive.pieces(entry))
    size = 0
    with with_room(lambda: part.open("wb", buffering=0)) as out:
        while True:
            try:
                piece = next(pieces, b"")
            except BROKEN as error:
                return StoredFile(entry.id, "", entry.size, f"it is damaged in the archive ({error})")
            if not piece:
                break
            count.add(len(piece))
            size += len(piece)
            found.update(piece)
            put(out, piece)
    place = own_sets.place(room, found.hexdigest())
    with_room(lambda: place.parent.mkdir(parents=True, exist_ok=True))
    part.replace(place)
    kept = StoredFile(entry.id, found.hexdigest(), size)
    return kept if entry.id.lower().endswith((".csv", ".tsv")) else as_kept(kept, look(place))


def _pieces(entry: Entry) -> Iterator[bytes]:
    with entry.path.open("rb") as file:
        while piece := file.read(CHUNK):
            yield piece


def _described(rows: list[StoredFile], title: str, labels: str, room: Path) -> OwnSet:
    """The set, once it can be loaded. Raises ExplorerError where it cannot."""
    digest = own_sets.digest(rows, labels)
    name = own_sets.name_of(title, digest)
    listed = sort_out(entries_of(rows, room), repr(title), labels)
    data = folders.prepared(listed, 0, title, repr(title), {}, looked=looked(rows), fingerprint="-")
    used = sum(len(getattr(data, split)) for split in ("train", "val", "test"))
    left = len(listed.skipped) + len(listed.files) - used
    line = adding(used, left, len(listed.litter), folders.reasons(data.skipped))
    size = sum({row.digest: row.size for row in rows if row.digest}.values())
    return OwnSet(name, title, clock.later(), len(data.classes), used, size, labels, line, digest)


def _apart(kept: OwnSet) -> OwnSet:
    """The set under a name that no other pictures have: the piece of the digest in it may agree by chance, or was made to."""
    words, _, piece = kept.name.rpartition("-")
    number = 1
    while (there := own_sets.find(kept.name)) is not None and there.digest != kept.digest:
        number += 1
        kept = replace(kept, name=f"{words[:34]}_{number}-{piece}")
    return kept


def _put(kept: OwnSet, rows: list[StoredFile], room: Path) -> None:
    """Move the whole set to its place at once; the same pictures under the same name may be there already."""
    own_sets.folder().mkdir(parents=True, exist_ok=True)
    for part in room.glob("*.part"):
        part.unlink()
    own_sets.write(room, kept, rows)
    try:
        room.rename(kept.folder)
    except OSError:
        if own_sets.find(kept.name) is None:
            raise


def _disk(error: OSError) -> ExplorerError:
    return workspaces.refused("The pictures cannot be kept", own_sets.folder(), error)

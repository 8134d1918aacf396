"""What pictures would be as a data set: classes, counts, splits and thumbnails, a second after they are there."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from explorer.arriving.compute.sources import bytes_of, of_folder, of_parcel
from explorer.arriving.question import Preview
from explorer.data import folders, groups
from explorer.data.decoding import Look, open_picture, to_rgb
from explorer.data.entries import Entry
from explorer.data.images import Data, in_threads
from explorer.data.listing import Listing, sort_out
from explorer.data.offers import offered
from explorer.data.splits import queue
from explorer.errors import ExplorerError

SIDE = 96
EACH = 4
"""Thumbnails of each class; fewer where there are many classes, so that there are at most MOST."""
MOST = 96
TRIED = 3
"""Pictures tried for each thumbnail, where some cannot be read."""
MOST_BYTES = 60_000_000
LEFT_OUT = 50

Reader = Callable[[Entry], bytes]


def preview(parcel: str, folder: str, labels: str, at: str) -> Preview:
    """What the pictures would be; what is wrong is said in it, with other sources of labels where some fit."""
    with ExitStack() as stack:
        try:
            if folder:
                entries, read = of_folder(folder), lambda entry: bytes_of(entry, None, MOST_BYTES)
            else:
                found = stack.enter_context(of_parcel(parcel))
                archives = {entry.id: archive for entry, archive in found}
                entries = [entry for entry, _ in found]
                read = lambda entry: bytes_of(entry, archives[entry.id], MOST_BYTES)  # noqa: E731  (one of two readers)
            return _previewed(entries, read, labels, f"The folder {folder!r}" if folder else "What you brought")
        except ExplorerError as error:
            return _nothing(str(error), offered(str(error)))


def _previewed(entries: Sequence[Entry], read: Reader, labels: str, name: str) -> Preview:
    listed = sort_out((replace(entry, digest=entry.id) for entry in entries), name, labels)
    papers = {entry.id: entry for entry in entries if not entry.fault}
    name_of = groups.lies(papers)
    table = groups.parsed(read(papers[name_of]), name_of) if name_of else {}
    data = folders.prepared(listed, 0, "", name, table, looked=lambda file: Look(None), fingerprint="-")
    counts = [
        np.bincount(getattr(data, split).labels, minlength=len(data.classes)) for split in ("train", "val", "test")
    ]
    images, of = _thumbnails(data, {entry.id: entry for entry in entries}, read)
    return Preview(
        classes=data.classes, counts=np.stack(counts, axis=1), images=images, of=of, sum=total(listed),
        notes=tuple(listed.notes), left_out=listed.skipped[:LEFT_OUT], offers=offered(" ".join(listed.notes)),
    )  # fmt: skip


def total(listed: Listing) -> str:
    """The line that adds up."""
    used, left, rest = len(listed.files), len(listed.skipped), len(listed.litter)
    return adding(used, left, rest)


def adding(used: int, left: int, rest: int, why: str = "") -> str:
    """What became of every file, as a sum; `why` files were left out."""
    named = f" ({why})" if why else ""
    return f"{used} pictures + {left} left out{named} + {rest} other file{'s' if rest != 1 else ''} = {used + left + rest} files."


def _thumbnails(data: Data, entries: dict[str, Entry], read: Reader) -> tuple[np.ndarray, np.ndarray]:
    """Training pictures (m, SIDE, SIDE, 3) and the class of each (m,)."""
    each = max(1, min(EACH, MOST // len(data.classes)))
    order = queue(data.train.ids, "preview")
    rows = [order[data.train.labels[order] == kind] for kind in range(min(len(data.classes), MOST))]

    def of_class(kind: int) -> list[np.ndarray]:
        found: list[np.ndarray] = []
        for row in rows[kind][: TRIED * each]:
            if len(found) < each and (small := _small(read(entries[data.train.ids[int(row)]]))) is not None:
                found.append(small)
        return found

    parts = in_threads(of_class, len(rows))
    flat: list[Any] = [image for part in parts for image in part]
    of = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    return (np.stack(flat) if flat else np.zeros((0, SIDE, SIDE, 3), np.uint8)), of


def _small(data: bytes) -> np.ndarray | None:
    """A picture's middle, (SIDE, SIDE, 3); None for one that cannot be read."""
    try:
        return np.asarray(ImageOps.fit(to_rgb(open_picture(data, SIDE)), (SIDE, SIDE), Image.Resampling.BILINEAR))
    except ExplorerError:
        return None


def _nothing(error: str, offers: tuple[str, ...]) -> Preview:
    return Preview(
        classes=(), counts=np.zeros((0, 3), np.int64), images=np.zeros((0, SIDE, SIDE, 3), np.uint8),
        of=np.zeros(0, np.int64), sum="", notes=(), left_out=(), error=error, offers=offers,
    )  # fmt: skip

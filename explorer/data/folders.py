"""A folder of pictures in ImageFolder form: one sub-folder per class, with or without train/, val/ and test/ above.

Folders that are given are respected; what is missing is split off. Files that cannot be read, and files that occur
twice, are left out and named. Pictures of one patient, place or film make a group (see `groups`), which no split cuts.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from explorer.data import groups, splits
from explorer.data.decoding import look, open_picture, size, to_rgb
from explorer.data.images import Data, Images, in_threads
from explorer.data.listing import SPLITS, File, Listing, listing
from explorer.data.samples import Scales, scales
from explorer.errors import ExplorerError

MAX_CLASSES = 200
HASHED_AT_ONCE = 1 << 20

Skipped = list[tuple[str, str]]


def load(folder: str | Path, split_seed: int) -> Data:
    """The pictures of a folder, split, none left out but the unreadable and the repeated.

    Raises ExplorerError for a folder without at least two classes with enough readable pictures, and beyond MAX_CLASSES
    or `listing.MAX_IMAGES` pictures.
    """
    found = listing(Path(folder).expanduser())
    _check_classes(found.classes, Path(folder))
    skipped = list(found.skipped)
    readable, black_and_white = _readable(found.files, skipped)
    files = _without_repeats(readable, skipped)
    _check_counts(found, files, skipped)
    grouped = groups.of(Path(folder).expanduser(), [file.id for file in files], [file.kind for file in files])
    parts = {s: _images([f for f in files if f.split == s], found.classes, black_and_white, grouped) for s in SPLITS}
    train, val, test = parts["train"], parts["val"], parts["test"]
    if not len(test):
        train, val, test = splits.divide(train, split_seed)
    elif not len(val):
        train, val = splits.hold_out(train, split_seed)
    data = Data(
        Path(folder).expanduser().resolve().name,
        found.classes,
        train,
        val,
        test,
        tuple(skipped),
        "",
        _fingerprint(found.files, black_and_white),
        black_and_white,
    )
    return data.with_notes(*found.notes, _left_out(skipped), *_imbalance(data), *groups.notes(data))


def _readable(files: Sequence[File], skipped: Skipped) -> tuple[list[File], Scales]:
    """The files that decode, with black and white of each kind beyond 8 bits; the others are named in `skipped`."""
    looks = in_threads(lambda i: look(files[i].path), len(files))
    skipped.extend((file.id, seen.fault) for file, seen in zip(files, looks, strict=True) if seen.fault)
    deep = [(seen.kind, seen.low, seen.high) for seen in looks if seen.kind is not None]
    return [file for file, seen in zip(files, looks, strict=True) if not seen.fault], scales(deep)


def _without_repeats(files: list[File], skipped: Skipped) -> list[File]:
    """Each picture once: a test file is kept before a validation file before a training file, else the first name."""
    sizes = Counter(file.size for file in files)
    seen: dict[bytes, File] = {}
    repeats: set[str] = set()
    for file in sorted(files, key=lambda f: (-SPLITS.index(f.split), f.id)):
        if sizes[file.size] == 1:
            continue
        first = seen.setdefault(_digest(file.path), file)
        if first is not file:
            repeats.add(file.id)
            skipped.append((file.id, f"it is a copy of {first.id}"))
    return [file for file in files if file.id not in repeats]


def _digest(path: Path) -> bytes:
    digest = hashlib.blake2b()
    try:
        with path.open("rb") as stream:
            while block := stream.read(HASHED_AT_ONCE):
                digest.update(block)
    except OSError as error:
        raise ExplorerError(f"The file {str(path)!r} cannot be read any more ({error}). Try again.") from error
    return digest.digest()


def _images(files: list[File], classes: tuple[str, ...], scales: Scales, grouped: Mapping[str, str] | None) -> Images:
    paths = [file.path for file in files]
    place = {name: i for i, name in enumerate(classes)}
    return Images(
        ids=tuple(file.id for file in files),
        labels=np.array([place[file.kind] for file in files], np.int64),
        read=lambda i: to_rgb(open_picture(paths[i]), scales),
        reduced=lambda i, at_least: to_rgb(open_picture(paths[i], at_least), scales),
        groups=None if grouped is None else np.array([grouped[file.id] for file in files], np.str_),
        size=lambda i: size(paths[i]),
    )


def _check_classes(classes: tuple[str, ...], folder: Path) -> None:
    """Raises ExplorerError for fewer than 2 or more than MAX_CLASSES."""
    if len(classes) > MAX_CLASSES:
        raise ExplorerError(
            f"The folder {str(folder)!r} has {len(classes)} classes. Allowed: 2 to {MAX_CLASSES}. Take some out."
        )
    if len(classes) < 2:
        only = ", ".join(classes)
        raise ExplorerError(
            f"The folder {str(folder)!r} has one class only ({only!r}). Allowed: 2 to {MAX_CLASSES}, each in a "
            f"sub-folder of its own. Add a class; or, if the classes lie deeper, give {str(folder / only)!r}."
        )


def _check_counts(found: Listing, files: list[File], skipped: Skipped) -> None:
    """Raises ExplorerError unless each class has a training picture for each split taken from it, and each split one."""
    given = {file.split for file in found.files}
    needed = 3 - ("test" in given) - ("val" in given)
    counts = Counter(file.kind for file in files if file.split == "train")
    short = [name for name in found.classes if counts[name] < needed]
    first = f" Left out, for one: {skipped[0][0]} ({skipped[0][1]})." if skipped else ""
    if short:
        more = f" (so have {len(short) - 1} more classes)" if len(short) > 1 else ""
        raise ExplorerError(
            f"The class {short[0]!r} has {counts[short[0]]} readable training pictures{more}. At least {needed} are "
            f"needed, one for each split that is taken from them. Add pictures or remove its folder.{first}"
        )
    for split in sorted(given - {file.split for file in files}):
        raise ExplorerError(
            f"None of the pictures given for the {split} split can be read; at least 1 is needed. Add pictures, or "
            f"remove that folder, then the split is taken from the training pictures.{first}"
        )


def _fingerprint(files: Sequence[File], scales: Scales) -> str:
    lines = "\n".join(f"{file.id}\t{file.size}\t{file.changed}" for file in files)
    lines += "".join(f"\n{kind}\t{black}\t{white}" for kind, (black, white) in sorted(scales.items()))
    return "folder-" + hashlib.sha256(lines.encode()).hexdigest()[:16]


def _left_out(skipped: Skipped) -> str:
    """One sentence on what was left out, or nothing."""
    if not skipped:
        return ""
    copies = sum(reason.startswith("it is a copy") for _, reason in skipped)
    kinds = [(len(skipped) - copies, "unreadable"), (copies, "repeated")]
    counted = " and ".join(f"{n} {kind}" for n, kind in kinds if n)
    return f"{counted} file{'s were' if len(skipped) > 1 else ' was'} left out, e.g. {skipped[0][0]}."


def _imbalance(data: Data) -> list[str]:
    """Sentences on classes without test images and on classes of very different size."""
    notes = []
    absent = [name for i, name in enumerate(data.classes) if not (data.test.labels == i).any()]
    if absent:
        notes.append(f"No test images of {', '.join(absent[:5])}{' …' if len(absent) > 5 else ''}.")
    counts = np.bincount(data.train.labels, minlength=len(data.classes))
    if counts.max() > 3 * counts.min():
        notes.append(f"Classes differ in size: {counts.min()} to {counts.max()} training images.")
    return notes

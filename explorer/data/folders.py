"""A set of pictures in folders of classes, with or without train/, val/ and test/ above: a folder, or what Thaw keeps.

What is given is respected; what is missing is split off. Each file ends in one of three: used, left out with a reason, known
litter (see `listing`). Pictures of one patient, place or film make a group (see `groups`), which no split cuts.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from explorer import limits
from explorer.data import groups, splits
from explorer.data.decoding import Look, look, open_picture, size, to_rgb
from explorer.data.frames import several_note
from explorer.data.images import Data, Images, in_threads
from explorer.data.listing import SPLITS, File, Listing, listing
from explorer.data.samples import Scales, scales
from explorer.errors import ExplorerError
from explorer.runs.cautions import COPY_OF, OF_ANOTHER

HASHED_AT_ONCE = 1 << 20

Skipped = list[tuple[str, str]]


def load(folder: str | Path, split_seed: int, labels: str = "folders") -> Data:
    """The pictures of a folder, split, none left out but the unreadable and the repeated; `labels` as in `listing`.

    Raises ExplorerError for a folder without at least two classes with enough readable pictures, and beyond the limits.
    """
    root = Path(folder).expanduser()
    found = listing(root, labels)
    table = groups.table(root, (name for name, _ in found.litter))
    return prepared(found, split_seed, root.resolve().name, f"The folder {str(folder)!r}", table)


def prepared(
    found: Listing,
    split_seed: int,
    name: str,
    where: str,
    table: Mapping[str, str],
    looked: Callable[[File], Look] = lambda file: look(file.path),
    fingerprint: str = "",
) -> Data:
    """The data of a listing called `name` (in messages `where`); `table` names groups, `looked` judges a file."""
    _check_classes(found, where)
    skipped = list(found.skipped)
    readable, black_and_white, paged = _readable(found.files, skipped, looked)
    files = _without_repeats(readable, skipped)
    _check_counts(found, files, skipped)
    named, missed = groups.resolved(table, [file.id for file in found.files])
    grouped = groups.of({**named, **found.groups}, [file.id for file in files], [file.kind for file in files])
    parts = {s: _images([f for f in files if f.split == s], found.classes, black_and_white, grouped) for s in SPLITS}
    train, val, test = parts["train"], parts["val"], parts["test"]
    if not len(test):
        train, val, test = splits.divide(train, split_seed)
    elif not len(val):
        train, val = splits.hold_out(train, split_seed)
    data = Data(
        name,
        found.classes,
        train,
        val,
        test,
        tuple(skipped),
        "",
        fingerprint or _fingerprint(found.files, black_and_white),
        black_and_white,
    )
    several = several_note([file.id for file in files if file.id in paged])
    said = (*found.notes, _sum(found, files, skipped), several, *_imbalance(data), *missed, *groups.notes(data))
    return data.with_notes(*said)


def _readable(
    files: Sequence[File], skipped: Skipped, looked: Callable[[File], Look]
) -> tuple[list[File], Scales, set[str]]:
    """The files that decode, with black and white of each kind beyond 8 bits, and which files hold several pictures; those that
    do not decode are named in `skipped`."""
    looks = in_threads(lambda i: looked(files[i]), len(files))
    skipped.extend((file.id, seen.fault) for file, seen in zip(files, looks, strict=True) if seen.fault)
    deep = [(seen.kind, seen.low, seen.high) for seen in looks if seen.kind is not None]
    paged = {file.id for file, seen in zip(files, looks, strict=True) if seen.several}
    return [file for file, seen in zip(files, looks, strict=True) if not seen.fault], scales(deep), paged


def _without_repeats(files: list[File], skipped: Skipped) -> list[File]:
    """Each picture once: a test file is kept before a validation file before a training file, else the first name."""
    sizes = Counter(file.size for file in files)
    seen: dict[str, File] = {}
    repeats: set[str] = set()
    for file in sorted(files, key=lambda f: (-SPLITS.index(f.split), f.id)):
        if sizes[file.size] == 1:
            continue
        first = seen.setdefault(file.digest or digest(file.path), file)
        if first is not file:
            repeats.add(file.id)
            other = "" if first.kind == file.kind else f"{OF_ANOTHER} {first.kind!r}"
            skipped.append((file.id, f"{COPY_OF}{first.id}{other}"))
    return [file for file in files if file.id not in repeats]


def digest(path: Path) -> str:
    """What names the bytes of a file: BLAKE2b, 40 hexadecimal digits. Raises ExplorerError where it cannot be read."""
    found = hashlib.blake2b(digest_size=20)
    try:
        with path.open("rb") as stream:
            while block := stream.read(HASHED_AT_ONCE):
                found.update(block)
    except OSError as error:
        raise ExplorerError(f"The file {str(path)!r} cannot be read any more ({error}). Try again.") from error
    return found.hexdigest()


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


def _check_classes(found: Listing, where: str) -> None:
    """Raises ExplorerError for fewer than 2 classes or more than `limits.classes()`."""
    n, most = len(found.classes), limits.classes()
    if n > most:
        raise ExplorerError(f"{where} has {n} classes. Allowed: 2 to {most}. Take some out, or set THAW_MAX_CLASSES.")
    if n < 2:
        raise ExplorerError(
            f"{where} has one class only ({', '.join(found.classes)!r}). Allowed: 2 to {most}, each in a sub-folder of its "
            f"own. Add a class."
        )


def _check_counts(found: Listing, files: list[File], skipped: Skipped) -> None:
    """Raises ExplorerError unless each class has a training picture for each split taken from it, and each split one."""
    given = {file.split for file in found.files}
    needed = 3 - ("test" in given) - ("val" in given)
    counts = Counter(file.kind for file in files if file.split == "train")
    short = [name for name in found.classes if counts[name] < needed]
    first = f" Left out, for one: {skipped[0][0]} ({skipped[0][1]})." if skipped else ""
    if short:
        more = f" (and {len(short) - 1} more class{'es' if len(short) > 2 else ''})" if len(short) > 1 else ""
        plural = "" if counts[short[0]] == 1 else "s"
        raise ExplorerError(
            f"The class {short[0]!r} has {counts[short[0]]} readable training picture{plural}{more}. At least {needed} are "
            f"needed, one for each split that is taken from them. Add pictures, or leave the class out.{first}"
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


def _sum(found: Listing, files: Sequence[File], skipped: Skipped) -> str:
    """What became of all that lies there, as a sum; nothing where all of it is used."""
    if not skipped and not found.litter:
        return ""
    left = f"{len(skipped)} left out ({reasons(skipped)}; e.g. {skipped[0][0]})" if skipped else "0 left out"
    other = f"{len(found.litter)} other file{'s' if len(found.litter) != 1 else ''}"
    return f"{len(files)} pictures used + {left} + {other} = {found.total} files."


def reasons(skipped: Sequence[tuple[str, str]]) -> str:
    """Why files were left out, in a few words: `6 repeated, 1 damaged`."""
    counted = Counter(_shortened(reason) for _, reason in skipped)
    return ", ".join(f"{n} {reason}" for reason, n in counted.most_common(4)) + (", …" if len(counted) > 4 else "")


_SHORT = {
    COPY_OF.strip(): "repeated",
    "it is damaged": "damaged",
    "it is empty": "empty",
    "it is a mask": "masks of others",
    "it lies": "outside of the classes",
    "it is no picture": "no pictures",
    "it has": "too large or small",
    "another file": "named twice",
    "its name": "without a class in the name",
    "it is in the format": "in a format of an optional package",
}


def _shortened(reason: str) -> str:
    return next((short for start, short in _SHORT.items() if reason.startswith(start)), "for other reasons")


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

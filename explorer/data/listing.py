"""Which files of a folder are pictures, of which class, in which split. Nothing is opened here."""

import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from explorer.data.decoding import FORMATS, SUFFIXES, changed
from explorer.errors import ExplorerError

MAX_IMAGES = 20_000
SPLITS = ("train", "val", "test")
_NAMES = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
_LITTER = {"__MACOSX", "__pycache__", "$RECYCLE.BIN", "@eaDir"}
_FOREIGN = {".heic", ".heif", ".avif", ".svg", ".eps", ".psd", ".jp2", ".dcm", ".dng", ".pdf", ".ppm", ".pgm", ".ico"}
_PLACEHOLDER = "imagenotfound.gif"
_FORM = "Expected: one sub-folder per class with pictures in it, or train/ and val/ or test/ with such sub-folders."


@dataclass(frozen=True)
class File:
    """One file that should be a picture: `id` is its path below the folder, `size` in bytes, `changed` in ns."""

    path: Path
    id: str
    split: str
    kind: str
    size: int
    changed: int


@dataclass(frozen=True)
class Listing:
    """What a folder offers: `files` in the order of their ids, all class names (also of empty folders), pictures in
    formats that are not read as (file, reason), and what to know."""

    files: tuple[File, ...]
    classes: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def listing(folder: Path) -> Listing:
    """What the folder offers. Where there is a val folder and no test folder, val is the test split.

    Raises ExplorerError for a folder that is none, has no class or no picture, or more than MAX_IMAGES pictures.
    """
    files: list[File] = []
    classes: set[str] = set()
    skipped: list[tuple[str, str]] = []
    for split, parent in _parents(folder).items():
        for kind in _folders_in(parent):
            classes.add(_shown(kind.name))
            for path in _walk(kind):
                _sort_in(path, _shown(path.relative_to(folder).as_posix()), split, kind, files, skipped)
            if len(files) > MAX_IMAGES:
                raise ExplorerError(
                    f"The folder {str(folder)!r} has more than {MAX_IMAGES} pictures, which is the most allowed. "
                    f"Give a folder with a part of them."
                )
    if not files:
        other = f" {len(skipped)} files are in formats that are not read ({skipped[0][0]})." if skipped else ""
        raise ExplorerError(
            f"The folder {str(folder)!r} holds no picture in its sub-folders.{other} {_FORM} "
            f"Formats: {', '.join(FORMATS)}."
        )
    notes: tuple[str, ...] = ()
    splits = {file.split for file in files}
    if "val" in splits and "test" not in splits:
        files = [replace(file, split="test") if file.split == "val" else file for file in files]
        notes = ("The val folder serves as test split; validation images were split off the training images.",)
    return Listing(tuple(sorted(files, key=lambda f: f.id)), tuple(sorted(classes)), tuple(skipped), notes)


def _parents(folder: Path) -> dict[str, Path]:
    """Split → the folder whose sub-folders are its classes; without train/, val/ and test/ all are for training."""
    if not folder.exists():
        raise ExplorerError(f"The folder {str(folder)!r} does not exist. {_FORM} Check the path.")
    if not folder.is_dir():
        raise ExplorerError(f"{str(folder)!r} is a file, not a folder. {_FORM} Give the folder that holds the classes.")
    inner = _folders_in(folder)
    if not inner:
        loose = sum(path.suffix.lower() in SUFFIXES for path in folder.iterdir())
        raise ExplorerError(
            f"The folder {str(folder)!r} has no sub-folders{f' but {loose} loose pictures' if loose else ''}. {_FORM} "
            f"Sort the pictures into one sub-folder per class."
        )
    given = {_NAMES[path.name.lower()]: path for path in inner if path.name.lower() in _NAMES}
    if given and "train" not in given:
        names = ", ".join(path.name for path in given.values())
        raise ExplorerError(
            f"The folder {str(folder)!r} has {names} but no train. {_FORM} Add a train folder, or give a folder with "
            f"classes only, then all splits are drawn from it."
        )
    nested = next((path for path in inner if not given and _holds_splits(path)), None)
    if nested:
        raise ExplorerError(
            f"The folder {str(folder)!r} seems to hold whole data sets, not classes: {nested.name} has a train folder. "
            f"{_FORM} Give {str(nested)!r} instead."
        )
    return given or {"train": folder}


def _holds_splits(folder: Path) -> bool:
    return any(_NAMES.get(path.name.lower()) == "train" for path in _folders_in(folder))


def _sort_in(path: Path, name: str, split: str, kind: Path, files: list[File], skipped: list[tuple[str, str]]) -> None:
    """Append the file to `files`, or with its reason to `skipped`, or to neither where it is no picture at all."""
    suffix = path.suffix.lower()
    if path.name.lower() == _PLACEHOLDER:
        skipped.append((name, "it stands for a picture that was not found"))
    elif suffix in SUFFIXES:
        try:
            facts = path.stat()
            files.append(File(path, name, split, _shown(kind.name), facts.st_size, changed(facts)))
        except OSError as error:
            skipped.append((name, f"it cannot be reached ({error.strerror})"))
    elif suffix in _FOREIGN:
        skipped.append((name, f"{suffix} is not among the formats that are read: {', '.join(FORMATS)}"))


def _folders_in(folder: Path) -> list[Path]:
    """The sub-folders that count, by name; those of the system and hidden ones do not."""
    try:
        return sorted(path for path in folder.iterdir() if _counts(path.name) and path.is_dir())
    except OSError as error:
        raise ExplorerError(
            f"The folder {str(folder)!r} cannot be opened ({error.strerror}). It must be readable for the user that "
            f"Thaw runs as; change its permissions or give another folder."
        ) from error


def _walk(folder: Path) -> Iterator[Path]:
    """All files below a class's folder that are not hidden, whatever their format."""
    for parent, inner, names in os.walk(folder):
        inner[:] = sorted(name for name in inner if _counts(name))
        yield from (Path(parent, name) for name in sorted(names) if _counts(name))


def _counts(name: str) -> bool:
    return not name.startswith(".") and name not in _LITTER


def _shown(name: str) -> str:
    """A file name as text that can be stored anywhere: one spelling of accents, no undecodable bytes."""
    return unicodedata.normalize("NFC", os.fsencode(name).decode("utf-8", "replace"))

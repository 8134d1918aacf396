"""Sets of pictures that visitors brought: kept in Thaw's folder by content, listed by name, gone when deleted.

A set is a folder: `set.json` says what it is, `files.json` names each file with what a look at it found, and under `files/` lie
the bytes, each file named by its own digest. So no name that a visitor gave ever becomes a name on the disk: letters that a
file system would fold, names that leave the folder and links have nothing to act on. The set's name ends in a piece of the
digest of all of it: a recipe that names it means these pictures and no others.
"""

import hashlib
import json
import os
import re
import shutil
import unicodedata
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from explorer import workspaces
from explorer.errors import ExplorerError
from explorer.home import home, stamp, write_aside

NAME = re.compile(r"[a-z0-9_]{1,40}-[0-9a-f]{8}")
"""What such a set is called in a recipe: words of its title, a dash, a piece of the digest of its content."""
LONGEST_TITLE = 60


@dataclass(frozen=True)
class StoredFile:
    """One file: its path as it came, the digest that names its bytes, its size, and what a look at it found (see
    `decoding.Look`): why it cannot be used, or for more than 8 bits a sample their bits, form, least and largest number; whether
    it holds several pictures."""

    id: str
    digest: str
    size: int
    fault: str = ""
    deep: tuple[int, int, float, float] | None = None
    several: bool = False


@dataclass(frozen=True)
class OwnSet:
    """One set: `name` as a recipe says it, `title` as the visitor called it; `images` counts the pictures used, `classes` the
    classes, `bytes` what it takes on the disk; `labels` says where the classes are read from; `sum` is the line that accounts
    for every file; `created` in seconds since 1970."""

    name: str
    title: str
    created: float
    classes: int
    images: int
    bytes: int
    labels: str
    sum: str
    digest: str

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return folder() / self.name

    @property
    def mark(self) -> str:
        """What names its pictures in the caches: `Data.fingerprint`."""
        return f"own-{self.digest[:16]}"


def folder() -> Path:
    """Where all of them lie."""
    return home() / "own_sets"


def listing() -> list[OwnSet]:
    """All sets that who is looking may see, the latest first."""
    try:
        names = [entry.name for entry in os.scandir(folder()) if NAME.fullmatch(entry.name)]
    except OSError:
        return []
    names = workspaces.visible("sets", names)
    found = [found for name in names if (found := find(name)) is not None]
    return sorted(found, key=lambda kept: (kept.created, kept.name), reverse=True)


def find(name: str) -> OwnSet | None:
    """The set of that name; None where there is none (any more), or it is another visitor's."""
    if not NAME.fullmatch(name) or not workspaces.sees("sets", name):
        return None
    path = folder() / name / "set.json"
    when = stamp(path)
    try:
        return _read(path, when) if when else None
    except (OSError, ValueError, TypeError):  # deleted just now, or damaged
        return None


@lru_cache(maxsize=512)
def _read(path: Path, when: int) -> OwnSet:
    return OwnSet(**json.loads(path.read_text(encoding="utf-8")))


def files(kept: OwnSet) -> list[StoredFile]:
    """Every file of a set, in the order of their paths. Raises ExplorerError where the list is damaged or gone."""
    path = kept.folder / "files.json"
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        return [  # sets kept before that was looked at have no sixth value
            StoredFile(id, digest, size, fault, tuple(deep) if deep else None, *several)
            for id, digest, size, fault, deep, *several in rows
        ]
    except (OSError, ValueError, TypeError) as error:
        raise ExplorerError(
            f"The set {kept.title!r} cannot be read any more ({error}). Delete it, and bring its pictures again."
        ) from error


def place(root: Path, digest: str) -> Path:
    """Where below a set's folder the bytes of that digest lie."""
    return root / "files" / digest[:2] / digest


def write(root: Path, kept: OwnSet, rows: list[StoredFile]) -> None:
    """Write what `find` and `files` read into the folder of a set that is being made."""
    listed = [[row.id, row.digest, row.size, row.fault, row.deep, row.several] for row in rows]
    told = {"files.json": json.dumps(listed), "set.json": json.dumps(asdict(kept), indent=1)}
    for name, text in told.items():
        write_aside(root / name, lambda part, text=text: part.write_text(text, encoding="utf-8"))


def digest(rows: list[StoredFile], labels: str) -> str:
    """What names the content of a set: the paths, the bytes, and where the classes are read from; 64 hexadecimal digits."""
    whole: list[Any] = [labels, sorted((row.id, row.digest) for row in rows)]
    return hashlib.sha256(json.dumps(whole).encode()).hexdigest()


def title_of(text: str) -> str:
    """A visitor's name for a set as a title: one line, no control or direction-changing characters, not too long."""
    kept = "".join(" " if c.isspace() else c for c in text if c.isspace() or unicodedata.category(c)[0] != "C")
    return " ".join(kept.split())[:LONGEST_TITLE].strip()


def name_of(title: str, digest: str) -> str:
    """The name that a recipe uses: `Ants & bees` of content 3f2a… is `ants_bees-3f2a9c1d`."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = "_".join(re.findall(r"[a-z0-9]+", plain))[:40].strip("_") or "pictures"
    return f"{words}-{digest[:8]}"


def taken() -> int:
    """The bytes that all sets take, whoever brought them."""
    with workspaces.everything():
        return sum(kept.bytes for kept in listing())


def delete(name: str) -> bool:
    """Remove a set from the disk, unless another visitor brought the same pictures; returns whether it went. What else holds its
    pictures is `arriving.removing`'s to remove. Raises ExplorerError where there is none of that name or its folder cannot be
    changed."""
    kept = find(name)
    if kept is None:
        raise ExplorerError(f"There is no set {name[:64]!r} (any more). Nothing was deleted.")
    if not workspaces.changes("sets", name):
        raise ExplorerError(f"The set {kept.title!r} was published for all to use, and stays. Nothing was deleted.")
    if not workspaces.give_up("sets", name):  # another visitor brought the same pictures
        return False
    gone = kept.folder.with_name(f".{name}.gone")
    try:
        kept.folder.rename(gone)  # at once: never half a set
    except OSError as error:
        workspaces.take("sets", name)  # still theirs: what is nobody's is the presenter's
        raise ExplorerError(
            f"The set {kept.title!r} cannot be deleted ({error.strerror}): {folder()} must be writable for the user that Thaw "
            f"runs as."
        ) from error
    shutil.rmtree(gone, ignore_errors=True)
    return True


def sweep() -> None:
    """Finish deletions that were cut off."""
    with suppress(OSError):
        for gone in folder().glob(".*.gone"):
            shutil.rmtree(gone, ignore_errors=True)

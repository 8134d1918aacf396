"""What lies in a folder: every file once, each with a name that can be stored; nothing is sorted or judged here.

`Entry` is what a folder, an archive and a set kept by Thaw have in common.
"""

import os
import stat
import unicodedata
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from explorer import limits
from explorer.data.decoding import changed
from explorer.data.formats import HEAD
from explorer.errors import ExplorerError

_SYSTEM = {"__macosx", "__pycache__", "$recycle.bin", "system volume information", "@eadir", "lost+found"}
_FILES = {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"}
_PAPERS = {
    ".txt", ".md", ".rst", ".csv", ".tsv", ".json", ".jsonl", ".xml", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".log",
    ".html", ".htm", ".py", ".ipynb", ".sh", ".bat", ".url", ".lnk", ".license", ".bib", ".names", ".data", ".cache", ".sha256",
    ".md5",
}  # fmt: skip
_PAPER_NAMES = {"readme", "license", "licence", "copying", "notice", "citation", "changelog", "makefile", "authors"}


@dataclass(frozen=True)
class Entry:
    """One thing that lies there: `id` its path below the folder, `size` in bytes, `changed` in ns; `path` is where its bytes
    are, or `inside(n)` gives the first n of them; `fault` says why it cannot be used at all, `digest`
    names its bytes where that is known. An empty folder's id ends in /."""

    id: str
    path: Path
    size: int = 0
    changed: int = 0
    fault: str = ""
    digest: str = ""
    inside: Callable[[int], bytes] | None = field(default=None, compare=False)

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of its folders and its own."""
        return tuple(self.id.split("/"))

    def begins(self, n: int = HEAD) -> bytes:
        """Its first n bytes; empty where it cannot be read."""
        try:
            if self.inside is not None:
                return self.inside(n)
            with self.path.open("rb") as stream:
                return stream.read(n)
        except OSError:
            return b""


def shown(name: str) -> str:
    """A name as text that can be stored anywhere: one spelling of accents, no undecodable bytes, no control characters."""
    text = unicodedata.normalize("NFC", os.fsencode(name).decode("utf-8", "replace"))
    return "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in ("Cc", "Cs") else c for c in text)


def litter(entry: Entry) -> str:
    """What kind of litter a name says that this is: hidden, of a system, or a paper that comes with data; else empty."""
    *folders, name = (part.lower() for part in entry.parts)
    if any(part.startswith(".") or part in _SYSTEM for part in folders):
        return "in a hidden or system folder"
    if name.startswith(".") or name in _FILES:
        return "a hidden or system file"
    _, dot, suffix = name.rpartition(".")
    if (dot and f".{suffix}" in _PAPERS) or name in _PAPER_NAMES:
        return "a note or table"
    return ""


def below(folder: Path) -> Iterator[Entry]:
    """Every file below the folder, in the order of names, then what links to folders lead to; each folder is entered once, by
    device and inode, so that a ring of links ends, and where it lies rather than through a link: else a link in one class to
    another would swallow it. What cannot be entered or is no file comes with its fault.

    Raises ExplorerError where the folder itself is none or cannot be opened.
    """
    expected = "Expected: a folder with one sub-folder per class, or train/ and val/ or test/ with such sub-folders."
    if not folder.exists():
        raise ExplorerError(f"The folder {str(folder)!r} does not exist. {expected} Check the path.")
    if not folder.is_dir():
        raise ExplorerError(
            f"{str(folder)!r} is a file, not a folder. {expected} Give the folder that holds the classes; a ZIP is taken by "
            f"the page Train, or by the command `bring`."
        )
    try:
        os.scandir(folder).close()
    except OSError as error:
        raise ExplorerError(
            f"The folder {str(folder)!r} cannot be opened ({error.strerror}). It must be readable for the user that "
            f"Thaw runs as; change its permissions or give another folder."
        ) from error
    entered, links = {_identity(folder.stat())}, deque[tuple[Path, str]]()
    yield from _below(folder, "", entered, links)
    while links:
        path, name = links.popleft()
        yield from _entered(path, name, entered, links)


def _entered(path: Path, name: str, entered: set[tuple[int, int]], links: deque[tuple[Path, str]]) -> Iterator[Entry]:
    """What lies in a folder that may be entered, or why it may not."""
    identity = _identity(path.stat())
    if identity in entered:
        yield Entry(name, path, fault="it is a link to a folder that is read already")
    elif name.count("/") >= limits.MOST_DEEP:
        yield Entry(name, path, fault=f"it lies more than {limits.MOST_DEEP} folders deep")
    else:
        entered.add(identity)
        yield from _below(path, f"{name}/", entered, links)


def _below(folder: Path, prefix: str, entered: set[tuple[int, int]], links: deque[tuple[Path, str]]) -> Iterator[Entry]:
    try:
        found = sorted(os.scandir(folder), key=lambda item: item.name)
    except OSError as error:
        yield Entry(prefix.rstrip("/"), folder, fault=f"the folder cannot be opened ({error.strerror})")
        return
    if not found and prefix:
        yield Entry(prefix, folder)
    for item in found:
        path, name = Path(item.path), prefix + shown(item.name)
        try:
            facts = path.stat()
        except OSError as error:
            yield Entry(name, path, fault=f"it cannot be reached ({error.strerror})")
            continue
        if stat.S_ISDIR(facts.st_mode):
            if item.is_symlink():
                links.append((path, name))
            else:
                yield from _entered(path, name, entered, links)
        elif stat.S_ISREG(facts.st_mode):
            yield Entry(name, path, facts.st_size, changed(facts))
        else:
            yield Entry(name, path, fault="it is no file but a pipe, a socket or a device")


def _identity(facts: os.stat_result) -> tuple[int, int]:
    return facts.st_dev, facts.st_ino

"""What was changed of a data set without touching its files: pictures left out, moved to another class or to another split.

Edits are a value: one set of changes, kept under a name that follows from it, so that a recipe which names it means the same
pictures for ever. What was changed before stays kept too, which is how a change is undone.
"""

import hashlib
import json
import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from explorer import workspaces
from explorer.errors import ExplorerError
from explorer.home import home, write_aside

OUT = "out"
SPLITS = ("train", "val", "test")
NAME = r"^([0-9a-f]{12})?$"
"""The form of a name; empty for a set as it is."""


@dataclass(frozen=True)
class Change:
    """What became of one picture: its new class and its new split (OUT: left out); empty where it keeps its own."""

    kind: str = ""
    split: str = ""

    @property
    def nothing(self) -> bool:
        """Whether it changes nothing."""
        return not self.kind and not self.split


@dataclass(frozen=True)
class Edits:
    """The changes of one data set, by the pictures' ids; `before` names the edits that they were made from."""

    dataset: str
    data_dir: str = ""
    changes: dict[str, Change] = field(default_factory=dict)
    before: str = ""

    @property
    def name(self) -> str:
        """12 hexadecimal digits that follow from set and changes; empty without changes."""
        if not self.changes:
            return ""
        return hashlib.sha256(json.dumps(self._facts(), sort_keys=True).encode()).hexdigest()[:12]

    def _facts(self) -> dict[str, object]:
        rows = {name: [change.kind, change.split] for name, change in self.changes.items()}
        return {"dataset": self.dataset, "data_dir": self.data_dir, "changes": rows}

    def of(self, dataset: str, data_dir: str | None) -> bool:
        """Whether they are changes of this set."""
        return (self.dataset, self.data_dir) == (dataset, data_dir or "")

    def counts(self) -> tuple[int, int, int]:
        """How many pictures are left out, of another class, and in another split."""
        out = [change.split == OUT for change in self.changes.values()]
        kinds = [bool(change.kind) for change in self.changes.values()]
        moved = [change.split in SPLITS for change in self.changes.values()]
        return sum(out), sum(kinds), sum(moved)

    def __str__(self) -> str:
        words = ("left out", "moved to another class", "moved to another split")
        return ", ".join(f"{n} {word}" for n, word in zip(self.counts(), words, strict=True) if n) or "no changes"

    def changed(self, pictures: tuple[str, ...], kind: str | None = None, split: str | None = None) -> "Edits":
        """These and one more: the pictures (ids) get this class or split; an empty name gives them back their own."""
        rows = dict(self.changes)
        for name in pictures:
            old = rows.pop(name, Change())
            new = Change(old.kind if kind is None else kind, old.split if split is None else split)
            if not new.nothing:
                rows[name] = new
        return replace(self, changes=rows, before=self.name)


def folder() -> Path:
    """Where they lie."""
    return home() / "edits"


def keep(edits: Edits) -> str:
    """Keep them and return their name. Raises ExplorerError where the folder cannot be written."""
    name = edits.name
    path = folder() / f"{name}.json"
    if name and not path.is_file():
        text = json.dumps(edits._facts() | {"before": edits.before}, sort_keys=True, indent=1)
        try:
            folder().mkdir(parents=True, exist_ok=True)
            write_aside(path, lambda part: part.write_text(text, encoding="utf-8"))
        except OSError as error:
            raise workspaces.refused("What you changed cannot be kept", folder(), error) from error
    return name


@lru_cache(maxsize=64)
def _read(path: Path) -> Edits:
    facts = json.loads(path.read_text(encoding="utf-8"))
    changes = {name: Change(*row) for name, row in facts["changes"].items()}
    return Edits(facts["dataset"], facts["data_dir"], changes, facts["before"])


def read(name: str) -> Edits:
    """The edits of this name. Raises ExplorerError where there are none here, or their file is damaged."""
    if not re.fullmatch(NAME, name) or not name:
        raise ExplorerError(f"Edits have names of 12 hexadecimal digits, not {name[:40]!r}. The page Data shows them.")
    try:
        found = _read(folder() / f"{name}.json")
        if found.name != name:
            raise ValueError("its content is of another name")
        if (home() / "own_sets" / found.dataset).is_dir() and not workspaces.sees("sets", found.dataset):
            raise FileNotFoundError(name)  # of another visitor's set
    except FileNotFoundError as error:
        raise ExplorerError(
            f"There are no edits {name!r} in {folder()}: they were made on another machine, or removed. Copy their file here, or "
            f"leave them out."
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ExplorerError(
            f"The edits {name!r} cannot be read ({error}). Leave them out, or make them again."
        ) from error
    return found


def known(name: str) -> Edits | None:
    """The same, or None."""
    try:
        return read(name)
    except ExplorerError:
        return None

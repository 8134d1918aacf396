"""Which pictures of a folder belong together: of one patient, one place, one film.

A table says so, or sub-folders do. Such pictures are not independent: a network that knows the patient from a training
picture has seen half of the test picture, and an interval that counts pictures is for more pictures of these patients.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from explorer.data.images import Data
from explorer.data.labels import rows
from explorer.errors import ExplorerError

TABLE = "groups.csv"
"""At the top of a folder: a first line `file,group`, then a line for each picture, its path below the folder and its group."""

SPLITS = ("train", "val", "test")


def of(table: Mapping[str, str], ids: Sequence[str], kinds: Sequence[str]) -> dict[str, str] | None:
    """Picture → group, as a table or sub-folders of the classes say; a picture of which neither speaks is a group by itself.

    `ids` are paths below the folder, `kinds` the class of each. None where nothing groups them: there is no table, and no
    class has two sub-folders (all pictures of a class in one are no groups).
    """
    named = table or _sub_folders(ids, kinds)
    found = {name: named.get(name, name) for name in ids}
    return found if len(set(found.values())) < len(found) else None


def table(path: Path) -> dict[str, str]:
    """Picture → group by the TABLE in this file; empty where there is none. Raises ExplorerError for a table that is none."""
    try:
        return parsed(path.read_bytes(), str(path)) if path.is_file() else {}
    except OSError as error:
        raise ExplorerError(
            f"{str(path)!r} cannot be read ({error.strerror}). Make it readable, or remove it."
        ) from error


def parsed(data: bytes, name: str) -> dict[str, str]:
    """As `table`, of its bytes; `name` is the table's in messages."""
    head, *lines = rows(data) or [[]]
    if [cell.lower() for cell in head] != ["file", "group"] or any(len(line) < 2 for line in lines):
        raise ExplorerError(
            f"{name!r} cannot be read as a table of groups (its first line is {','.join(head)[:80]!r}). Expected: a first line "
            f"`file,group`, then a line for each picture with its path below the folder and its group. Mend it, or remove it."
        )
    return {line[0].replace("\\", "/"): line[1] for line in lines}


def _sub_folders(ids: Sequence[str], kinds: Sequence[str]) -> dict[str, str]:
    """The groups that sub-folders of the classes make: `class/patient 7/a.png` is of the group `class/patient 7`."""
    groups: dict[str, str] = {}
    within: dict[str, set[str]] = defaultdict(set)
    for name, kind in zip(ids, kinds, strict=True):
        above = name.split("/")[:-1]
        start = above.index(kind) if kind in above else 0
        if len(above) > start + 1:
            groups[name] = "/".join(above[start:])
            within[kind].add(groups[name])
    return groups if any(len(found) > 1 for found in within.values()) else {}


def notes(data: Data) -> list[str]:
    """Sentences on the groups of a set: how many there are, and which lie in two splits."""
    parts = {split: getattr(data, split).groups for split in SPLITS}
    if any(groups is None for groups in parts.values()):
        return []
    test = set(parts["test"].tolist())
    found = [f"The {len(data.test)} test images come in {len(test)} groups, which are not independent within."]
    for split in ("train", "val"):
        shared = test & set(np.unique(parts[split]).tolist())
        if shared:
            name = {"train": "training", "val": "validation"}[split]
            found.append(
                f"{len(shared)} of these groups ({sorted(shared)[0]}) have {name} images too: the test is easier than new "
                f"groups are."
            )
    return found

"""Which pictures of a folder belong together: of one patient, one place, one film.

A table says so, or sub-folders do, or the files' names. Such pictures are not independent: a network that knows the patient from
a training picture has seen half of the test picture, and an interval that counts pictures is for more pictures of these patients.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from explorer.data import tables
from explorer.data.images import Data
from explorer.data.roles import IMAGES, role, who
from explorer.errors import ExplorerError

TABLE = "groups.csv"
"""Beside the classes, or above: a first line `file,group` (or `filename;patient` …), then a line for each picture."""

SPLITS = ("train", "val", "test")


def of(table: Mapping[str, str], ids: Sequence[str], kinds: Sequence[str]) -> dict[str, str] | None:
    """Picture → group, as a table says, else sub-folders of the classes, else names; of what nothing speaks, each is one.

    `ids` are paths below the folder, `kinds` the class of each. None where nothing groups them: there is no table, and no
    class has two sub-folders (all pictures of a class in one are no groups).
    """
    named = table or _sub_folders(ids, kinds) or _by_names(ids)
    found = {name: named.get(name, name) for name in ids}
    return found if len(set(found.values())) < len(found) else None


def lies(ids: Iterable[str]) -> str:
    """Which of these files is the table of groups: the one nearest to the top; empty where there is none."""
    named = [name for name in ids if name.rpartition("/")[2].lower() == TABLE]
    return min(named, key=lambda name: (name.count("/"), name), default="")


def table(root: Path, ids: Iterable[str]) -> dict[str, str]:
    """Picture → group by the TABLE among the files `ids` below `root`; empty where there is none. Raises ExplorerError for
    a table that is none."""
    name = lies(ids)
    try:
        return parsed((root / name).read_bytes(), name) if name else {}
    except OSError as error:
        raise ExplorerError(
            f"{str(root / name)!r} cannot be read ({error.strerror}). Make it readable, or remove it."
        ) from error


def parsed(data: bytes, name: str) -> dict[str, str]:
    """What a table calls each picture → its group, from the table's bytes; `name` is the table's path, below which it names
    pictures."""
    head, *lines = tables.rows(data) or [[]]
    places = {column: i for i, title in reversed(list(enumerate(head))) if (column := tables.meaning(title))}
    if not {"file", "group"} <= set(places) or any(len(line) <= max(places.values()) for line in lines):
        raise ExplorerError(
            f"{name!r} cannot be read as a table of groups (its first line is {','.join(head)[:80]!r}). Expected: a first line "
            f"`file,group`, then a line for each picture with its path below the folder and its group. Correct it, or remove it."
        )
    above = name.rpartition("/")[0]
    return {f"{above}/{line[places['file']]}".lstrip("/"): line[places["group"]] for line in lines}


def resolved(table: Mapping[str, str], ids: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """(picture → group, a sentence on rows that name no picture), from what a table calls pictures."""
    known = tables.names_of(ids) if table else {}
    pairs = [(tables.find_picture(said, (), known), group) for said, group in table.items()]
    named = {picture: group for picture, group in pairs if picture is not None}
    missed = sum(picture is None for picture, _ in pairs)
    rows = f"{missed} of its {len(pairs)} rows {'names' if missed == 1 else 'name'} no picture that is here"
    return named, [f"{TABLE} says which pictures belong together; {rows}."] if missed else []


def _sub_folders(ids: Sequence[str], kinds: Sequence[str]) -> dict[str, str]:
    """The groups that sub-folders of the classes make: `class/patient 7/a.png` is of the group `class/patient 7`; a folder
    named like a split is none, nor is one that only says there are images in it, nor those that many groups have (`40X`)."""
    paths: dict[str, tuple[str, ...]] = {}
    for name, kind in zip(ids, kinds, strict=True):
        above = name.split("/")[:-1]
        start = above.index(kind) if kind in above else 0
        inner = [part for part in above[start + 1 :] if part.lower() not in IMAGES]
        if inner and not (len(inner) == 1 and role(inner[0]) in SPLITS):
            paths[name] = (above[start], *inner)
    paths = _without_views(paths)
    within: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for name, kind in zip(ids, kinds, strict=True):
        if name in paths:
            within[kind].add(paths[name])
    if not any(len(found) > 1 for found in within.values()):
        return {}
    return {name: "/".join(path) for name, path in paths.items()}


def _by_names(ids: Sequence[str]) -> dict[str, str]:
    """The groups that the files' names tell (`patient7_3.png`), where nearly all tell one, and not all the same."""
    said = {name: who(name.rpartition("/")[2]) for name in ids}
    known = {name: group for name, group in said.items() if group}
    return known if len(known) >= 0.9 * len(said) and len(set(known.values())) > 1 else {}


def _without_views(paths: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Without last folders that lie, by their names, in at least half of the folders above them: views of one patient, not
    patients."""
    above: dict[str, set[tuple[str, ...]]] = defaultdict(set)
    for path in paths.values():
        if len(path) > 2:
            above[path[-1]].add(path[:-1])
    many = len(set().union(*above.values()))
    views = {view for view, lie in above.items() if many > 1 and 2 * len(lie) >= many}
    return {name: path[:-1] if len(path) > 2 and path[-1] in views else path for name, path in paths.items()}


def notes(data: Data) -> list[str]:
    """Sentences on the groups of a set: how many there are, and which lie in two splits."""
    parts = {split: getattr(data, split).groups for split in SPLITS}
    if any(groups is None for groups in parts.values()):
        return []
    test = set(parts["test"].tolist())
    many = f"{len(test)} groups" if len(test) != 1 else "one group"
    found = [f"The {len(data.test)} test images come in {many}, which are not independent within."]
    for split in ("train", "val"):
        shared = test & set(np.unique(parts[split]).tolist())
        if shared:
            name = {"train": "training", "val": "validation"}[split]
            have = "has" if len(shared) == 1 else "have"
            found.append(
                f"{len(shared)} of these groups ({sorted(shared)[0]}) {have} {name} images too: the test is easier than new "
                f"groups are."
            )
    return found

"""Sentences on classes that may not be what is meant: named nearly alike, named like splits, or parts of one set."""

from collections.abc import Collection, Mapping
from itertools import pairwise

from explorer.data.roles import names_one, natural, plainly, role

SPLITS = ("train", "val", "test")


def of_names(classes: Collection[str]) -> list[str]:
    """On classes that differ in case, spaces or dashes only, and on several that are named like splits."""
    by_name = sorted(classes, key=lambda kind: (plainly(kind), kind))
    twins = [(a, b) for a, b in pairwise(by_name) if plainly(a) == plainly(b)]
    notes = [
        f"{a!r} and {b!r} are two classes, though their names are nearly the same: are they one?" for a, b in twins[:3]
    ]
    parts = sorted((kind for kind in classes if role(kind) in SPLITS), key=natural)
    if len({role(kind) for kind in parts}) > 1:
        notes.append(
            f"{' and '.join(parts[:3])} are taken as classes, though named like splits: each holds pictures, no folders."
        )
    if len(classes) > 1 and all(map(names_one, classes)):
        notes.append(
            f"The classes ({', '.join(sorted(classes, key=natural)[:3])}) are named like patients, films or places: "
            f"a network would learn to tell these apart. If the folders inside are the classes, put them above."
        )
    return notes


def of_folders(holding: Mapping[str, Collection[str]], classes: int) -> list[str]:
    """On classes that hold the same folders, and so may be parts of a set, each with all classes; `holding` names the folders
    of each class that has some, of so many `classes`."""
    if len(holding) < 2 or len(holding) < classes:
        return []
    shared = set.intersection(*map(set, holding.values()))
    if len(shared) < 2 or all(map(names_one, shared)):  # patients of each class
        return []
    these, those = ", ".join(list(holding)[:3]), ", ".join(sorted(shared)[:3])
    return [
        f"{these} are taken as the classes, though each holds the folders {those}: are those the classes? If so, call the "
        f"folders above them train and test, or give one of them alone."
    ]

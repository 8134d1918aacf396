"""Classes that folders do not tell: from a table (`file,label[,split][,group]`) or from the prefix of each file's name."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from explorer.data import tables
from explorer.data.entries import Entry
from explorer.data.roles import role
from explorer.data.tree import Plan
from explorer.errors import ExplorerError

MOST_TABLE = 64_000_000


@dataclass(frozen=True)
class Table:
    """What a table says: picture → label, split, group, as far as it does; `name` its path; `unmatched` counts rows that
    name no picture; `torn` pictures with two labels."""

    name: str
    labels: dict[str, str]
    splits: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    unmatched: int = 0
    torn: frozenset[str] = frozenset()


def find_table(papers: Sequence[Entry], pictures: Sequence[str]) -> Table | None:
    """What the tables among the papers say of the pictures; None where none labels any. Of two that label the same pictures the
    one counts that labels more; others (`train.csv`, `test.csv`) are put together. See `tables.columns` for their form."""
    known = tables.names_of(pictures)
    read = []
    for paper in sorted(papers, key=lambda paper: paper.id):
        if paper.id.lower().endswith((".csv", ".tsv")) and paper.id.count("/") <= 2 and paper.size <= MOST_TABLE:
            read += _table(paper, known)
    chosen: list[Table] = []
    for table in sorted(read, key=lambda table: -len(table.labels)):
        if table.labels and not any(table.labels.keys() & other.labels.keys() for other in chosen):
            chosen.append(table)
    return _joined(chosen) if chosen else None


def _joined(chosen: Sequence[Table]) -> Table:
    """Several tables as one; where one has no column of splits, its own name may say which it is for."""
    if len(chosen) == 1:
        return chosen[0]
    made = Table(" and ".join(table.name for table in chosen[:3]) + " …" * (len(chosen) > 3), {})
    for table in chosen:
        part = role(_stem(table.name))
        made.labels.update(table.labels)
        made.groups.update(table.groups)
        made.splits.update(table.splits or (dict.fromkeys(table.labels, part) if part else {}))
    unmatched, torn = sum(table.unmatched for table in chosen), frozenset().union(*(table.torn for table in chosen))
    return replace(made, unmatched=unmatched, torn=torn)


def _stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0]


def _table(paper: Entry, known: Mapping[str, str]) -> list[Table]:
    try:
        lines = tables.rows(paper.begins(MOST_TABLE))
    except ExplorerError:
        return []
    above = paper.id.rpartition("/")[0]
    folders = [above, f"{above}/{_stem(paper.id)}".lstrip("/")]
    places, titled = tables.columns(lines, folders, known) if lines else ({}, True)
    if not {"file", "label"} <= set(places):
        return []
    told: dict[str, dict[str, str]] = {column: {} for column in tables.COLUMNS}
    torn, unmatched = set(), 0
    for line in lines[titled:]:
        cells = {column: line[i] if i < len(line) else "" for column, i in places.items()}
        picture = tables.found(cells["file"], folders, known)
        unmatched += picture is None
        if picture is None or not cells["label"]:
            continue
        if told["label"].setdefault(picture, cells["label"]) != cells["label"]:
            torn.add(picture)
        for column in ("split", "group"):
            if cells.get(column):
                told[column][picture] = cells[column]
    return [Table(paper.id, told["label"], told["split"], told["group"], unmatched, frozenset(torn))]


def by_table(table: Table, pictures: Sequence[str]) -> Plan:
    """The plan that a table makes; splits come from its column, else from folders called train, val or test."""
    made = Plan()
    for picture in pictures:
        if picture in table.torn:
            made.leave([picture], f"{table.name} gives it two labels")
        elif picture not in table.labels:
            made.leave([picture], f"{table.name} does not label it")
        else:
            made.put([picture], role(table.splits.get(picture, "")) or folder_split(picture), table.labels[picture])
    made.notes.append(f"Labels come from {table.name}.")
    if table.unmatched:
        rows = "row names" if table.unmatched == 1 else "rows name"
        made.notes.append(f"{table.unmatched} {rows} no picture that is here ({table.name}).")
    return made


def by_prefix(pictures: Sequence[str]) -> Plan:
    """The plan that the names' prefixes make: `cat.0.jpg`, `cat (7).jpg` and `cat_12_left.jpg` are of the class `cat`."""
    made = Plan()
    for picture in pictures:
        kind = prefix_of(picture)
        if kind:
            made.put([picture], folder_split(picture), kind)
        else:
            made.leave([picture], "its name has no prefix before a number")
    made.notes.append("Labels come from the prefixes of the files' names.")
    return made


def prefix_of(picture: str) -> str:
    """What a file's name says before its first number, or before its first dot or dash; empty where it says nothing."""
    stem = picture.rpartition("/")[2]
    stem = stem.rpartition(".")[0] or stem
    before = re.match(r"\D+(?=\d)", stem) or re.match(r"[^._\-(\d]+(?=[._\-(])", stem)
    return before.group().strip(" ._-(#") if before else ""


def folder_split(picture: str) -> str:
    """The split that one of a picture's folders is named for; train where none is, unless it has no labels by its name."""
    found = [part for part in map(role, picture.split("/")[:-1]) if part in ("train", "val", "test")]
    return found[0] if found else "train"


def prefixes(pictures: Sequence[str]) -> tuple[str, ...]:
    """The classes that `by_prefix` would make, where at least two of them have three pictures or more, and those are four
    fifths of the pictures in which there is a prefix or which are for training."""
    learned = [picture for picture in pictures if folder_split(picture) == "train"]
    counted = Counter(map(prefix_of, learned))
    kinds = {kind: n for kind, n in counted.items() if kind and n >= 3}
    fitting = len(kinds) > 1 and sum(kinds.values()) >= 0.8 * len(learned)
    return tuple(sorted(kinds)) if fitting else ()

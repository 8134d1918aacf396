"""Classes that folders do not tell: from a table (`file,label[,split][,group]`) or from the prefix of each file's name."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from explorer.data import tables
from explorer.data.entries import Entry
from explorer.data.roles import natural, role, spelled_alike
from explorer.data.tree import SPLITS, Plan
from explorer.errors import ExplorerError

MOST_TABLE = 64_000_000
_DEEPEST = 3  # folders above a table
_LAST_WORD = re.compile(r"\d[\W_]*[\W_]([^\W\d_]+)$")
_CAMERAS = {"img", "dsc", "dscn", "dscf", "pxl", "mvimg", "vid", "image", "photo", "picture", "pic", "screenshot", "frame",
            "scan"}  # fmt: skip
"""What cameras and programs call every picture."""


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
    read = [table for _, table in _read(papers, pictures) if isinstance(table, Table)]
    chosen: list[Table] = []
    for table in sorted(read, key=lambda table: -len(table.labels)):
        if table.labels and not any(table.labels.keys() & other.labels.keys() for other in chosen):
            chosen.append(table)
    return _joined(chosen) if chosen else None


def unfit(papers: Sequence[Entry], pictures: Sequence[str]) -> str:
    """Why the tables among the papers label none of the pictures, the first of them as a sentence; empty where there is none."""
    return next((f" {paper.id} {why}." for paper, why in _read(papers, pictures) if isinstance(why, str) and why), "")


def _read(papers: Sequence[Entry], pictures: Sequence[str]) -> Iterator[tuple[Entry, Table | str]]:
    """What each paper that may be a table says, or why it labels none of the pictures, in the order of their names."""
    stems = {_stem(picture) for picture in pictures}
    tried = sorted((paper for paper in papers if _may_be_table(paper, stems)), key=lambda paper: paper.id)
    known = tables.names_of(pictures) if tried else {}
    return ((paper, _table(paper, known)) for paper in tried)


def _may_be_table(paper: Entry, stems: Collection[str]) -> bool:
    """Whether a paper is looked into: a .txt that is called as a picture says something of that picture alone (YOLO's boxes)."""
    ending = paper.id.lower().rpartition(".")[2]
    known = ending in ("csv", "tsv") or (ending == "txt" and _stem(paper.id) not in stems)
    return known and paper.id.count("/") <= _DEEPEST and paper.size <= MOST_TABLE


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


def _table(paper: Entry, known: Mapping[str, str]) -> Table | str:
    """What a paper says, or why it labels none of the pictures; a text need be no table, so nothing is said of one."""
    text = paper.id.lower().endswith(".txt")
    try:
        lines = tables.rows(paper.begins(MOST_TABLE), spaced=text)
    except ExplorerError:
        return "" if text else "cannot be read as a table"
    above = paper.id.rpartition("/")[0]
    folders = [above, f"{above}/{_stem(paper.id)}".lstrip("/")]
    places, titled = tables.columns(lines, folders, known) if lines else ({}, True)
    classes = tables.hot(lines, places, titled) if "label" not in places else {}
    if "file" not in places or not ("label" in places or classes):
        return "" if text else tables.lacking(lines, places, titled)
    told: dict[str, dict[str, str]] = {column: {} for column in tables.COLUMNS}
    torn, unmatched = set(), 0
    for line in lines[titled:]:
        cells = {column: line[i] if i < len(line) else "" for column, i in places.items()}
        marked = [lines[0][i] for i in tables.classes_of(line, list(classes.values()))]
        picture = tables.find_picture(cells["file"], folders, known)
        unmatched += picture is None
        label = marked[0] if marked else cells.get("label", "")
        if picture is None or not label:
            continue
        if told["label"].setdefault(picture, label) != label or len(marked) > 1:
            torn.add(picture)
        for column in ("split", "group"):
            if cells.get(column):
                told[column][picture] = cells[column]
    if text and 2 * unmatched > len(lines):
        return ""  # a text that happens to name some pictures
    return Table(paper.id, told["label"], told["split"], told["group"], unmatched, frozenset(torn))


def by_table(table: Table, pictures: Sequence[str]) -> Plan:
    """The plan that a table makes; splits come from its column, else from folders called train, val or test."""
    made = Plan()
    parts = {
        said: role(said) if role(said) in SPLITS else "" for said in sorted(set(table.splits.values()), key=natural)
    }
    for picture in pictures:
        said = table.splits.get(picture, "")
        if picture in table.torn:
            made.leave([picture], f"{table.name} gives it two labels")
        elif picture not in table.labels:
            made.leave([picture], f"{table.name} does not label it")
        elif said and not parts[said] and any(parts.values()):
            made.leave([picture], f"{table.name} puts it in {said!r}, which is none of train, val and test")
        else:
            made.put([picture], parts.get(said) or folder_split(picture), table.labels[picture])
    made.notes.append(f"Labels come from {table.name}.")
    if parts and not any(parts.values()):
        few = ", ".join(list(parts)[:5]) + " …" * (len(parts) > 5)
        made.notes.append(f"Its column of splits says {few}: none is train, val or test, so it was not followed.")
    if table.unmatched:
        rows = "row names" if table.unmatched == 1 else "rows name"
        made.notes.append(f"{table.unmatched} {rows} no picture that is here ({table.name}).")
    return made


def by_prefix(pictures: Sequence[str]) -> Plan:
    """The plan that the names make: `cat.0.jpg`, `cat (7).jpg`, `cat_12_left.jpg` and `1_cat_7.png` are of the class `cat`; where
    all begin alike, as `patient7_cat.png` does, their last words are the classes."""
    made = Plan()
    for picture, kind in _said(pictures).items():
        if kind:
            made.put([picture], folder_split(picture), kind)
        else:
            made.leave([picture], "its name has no word before or after a number")
    made.notes.append("Labels come from the files' names.")
    return made


def _said(pictures: Sequence[str]) -> dict[str, str]:
    """Picture → what its name says."""
    found = {picture: prefix_of(picture) for picture in pictures}
    if len(set(found.values())) > 1:
        return found
    return {picture: last[1] if (last := _LAST_WORD.search(_stem(picture))) else "" for picture in pictures}


def prefix_of(picture: str) -> str:
    """What a file's name says before its first number, or before its first dot or dash; numbers that a dash, dot or blank parts
    from the rest may stand in front (`0007-cat.jpg`). Empty where it says nothing, or what a camera calls all pictures."""
    stem = picture.rpartition("/")[2]
    stem = stem.rpartition(".")[0] or stem
    rest = re.sub(r"^(\d+[\W_]+)+", "", stem)
    before = re.match(r"\D+(?=\d)", rest) or re.match(r"[^._\-(\d]+(?=[._\-(])", rest)
    if not before and rest != stem:
        before = re.match(r"[^\W\d_]\D*$", rest)
    word = before.group().strip(" ._-(#") if before else ""
    return "" if word.lower() in _CAMERAS else word


def folder_split(picture: str) -> str:
    """The split that one of a picture's folders is named for; train where none is, unless it has no labels by its name."""
    found = [part for part in map(role, picture.split("/")[:-1]) if part in ("train", "val", "test")]
    return found[0] if found else "train"


def prefixes(pictures: Sequence[str]) -> tuple[str, ...]:
    """The classes that `by_prefix` would make, where at least two of them have three pictures or more, and those are four
    fifths of the pictures in which there is a prefix or which are for training."""
    learned = [picture for picture in pictures if folder_split(picture) == "train"]
    counted = Counter(_said(learned).values())
    kinds = {kind: n for kind, n in counted.items() if kind and n >= 3}
    fitting = len(kinds) > 1 and sum(kinds.values()) >= 0.8 * len(learned)
    return tuple(sorted(kinds)) if fitting else ()


def beside_folders(made: Plan, pictures: Sequence[str], papers: Sequence[Entry]) -> Table | None:
    """Put pictures of split folders that have no class folders where a table says (`Test/` beside `Train/<class>/`, labelled by
    Test.csv), if each of its labels is one of the plan's classes; None where there is no such table, and nothing is changed."""
    table = find_table(papers, pictures)
    named = {label: _class_of(label, made.classes) for label in set(table.labels.values())} if table else {}
    if table is None or not all(named.values()):
        return None
    for picture in pictures:
        part = role(table.splits.get(picture, "")) or folder_split(picture)
        if picture in table.torn:
            made.leave([picture], f"{table.name} gives it two labels")
        elif picture in table.labels:
            made.left_out.pop(picture, None)
            made.put([picture], part, named[table.labels[picture]])
    made.notes.append(f"Labels of {len(table.labels)} pictures beside the class folders come from {table.name}.")
    return table


def _class_of(label: str, classes: Sequence[str]) -> str:
    """The class that a label means: by its name (but for case, spaces, dashes) or its number (`7` is `00007`); else empty."""
    if label in classes:
        return label
    same = [kind for kind in classes if label.isdecimal() and kind.isdecimal() and int(kind) == int(label)]
    return same[0] if len(same) == 1 else spelled_alike(label, classes)

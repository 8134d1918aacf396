"""Classes that folders do not tell: from a table (`file,label[,split][,group]`) or from the prefix of each file's name."""

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from explorer.data.entries import Entry
from explorer.data.roles import role
from explorer.data.tree import Plan
from explorer.errors import ExplorerError

MOST_TABLE = 64_000_000
_COLUMNS = {
    "file": "file filename file_name image image_name image_id imageid picture photo path filepath file_path img id name",
    "label": "label labels class classname class_name category target species breed diagnosis kind y",
    "split": "split set subset partition fold_name usage",
    "group": "group group_id patient patient_id patientid subject subject_id place site film case case_id",
}
_MEANING = {word: column for column, words in _COLUMNS.items() for word in words.split()}


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
    """The table that labels most of the pictures; None where none does. The first column with a name for files and the first
    with one for labels count (`image_id,label`, `filename;class`, …); `groups.csv` is no such table."""
    found: list[Table] = []
    known = _names(pictures)
    for paper in sorted(papers, key=lambda paper: paper.id):
        if paper.id.lower().endswith((".csv", ".tsv")) and paper.id.count("/") <= 2 and paper.size <= MOST_TABLE:
            found += _table(paper, known)
    best = max(found, key=lambda table: len(table.labels), default=None)
    return best if best and best.labels else None


def rows(data: bytes) -> list[list[str]]:
    """The cells of a table in UTF-8 (other bytes become the replacement character), by comma, semicolon or tab, whichever
    the first line has most of. Raises ExplorerError for what cannot be one."""
    text = data.decode("utf-8-sig", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
    first = text.partition("\n")[0]
    mark = max(",;\t", key=first.count)
    try:
        return [
            [cell.strip() for cell in row] for row in csv.reader(io.StringIO(text, newline=""), delimiter=mark) if row
        ]
    except csv.Error as error:
        raise ExplorerError(
            f"The table cannot be read ({error}). Expected: a first line such as `file,label`."
        ) from error


def _table(paper: Entry, known: Mapping[str, str]) -> list[Table]:
    try:
        head, *lines = rows(paper.begins(MOST_TABLE)) or [[]]
    except ExplorerError:
        return []
    places: dict[str, int] = {}
    for i, name in enumerate(head):
        places.setdefault(_MEANING.get(name.lower().replace(" ", "_"), ""), i)
    if not {"file", "label"} <= set(places):
        return []
    told: dict[str, dict[str, str]] = {column: {} for column in _COLUMNS}
    torn, unmatched = set(), 0
    prefix = paper.id.rpartition("/")[0]
    for line in lines:
        cells = {column: line[i] if i < len(line) else "" for column, i in places.items() if column}
        picture = _found(cells["file"], prefix, known)
        unmatched += picture is None
        if picture is None or not cells["label"]:
            continue
        if told["label"].setdefault(picture, cells["label"]) != cells["label"]:
            torn.add(picture)
        for column in ("split", "group"):
            if cells.get(column):
                told[column][picture] = cells[column]
    return [Table(paper.id, told["label"], told["split"], told["group"], unmatched, frozenset(torn))]


def _names(pictures: Sequence[str]) -> dict[str, str]:
    """Whatever a row may call a picture → its path: the path, and name and stem where only one picture has them."""
    called: dict[str, set[str]] = defaultdict(set)
    for picture in pictures:
        name = picture.rpartition("/")[2]
        for word in {name, name.rpartition(".")[0] or name, picture.rpartition(".")[0]}:
            called[word].add(picture)
    unique = {word: next(iter(found)) for word, found in called.items() if len(found) == 1}
    return unique | {picture: picture for picture in pictures}


def _found(said: str, prefix: str, known: Mapping[str, str]) -> str | None:
    name = said.replace("\\", "/").removeprefix("./").lstrip("/")
    for tried in (f"{prefix}/{name}" if prefix else name, name, name.rpartition("/")[2]):
        if tried in known:
            return known[tried]
    return None


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
        made.notes.append(f"{table.unmatched} rows of {table.name} name no picture that is here.")
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

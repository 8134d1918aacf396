"""What else than folders may tell the classes of a set: a table, the files' names; and what looks as if it did."""

from collections.abc import Callable, Sequence

from explorer.catalogue import LABELS
from explorer.data import labels as told
from explorer.data.entries import Entry
from explorer.data.tree import Plan

_UNREAD = ("xlsx", "xls", "ods", "json", "jsonl", "parquet", "mat", "xml")
_BOXES: dict[str, Callable[[Entry], bool]] = {
    "YOLO's form": lambda paper: "/labels/" in f"/{paper.id}" and paper.id.endswith(".txt"),
    "Pascal VOC's form": lambda paper: paper.id.endswith(".xml") and b"<annotation" in paper.begins(400).lower(),
    "COCO's form": lambda paper: paper.id.endswith(".json") and b'"images"' in paper.begins(4000),
}
"""Ways in which boxes in pictures are written down."""


def offers(pictures: Sequence[str], papers: Sequence[Entry], skipped: Sequence[str] = ()) -> str:
    """What else may tell the classes, as further sentences; `skipped` are files that are not read."""
    found = ""
    if table := told.find_table(papers, pictures):
        found += f" {table.name} labels {len(table.labels)} of the pictures: read the labels from the table (--labels table)."
    if kinds := told.prefixes(pictures):
        begin = any(picture.rpartition("/")[2].startswith(kinds) for picture in pictures)
        named = ", ".join(kinds[:5]) + " …" * (len(kinds) > 5)
        verb = "begin with" if begin else "say"
        found += f" The files' names {verb} {named}: read the labels from the names (--labels prefix)."
    boxes = next(((form, paper) for form, fits in _BOXES.items() for paper in papers if fits(paper)), None)
    if boxes:
        return f"{found} {boxes[1].id} is of {boxes[0]}, for boxes in pictures, not for classes."
    return found or no_table(pictures, papers, skipped)


def no_table(pictures: Sequence[str], papers: Sequence[Entry], skipped: Sequence[str] = ()) -> str:
    """Why no table tells the classes, where one looks as if it did, as a further sentence."""
    if why := told.unfit(papers, pictures):
        return why
    names = (*(paper.id for paper in papers), *skipped)
    unread = next((name for name in names if name.lower().rpartition(".")[2] in _UNREAD), "")
    return unread and (
        f" {unread} may hold the labels, but a table is read from CSV, TSV or text alone: save it as CSV, with a first "
        f"line `file,label` and a line for each picture."
    )


def instead(made: Plan, papers: Sequence[Entry]) -> told.Table | None:
    """Note where a table labels most pictures otherwise than the folders do. Where it labels them alike, and says which belong
    together, it is given back for its groups."""
    table = told.find_table(papers, list(made.places))
    if table is None or 5 * len(table.labels) < 4 * len(made.places):
        return None
    pairs = {(made.places[picture][1], label) for picture, label in table.labels.items()}
    labels = {label for _, label in pairs}
    if len(pairs) == len(labels) == len({kind for kind, _ in pairs}):
        return table if table.groups else None
    if len(labels) > 1:
        made.notes.append(
            f"{table.name} labels {len(table.labels)} of the pictures differently from the folders: if it is right, read the "
            f"labels from the table (--labels table)."
        )
    return None


def offered(message: str) -> tuple[str, ...]:
    """Which other sources of labels a message names."""
    return tuple(source for source in LABELS if f"--labels {source}" in message)

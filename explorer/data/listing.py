"""Which files are pictures, of which class, in which split: each ends as used, left out with a reason, or known litter."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from explorer import limits
from explorer.catalogue import LABELS
from explorer.data import labels as told
from explorer.data.entries import Entry, below, litter
from explorer.data.formats import SUFFIXES, is_picture, sniffed
from explorer.data.masks import masks
from explorer.data.offers import instead, no_table, offers
from explorer.data.roles import role
from explorer.data.tree import NO_FOLDERS, Plan, Unlabelled, plan
from explorer.data.tree import SPLITS as SPLITS
from explorer.errors import ExplorerError, unknown

_PLACEHOLDER = "imagenotfound.gif"
_PACKED = (".zip", ".rar", ".7z", ".gz", ".tar", ".npz", ".npy", ".mat", ".parquet", ".arrow", ".h5", ".pkl", ".tfrecord",
           ".bin")  # fmt: skip


@dataclass(frozen=True)
class File:
    """One file that should be a picture: `id` is its path below the folder, `size` in bytes, `changed` in ns; `digest` names
    its bytes, where that is known already."""

    path: Path
    id: str
    split: str
    kind: str
    size: int
    changed: int
    digest: str = ""


@dataclass(frozen=True)
class Listing:
    """What lies there: `files` to use in the order of their ids, their class names in natural order, what is left out as
    (file, reason), `litter` as (file, kind of litter), what to know, and the groups that a table of labels names."""

    files: tuple[File, ...]
    classes: tuple[str, ...]
    skipped: tuple[tuple[str, str], ...]
    litter: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    groups: dict[str, str] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many files lie there."""
        return len(self.files) + len(self.skipped) + len(self.litter)


def listing(folder: Path, labels: str = "folders") -> Listing:
    """What a folder offers (see `sort_out`)."""
    return sort_out(below(folder), f"The folder {str(folder)!r}", labels)


def sort_out(entries: Iterable[Entry], name: str, labels: str = "folders") -> Listing:
    """Every entry as used, left out or litter. Where there is a val folder and no test folder, val is the test split.

    `labels` says where classes are read from (`LABELS`). Raises ExplorerError where there is no picture, no class, or
    more pictures than `limits.pictures()`; `Unlabelled` where a table or the names may tell what folders do not.
    """
    if labels not in LABELS:
        raise unknown("source of labels", labels, LABELS)
    pictures: dict[str, Entry] = {}
    papers, empty, skipped, untidy = [], [], [], []
    for entry in entries:
        if entry.id.endswith("/"):
            empty.append(entry.id)
        elif entry.fault:
            skipped.append((entry.id, entry.fault))
        elif reason := litter(entry):
            untidy.append((entry.id, reason))
            papers.append(entry)
        elif reason := _no_picture(entry):
            skipped.append((entry.id, reason))
        elif entry.id in pictures:
            skipped.append((entry.id, "another file has this name"))
        else:
            pictures[entry.id] = entry
        if len(pictures) > limits.pictures():
            raise ExplorerError(
                f"{name} has more than {limits.pictures()} pictures, which is the most allowed. Give a part of them, or set "
                f"THAW_MAX_PICTURES."
            )
    of_others = masks(pictures)
    skipped += of_others.items()
    pictures = {name: entry for name, entry in pictures.items() if name not in of_others}
    _check_any(name, pictures, skipped)
    made, table = _planned(list(pictures), papers, name, labels, [left for left, _ in skipped])
    made.notes += _few_words("empty folder was passed over", "empty folders were passed over", empty)
    files = [_file(pictures[id], *place) for id, place in made.places.items()]
    files, notes = _val_as_test(files)
    return Listing(
        tuple(sorted(files, key=lambda file: file.id)), made.classes, 
        tuple(sorted([*skipped, *made.left_out.items()])), tuple(sorted(untidy)),
        (*made.notes, *notes), dict(table.groups) if table else {},
    )  # fmt: skip


def _no_picture(entry: Entry) -> str:
    """Why a file is not even tried; empty for what its ending or its first bytes say is a picture."""
    name = entry.id.rpartition("/")[2].lower()
    if name == _PLACEHOLDER:
        return "it stands for a picture that was not found"
    suffix = f".{name.rpartition('.')[2]}" if "." in name else ""
    if suffix in SUFFIXES:
        return ""
    head = entry.begins()
    if is_picture(head):
        return ""
    return f"it is {sniffed(head) or 'no picture'}{f' ({suffix})' if suffix else ''}, which is not read"


def _check_any(name: str, pictures: Mapping[str, Entry], skipped: Sequence[tuple[str, str]]) -> None:
    if not pictures:
        many = f"{len(skipped)} files were" if len(skipped) != 1 else "1 file was"
        other = f" {many} left out: {skipped[0][0]} ({skipped[0][1]})." if skipped else ""
        if any(left.lower().endswith(_PACKED) for left, _ in skipped):
            other += " Pictures packed in one file must be unpacked, or written as picture files, first."
        raise ExplorerError(
            f"{name} holds no picture.{other} Expected: one sub-folder per class with pictures in it, or train/ and val/ or "
            f"test/ with such sub-folders."
        )


def _planned(
    pictures: list[str], papers: list[Entry], name: str, labels: str, skipped: Sequence[str]
) -> tuple[Plan, told.Table | None]:
    """The plan by what was asked, and the table where one was."""
    if labels == "prefix":
        made = told.by_prefix(pictures)
        _check_classes(made, name, "the files' names")
        return made, None
    if labels == "table":
        table = told.find_table(papers, pictures)
        if table is None:
            raise ExplorerError(
                f"{name} has no table that labels its pictures.{no_table(pictures, papers, skipped)} Expected: a .csv with a "
                f"first line `file,label`, and a line for each picture; `split` and `group` may follow. Add one, or read the "
                f"labels from folders."
            )
        made = told.by_table(table, pictures)
        _check_classes(made, name, table.name)
        return made, table
    try:
        made = plan(pictures, name)
    except Unlabelled as error:
        raise Unlabelled(f"{error}{offers(pictures, papers, skipped)}") from None
    table = _unsorted(made, papers)
    return made, table or instead(made, papers)


def _unsorted(made: Plan, papers: list[Entry]) -> told.Table | None:
    """The table that labels split folders without class folders, where one does; those that stay left out are noted."""
    left = {
        p: reason.removesuffix(NO_FOLDERS).strip() for p, reason in made.left_out.items() if reason.endswith(NO_FOLDERS)
    }
    parts = [picture for picture, folder in left.items() if role(folder) in SPLITS]
    table = told.beside_folders(made, parts, papers) if parts else None
    for folder in sorted({folder for picture, folder in left.items() if picture in made.left_out}):
        made.notes.append(f"{folder} was left out: it is none of the splits, or has no class folders of its own.")
    return table


def _check_classes(made: Plan, name: str, where: str) -> None:
    if len(made.classes) < 2:
        found = f"one class only ({made.classes[0]!r})" if made.classes else "no class"
        raise ExplorerError(f"{name} has {found} by {where}. Needed: at least 2. Read the labels from somewhere else.")


def _file(entry: Entry, split: str, kind: str) -> File:
    return File(entry.path, entry.id, split, kind, entry.size, entry.changed, entry.digest)


def _val_as_test(files: list[File]) -> tuple[list[File], tuple[str, ...]]:
    splits = {file.split for file in files}
    if "val" not in splits or "test" in splits:
        return files, ()
    served = [replace(file, split="test") if file.split == "val" else file for file in files]
    return served, ("The val folder serves as test split; validation images were split off the training images.",)


def _few_words(one: str, many: str, names: Sequence[str]) -> list[str]:
    if not names:
        return []
    return [f"{len(names)} {one if len(names) == 1 else many} ({names[0].rstrip('/')})."]

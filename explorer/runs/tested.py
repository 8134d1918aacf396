"""What a run said of its test images, on disk: predictions.csv, and where images come in groups groups.csv."""

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from explorer import evidence
from explorer.evidence import Balanced, Grouped
from explorer.home import write_aside

_PATCH = re.compile(r"([^@/]+)@\d+,\d+")  # a photo patch's id, `astronaut@230,48`


@dataclass(frozen=True)
class Predictions:
    """What a run said of its test images: `labels`, `predicted` (n,), `probability` (n, k); `groups` (n,) str, where images
    come in groups (patches of one photo, pictures of one patient)."""

    ids: tuple[str, ...]
    classes: tuple[str, ...]
    labels: np.ndarray
    predicted: np.ndarray
    probability: np.ndarray
    groups: np.ndarray | None = None

    @property
    def right(self) -> np.ndarray:
        """Which images were named rightly, (n,) bool."""
        return self.predicted == self.labels

    @property
    def grouped(self) -> Grouped | None:
        """The accuracy as far as it holds for other groups; None where images come in none."""
        return None if self.groups is None else evidence.accuracy_by_group(self.right, self.groups)

    @property
    def majority(self) -> float:
        """The share of the largest class among the images."""
        return evidence.majority(self.labels)

    def most_gained(self, before: "Predictions") -> int:
        """The image whose true class's probability rose furthest from A (`before`) to B (this)."""
        rows = np.arange(len(self.labels))
        rise = self.probability[rows, self.labels] - before.probability[rows, self.labels]
        return int(rise.argmax())

    @property
    def balanced(self) -> Balanced:
        """The balanced accuracy."""
        return evidence.balanced(self.labels, self.predicted)


def write_table(
    folder: Path,
    ids: Sequence[str],
    labels: np.ndarray,
    probability: np.ndarray,
    classes: tuple[str, ...],
    groups: Iterable[str] | None,
) -> None:
    """Write groups.csv (id, group), then predictions.csv: id, class, predicted, the probability of each class."""
    if groups is not None:
        _write(folder / "groups.csv", [["id", "group"], *map(list, zip(ids, groups, strict=True))])
    table = [["id", "class", "predicted", *classes]]
    for name, label, row in zip(ids, labels, probability, strict=True):
        table.append([name, classes[label], classes[int(row.argmax())], *(f"{p:.6f}" for p in row)])
    _write(folder / "predictions.csv", table)


def _write(path: Path, rows: list[list[str]]) -> None:
    def write(part: Path) -> None:
        with part.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)

    write_aside(path, write)


def read_table(folder: Path) -> Predictions:
    """What `write_table` wrote. Raises ValueError, KeyError, IndexError or OSError for a damaged or missing table.

    Runs from before groups were kept have no groups.csv: those of photo patches are read from the ids.
    """
    with (folder / "predictions.csv").open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    if head[:3] != ["id", "class", "predicted"]:
        raise ValueError(f"its first line is {head}")
    ids, classes = tuple(row[0] for row in rows), tuple(head[3:])
    index = {name: i for i, name in enumerate(classes)}
    labels = np.array([index[row[1]] for row in rows])
    predicted = np.array([index[row[2]] for row in rows])
    probability = np.array([row[3:] for row in rows], np.float32)
    return Predictions(ids, classes, labels, predicted, probability, _groups(folder, ids))


def _groups(folder: Path, ids: tuple[str, ...]) -> np.ndarray | None:
    path = folder / "groups.csv"
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            of = dict(list(csv.reader(file))[1:])
        return np.array([of[name] for name in ids], np.str_)
    patches = [_PATCH.fullmatch(name) for name in ids]
    return np.array([patch[1] for patch in patches if patch], np.str_) if ids and all(patches) else None


def renewed(folder: Path, balanced: Balanced | None) -> tuple[Balanced | None, Grouped | None]:
    """`balanced` (where it was recorded) and `grouped` of a run of schema 1, made again from its table: it kept no groups, and
    of balanced accuracy an interval that lay too low."""
    try:
        said = read_table(folder)
    except (OSError, ValueError, KeyError, IndexError):
        return balanced, None
    return (said.balanced if balanced else None), said.grouped

"""A data set with a visitor's edits: the same files, some left out, some of another class or in another split."""

from dataclasses import replace

import numpy as np

from explorer.data.images import Data
from explorer.data.joined import SPLITS, joined
from explorer.edits import OUT, Edits
from explorer.errors import ExplorerError


def edited(data: Data, edits: Edits) -> Data:
    """The data with the edits, its order of pictures kept; what is no longer there is passed over, and said.

    Raises ExplorerError where a class would have no training picture left, a split none at all, or a class is unknown.
    """
    images, splits = joined(data)
    labels, splits = images.labels.copy(), splits.copy()
    row = {name: i for i, name in enumerate(images.ids)}
    gone = 0
    for name, change in edits.changes.items():
        if name not in row:
            gone += 1
            continue
        if change.kind:
            labels[row[name]] = _class(change.kind, data)
        if change.split:
            splits[row[name]] = -1 if change.split == OUT else SPLITS.index(change.split)
    images = replace(images, labels=labels)
    parts = {split: images.take(np.flatnonzero(splits == i)) for i, split in enumerate(SPLITS)}
    _check(data, {split: part.labels for split, part in parts.items()})
    words = f"Edits {edits.name}: {edits}."
    lost = f"{gone} edited pictures are no longer there." if gone else ""
    fingerprint = f"{data.fingerprint}+{edits.name}" if data.fingerprint else ""
    return replace(data, **parts, fingerprint=fingerprint).with_notes(words, lost)


def _class(kind: str, data: Data) -> int:
    if kind not in data.classes:
        raise ExplorerError(
            f"The edits move pictures to the class {kind!r}, which {data.name} does not have any more. Undo that, or leave the "
            f"edits out."
        )
    return data.classes.index(kind)


def _check(data: Data, labels: dict[str, np.ndarray]) -> None:
    empty = np.flatnonzero(np.bincount(labels["train"], minlength=len(data.classes)) == 0)
    if len(empty):
        raise ExplorerError(
            f"With these edits the class {data.classes[empty[0]]!r} has no training picture left; at least 1 is needed. Undo the "
            f"last change."
        )
    for split in ("val", "test"):
        if not len(labels[split]):
            raise ExplorerError(
                f"With these edits the {split} split has no picture left; at least 1 is needed. Undo the last change."
            )

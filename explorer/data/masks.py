"""Pictures that are masks of others, from which no network should learn a class: by their names, beside what they are of."""

import re
from collections.abc import Collection

from explorer.data.roles import IMAGES

_ENDING = re.compile(r"[ _\-.](mask|seg|segmentation|gt|groundtruth|ground_truth)([ _\-]?\d+)?$", re.IGNORECASE)
_FOLDERS = {"mask", "masks", "segmentation", "segmentations", "groundtruth", "ground_truth", "gt"}


def masks(pictures: Collection[str]) -> dict[str, str]:
    """Picture → why it is left out, for `7_mask.png` beside `7.png`, and for all in a folder `masks` beside a folder `images`."""
    of = {_stem(picture): picture for picture in pictures}
    folders = {parent for picture in pictures for parent in _above(picture)}
    inside = {folder: _of_masks(folder, folders) for folder in folders}
    found = {}
    for picture in pictures:
        bare = _ENDING.sub("", _stem(picture))
        if bare != _stem(picture) and bare in of:
            found[picture] = f"it is a mask, by its name, of {of[bare].rpartition('/')[2]}"
        elif folder := next((inside[above] for above in _above(picture) if inside[above]), ""):
            found[picture] = f"it is a mask: it lies in {folder}, beside images"
    return found


def _stem(picture: str) -> str:
    return picture.rpartition(".")[0] or picture


def _above(picture: str) -> list[str]:
    """The folders that a picture lies in, from the top."""
    parts = picture.split("/")[:-1]
    return ["/".join(parts[: i + 1]) for i in range(len(parts))]


def _of_masks(folder: str, folders: Collection[str]) -> str:
    """The name of a folder that is one of masks; empty for any other."""
    above, slash, name = folder.rpartition("/")
    beside = (other.rpartition("/") for other in folders) if name.lower() in _FOLDERS else ()
    return name if any(there == above and twin.lower() in IMAGES for there, _, twin in beside) else ""

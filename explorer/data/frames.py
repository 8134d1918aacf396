"""Whether one file holds several pictures: the pages of a TIFF, the frames of an animation. The first one is read."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from explorer.data import formats

ASKED = ("TIFF", "GIF", "WEBP", "PNG", "AVIF")
"""Formats that may. JPEG is not asked: what a telephone puts behind the picture (depth, a brighter copy) is no second one."""


def several(path: str | Path) -> bool:
    """Whether a second picture follows the first, from the file's headers; not where they do not tell. They are not counted: a
    file may claim more pages than anybody can walk through."""
    try:
        with Path(path).open("rb") as stream:
            found = formats.sniffed(stream.read(formats.HEAD))
        if found == "DICOM":
            return _in_dicom(path)
        if found not in ASKED:
            return False
        with Image.open(path, formats=(found,)) as image:
            return bool(getattr(image, "is_animated", False))
    except Exception:  # a damaged chain of pages is no reason to refuse a first one that is whole
        return False


def _in_dicom(path: str | Path) -> bool:
    from pydicom import dcmread

    return int(dcmread(path, stop_before_pixels=True).get("NumberOfFrames", 1) or 1) > 1


def several_note(names: Sequence[str]) -> str:
    """What to know of the files that hold several pictures; empty where none does."""
    if not names:
        return ""
    files = f"1 file holds several pictures (pages or frames; {names[0]})"
    if len(names) > 1:
        files = f"{len(names)} files hold several pictures (pages or frames; e.g. {names[0]})"
    return f"{files}: only the first of each is used. Save the others as files of their own if they are to count."

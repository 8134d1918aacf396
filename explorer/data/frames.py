"""How many pictures one file holds: the pages of a TIFF, the frames of an animation. The first one is read."""

from pathlib import Path

from PIL import Image

from explorer.data import formats

SEVERAL = ("TIFF", "GIF", "WEBP", "PNG", "AVIF")
"""Formats that are asked. JPEG is not: what a telephone puts behind the picture (depth, a brighter copy) is no second one."""


def frames(path: str | Path) -> int:
    """The number of pictures in a file, from its headers; 1 where they do not tell."""
    try:
        with Path(path).open("rb") as stream:
            found = formats.sniffed(stream.read(formats.HEAD))
        if found == "DICOM":
            return _of_dicom(path)
        if found not in SEVERAL:
            return 1
        with Image.open(path, formats=(found,)) as image:
            return int(getattr(image, "n_frames", 1))
    except Exception:  # a damaged chain of pages is no reason to refuse a first one that is whole
        return 1


def _of_dicom(path: str | Path) -> int:
    from pydicom import dcmread

    return int(dcmread(path, stop_before_pixels=True).get("NumberOfFrames", 1) or 1)


def frames_note(counted: dict[str, int]) -> str:
    """What to know of the files (name → pictures in it) that hold several; empty where none does."""
    several = {name: count for name, count in counted.items() if count > 1}
    if not several:
        return ""
    name, count = next(iter(several.items()))
    files = "1 file holds" if len(several) == 1 else f"{len(several)} files hold"
    return (
        f"{files} several pictures (pages or frames; {name} has {count}): only the first of each is used. Save the others as "
        "files of their own if they are to count."
    )

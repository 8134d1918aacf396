"""Which picture formats are read, and what the first bytes of a file say it is.

HEIC and DICOM need a package each that not everybody wants (extras `heic`, `dicom`); without it such a
picture is named, with that advice.
"""

import importlib.util
from functools import cache

from explorer.installation import extra

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "PPM", "AVIF")
"""As Pillow names them; PPM stands for PBM, PGM and PNM too. `readable` adds the optional ones."""

SUFFIXES = frozenset(
    [
        ".jpg",
        ".jpeg",
        ".jpe",
        ".jfif",
        ".png",
        ".webp",
        ".bmp",
        ".dib",
        ".tif",
        ".tiff",
        ".gif",
        ".ppm",
        ".pgm",
        ".pbm",
        ".pnm",
        ".avif",
        ".heic",
        ".heif",
        ".hif",
        ".dcm",
        ".dicom",
    ]
)
"""Endings that promise a picture: such a file is used, or left out with a reason."""

HEAD = 144
"""Bytes from which `sniffed` tells."""

EXTRAS = {"HEIF": ("pillow_heif", "heic"), "DICOM": ("pydicom", "dicom")}
"""Format → the module that reads it, and the extra that brings it."""

_MAGIC = (
    (b"\xff\xd8\xff", "JPEG"), (b"\x89PNG\r\n\x1a\n", "PNG"), (b"GIF87a", "GIF"), (b"GIF89a", "GIF"), (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"), (b"II+\0", "TIFF"), (b"MM\0+", "TIFF"), (b"\0\0\0\x0cjP  ", "JPEG 2000"), (b"8BPS", "Photoshop"),
    (b"%PDF", "PDF"), (b"%!PS", "PostScript"), (b"PK\x03\x04", "a ZIP archive"), (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"), (b"\x1f\x8b", "a gzip archive"),
)  # fmt: skip
_BRANDS = {
    **dict.fromkeys((b"avif", b"avis"), "AVIF"),
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"), "HEIF"),
}


def sniffed(head: bytes) -> str:
    """What a file is by its first HEAD bytes: a format's name, or empty where they do not tell."""
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], "")
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0":
        return "BMP"
    if head[:1] == b"P" and head[1:2] in b"123456" and head[2:3] in (b" ", b"\t", b"\n", b"\r"):
        return "PPM"
    return "DICOM" if head[128:132] == b"DICM" else ""


def is_picture(head: bytes) -> bool:
    """Whether the first bytes are those of a format that is read, now or with an extra."""
    return sniffed(head) in (*FORMATS, *EXTRAS)


@cache
def _ready(name: str) -> bool:
    """Whether the package that reads this format is here; HEIF is made known to Pillow."""
    module, _ = EXTRAS[name]
    if importlib.util.find_spec(module) is None:
        return False
    if name == "HEIF":
        importlib.import_module(module).register_heif_opener()
    return True


def readable() -> tuple[str, ...]:
    """All formats that can be read on this machine, as Pillow names them."""
    return (*FORMATS, *(name for name in EXTRAS if _ready(name)))


def missing(head: bytes) -> str:
    """What to install for a file that begins like this; empty where nothing is missing or nothing would help."""
    found = sniffed(head)
    if found not in EXTRAS or _ready(found):
        return ""
    return f"it is in the format {found}, for which the optional package is not installed: {extra(EXTRAS[found][1])}"


def known_to_pillow() -> tuple[str, ...]:
    """What `Image.open` may try: DICOM is read by another door."""
    return tuple(name for name in readable() if name != "DICOM")

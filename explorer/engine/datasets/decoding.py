"""A picture file as correct RGB, or a plain word on why it cannot be: visitors' files are opened here and nowhere else.

Pillow reads much silently wrong (16 bits saturate to white, floats to black, hidden colours appear under transparency,
EXIF rotation is ignored) and reads almost anything; this module says what is read, how large, and what it looks like.
"""

import io
import os
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from explorer.errors import ExplorerError

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF")
SUFFIXES = frozenset({".jpg", ".jpeg", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"})
MAX_PIXELS = 25_000_000
MIN_SIDE = 8
MAX_ASPECT = 10
GROUND = (255, 255, 255, 255)
"""What shows through transparency: white, as in a viewer."""

_FULL_SCALES = (255, 4095, 65535)


class _Refused(Exception):
    """A picture that could be read but is not taken; the message is the reason."""


def open_picture(source: str | Path | bytes, at_least: int = 0) -> Image.Image:
    """The decoded first frame, in the file's own mode (see `to_rgb`).

    With `at_least` (pixels), a JPEG may come at 1/2, 1/4 or 1/8 of its size, both sides no shorter than that, in a
    fraction of the time. Raises ExplorerError, naming the file, for anything that is not a whole picture in one of
    FORMATS, and before decoding for more than MAX_PIXELS, a side below MIN_SIDE or an aspect above MAX_ASPECT.
    """
    try:
        return _decode(source, at_least)
    except Exception as error:  # decoders raise what they like on damaged files
        name = "The picture" if isinstance(source, bytes) else f"The picture {str(source)!r}"
        raise ExplorerError(
            f"{name} cannot be read: {_reason(error)}. Readable are whole pictures in {', '.join(FORMATS)} of at most "
            f"{MAX_PIXELS // 1_000_000} megapixels. Remove it, or save it anew in one of these formats."
        ) from error


def changed(facts: os.stat_result) -> int:
    """When a file was last changed, in ns: the later of its own two times, since the first can be set by whoever copies
    it (`rsync -t`, `touch -r`) and the second cannot."""
    return max(facts.st_mtime_ns, facts.st_ctime_ns)


def fault(path: Path) -> str | None:
    """Why this file cannot be used, or None if it can; decoded at reduced size, and once per version of the file."""
    try:
        facts = path.stat()
    except OSError as error:
        return _reason(error)
    return _fault(str(path), facts.st_size, changed(facts))


def to_rgb(image: Image.Image) -> Image.Image:
    """The picture as it is meant to look, mode RGB: upright, on GROUND where transparent, 8 bits a channel.

    Integers beyond 8 bits and floats are scaled by the smallest usual full scale that holds them (1 for floats, 255,
    4095, 65535), so that pictures of one set stay comparable; values outside all of these are stretched to their range.
    """
    image = _upright(image)
    if image.mode == "F" or image.mode.startswith("I"):
        return Image.fromarray(_eight_bits(np.asarray(image))).convert("RGB")
    if image.has_transparency_data:
        ground = Image.new("RGBA", image.size, GROUND)
        ground.alpha_composite(image.convert("RGBA"))
        return ground.convert("RGB")
    return image.convert("RGB")


def _decode(source: str | Path | bytes, at_least: int) -> Image.Image:
    with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=FORMATS) as image:
        _check_size(*image.size)
        if at_least:
            image.draft(None, (at_least, at_least))
        image.load()
        return image


@lru_cache(maxsize=50_000)
def _fault(path: str, size: int, changed: int) -> str | None:
    """`fault`, remembered for a file of this size (bytes) and time of change (ns)."""
    if size == 0:
        return "it is empty (0 bytes)"
    try:
        if not _sound_png(path):
            _decode(path, at_least=1)
    except Exception as error:  # decoders raise what they like on damaged files
        return _reason(error)
    return None


def _sound_png(path: str) -> bool:
    """Whether it is a PNG of a good size whose checksums all hold: as sure as decoding it, and ten times as fast."""
    with Image.open(path, formats=FORMATS) as image:
        _check_size(*image.size)
        if image.format != "PNG":
            return False
        try:
            image.verify()
        except Exception:  # what is wrong may lie behind the picture, as a lost end mark does: decoding decides
            return False
        return True


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise _Refused(f"it has {width} x {height} pixels, more than {MAX_PIXELS // 1_000_000} million")
    short, long = sorted((width, height))
    if short < MIN_SIDE:
        raise _Refused(f"it has {width} x {height} pixels, and each side needs at least {MIN_SIDE}")
    if long > MAX_ASPECT * short:
        raise _Refused(f"it has {width} x {height} pixels, more than {MAX_ASPECT} times as long as wide")


def _reason(error: Exception) -> str:
    """An exception of Pillow or the file system in plain words."""
    if isinstance(error, _Refused):
        return str(error)
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        return f"it unpacks to more than {MAX_PIXELS // 1_000_000} million pixels"
    if isinstance(error, UnidentifiedImageError):
        return "it is no picture, or in an unknown format"
    if isinstance(error, FileNotFoundError):
        return "it is not there (any more)"
    if isinstance(error, PermissionError):
        return "reading it is not permitted"
    return f"it is damaged or cut short ({error})"


def _upright(image: Image.Image) -> Image.Image:
    """Turned and mirrored as its EXIF note says; unchanged where the note is broken."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # a broken note is no reason to refuse a whole picture
        return image


def _eight_bits(values: np.ndarray) -> np.ndarray:
    """(h, w) numbers of any range as (h, w) uint8; not-a-number becomes black."""
    numbers = values.astype(np.float64)
    finite = np.isfinite(numbers)
    low, high = (numbers[finite].min(), numbers[finite].max()) if finite.any() else (0.0, 0.0)
    scales = (1, *_FULL_SCALES) if np.issubdtype(values.dtype, np.floating) else _FULL_SCALES
    full = next((scale for scale in scales if low >= 0 and high <= scale), None)
    if full is None:
        numbers, full = numbers - low, max(high - low, 1e-12)
    numbers = np.nan_to_num(numbers / full, nan=0.0, posinf=1.0, neginf=0.0)
    return np.rint(numbers.clip(0, 1) * 255).astype(np.uint8)

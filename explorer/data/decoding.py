"""A picture file as correct RGB, or a plain word on why it cannot be: visitors' files are opened here and nowhere else.

Pillow reads much silently wrong (16 bits saturate to white, floats to black, hidden colours appear under transparency,
EXIF rotation is ignored) and reads almost anything; this module says what is read, how large, and what it looks like
(`samples` what more than 8 bits a sample mean).
"""

import io
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from explorer import limits
from explorer.data import dicom, formats, samples
from explorer.data.frames import several
from explorer.data.samples import Kind, Scales
from explorer.errors import ExplorerError

REDUCIBLE = 4
"""How many times the pixels that memory may hold a JPEG's header may tell: it is reduced while it is decoded."""
LARGE = 16_000_000
"""Pixels above which pictures are decoded one at a time, so that as many threads do not fill the memory."""
MIN_SIDE = 8
MAX_ASPECT = 10
GROUND = (255, 255, 255, 255)
"""What shows through transparency: white, as in a viewer."""

_ALONE = threading.Lock()
_LOWER = "lower bytes"  # where, in a 16-bit colour picture's info, the picture of its lower bytes is


class _Refused(Exception):
    """A picture that could be read but is not taken; the message is the reason."""


@dataclass(frozen=True)
class Look:
    """What a look at a file found: why it cannot be used (or None); for more than 8 bits a sample their kind, the least and
    the largest number in it; whether the file holds several pictures, of which the first is read."""

    fault: str | None
    kind: Kind | None = None
    low: float = 0.0
    high: float = 0.0
    several: bool = False


def open_picture(source: str | Path | bytes, at_least: int = 0) -> Image.Image:
    """The decoded first frame, in the file's own mode (see `to_rgb`).

    With `at_least` (pixels), a JPEG may come at 1/2, 1/4 or 1/8 of its size, both sides no shorter than that, in a
    fraction of the time; one of more pixels than `limits.pixels()` always comes reduced to that. Raises ExplorerError, naming
    the file, for anything that is not a whole picture in one of `formats.readable()`, and by its header, before decoding, for
    too many pixels, a side below MIN_SIDE or an aspect above MAX_ASPECT; for a TIFF of a kind that is not read it names the
    kind, and for a format that an optional package reads that package.
    """
    try:
        return _decode(source, at_least)
    except Exception as error:  # decoders raise what they like on damaged files
        name = "The picture" if isinstance(source, bytes) else f"The picture {str(source)!r}"
        raise ExplorerError(
            f"{name} cannot be read: {_reason(error)}. Readable are whole pictures in {', '.join(formats.readable())} of at "
            f"most {limits.pixels() / 1e6:g} megapixels (JPEG: {REDUCIBLE} times as many). Remove it, or save it again in one of "
            f"these formats."
        ) from error


def changed(facts: os.stat_result) -> int:
    """When a file was last changed, in ns: the later of its own two times, since the first can be set by whoever copies
    it (`rsync -t`, `touch -r`) and the second cannot."""
    return max(facts.st_mtime_ns, facts.st_ctime_ns)


def look(path: Path) -> Look:
    """Whether this file can be used, and what more than 8 bits hold; decoded at reduced size, once per version of it."""
    try:
        facts = path.stat()
    except OSError as error:
        return Look(_reason(error))
    return _look(str(path), facts.st_size, changed(facts))


def size(source: str | Path | bytes) -> tuple[int, int]:
    """(width, height) in pixels as the picture is to be shown, from the file's header. Raises ExplorerError as `open_picture`."""
    try:
        with _opened(source) as image:
            width, height = image.size
            return (height, width) if image.getexif().get(ExifTags.Base.Orientation, 1) >= 5 else (width, height)
    except Exception as error:  # decoders raise what they like on damaged files
        raise ExplorerError(f"The picture {str(source)[:200]!r} cannot be read: {_reason(error)}.") from error


def to_rgb(image: Image.Image, scales: Scales | None = None) -> Image.Image:
    """The picture as it is meant to look, mode RGB: upright, on GROUND where transparent, 8 bits a channel.

    `scales` says what is black and what white for samples of more than 8 bits or with a sign: those of the whole set
    (`samples.scales`), so that its pictures stay comparable. A kind that it does not name goes by its depth (`Kind.depth`;
    floats from 0 to 1). Raises ExplorerError where that does not tell either: 32-bit integers, floats beyond 0 to 1.
    """
    found, low = deep(image), image.info.get(_LOWER)
    image = _upright(image) if found is None else _scaled(image, found, low, (scales or {}).get(found.name))
    if image.has_transparency_data:
        ground = Image.new("RGBA", image.size, GROUND)
        ground.alpha_composite(image.convert("RGBA"))
        return ground.convert("RGB")
    return image.convert("RGB")


def deep(image: Image.Image) -> Kind | None:
    """What a decoded picture's samples are where they have more than 8 bits or a sign; None for all others."""
    return Kind(16, 1) if image.info.get(_LOWER) is not None else samples.kind(image)


def _scaled(image: Image.Image, found: Kind, low: Image.Image | None, ends: tuple[float, float] | None) -> Image.Image:
    """Upright, with 8 bits a sample, from one with more."""
    inverted = samples.white_is_zero(image)
    numbers = samples.values(_upright(image), found, None if low is None else _upright(low))
    if ends is None:
        ends, (least, most) = found.depth, samples.extent(numbers)
        if ends is None or least < ends[0] or most > ends[1]:
            raise ExplorerError(
                f"The picture holds {found.name} from {least:g} to {most:g}, and nothing says which of them is black "
                "and which white. By itself a picture of up to 16 bits, or of floats from 0 to 1, can be shown. "
                "Save it again as one."
            )
    eight = samples.eight_bits(numbers, *ends)
    return Image.fromarray(255 - eight if inverted else eight)


def _decode(source: str | Path | bytes, at_least: int) -> Image.Image:
    """The loaded picture; of 16-bit colours the lower bytes are in its info, under _LOWER."""
    head = _head(source)
    if advice := formats.missing(head):
        raise _Refused(advice)
    if formats.sniffed(head) == "DICOM":
        image = dicom.picture(source, limits.pixels())
        _check_size(*image.size, limits.pixels())
        return image
    with _naming(source):
        with _opened(source) as image:
            found, colours = samples.kind(image), image.mode.startswith("RGB")
            _reduce(image, at_least)
            with _ALONE if image.width * image.height > LARGE else nullcontext():
                image.load()
        if found is not None and colours:
            with _opened(source) as again:
                image.info[_LOWER] = samples.lower(again)
                again.load()
    return image


def _head(source: str | Path | bytes) -> bytes:
    if isinstance(source, bytes):
        return source[: formats.HEAD]
    with Path(source).open("rb") as stream:
        return stream.read(formats.HEAD)


def _reduce(image: Image.Image, at_least: int) -> None:
    """Set a JPEG to come smaller: as small as asked for, and small enough for the memory."""
    width, height = image.size
    small = [part for part in (8, 4, 2) if at_least and min(width, height) // at_least >= part]
    fitting = [part for part in (1, 2, 4, 8) if width * height <= part * part * limits.pixels()]
    part = max(small[:1] + fitting[:1] + [1])
    if part > 1:
        image.draft(None, (width // part, height // part))


@contextmanager
def _naming(source: str | Path | bytes) -> Iterator[None]:
    """Turn what Pillow says of a TIFF that it does not know into the kind of that TIFF."""
    try:
        yield
    except (UnidentifiedImageError, ValueError, KeyError) as error:
        if what := samples.described(source):
            raise _Refused(f"it is {what}") from error
        raise


@contextmanager
def _opened(source: str | Path | bytes) -> Iterator[Image.Image]:
    """The picture, opened and not loaded, if it is of a good size and of a kind that Pillow reads right."""
    most = limits.pixels()
    Image.MAX_IMAGE_PIXELS = REDUCIBLE * most  # Pillow's own guard stays on, at our limit
    known = formats.known_to_pillow()
    with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=known) as image:
        reducible = image.format in ("JPEG", "MPO") and not image.info.get("progressive")
        _check_size(*image.size, REDUCIBLE * most if reducible else most)
        if samples.deep_planes(image):
            raise ValueError("Pillow reads the planes of such a picture as if they had 8 bits")
        yield samples.native(image)


@lru_cache(maxsize=50_000)
def _look(path: str, size: int, changed: int) -> Look:
    """`look`, remembered for a file of this size (bytes) and time of change (ns)."""
    if size == 0:
        return Look("it is empty (0 bytes)")
    try:
        image = _decode(path, at_least=1)  # just as it will be used: no check that is weaker than the use
        low = image.info.get(_LOWER)
        found = Kind(16, 1) if low is not None else samples.kind(image)
        if found is None:
            to_rgb(image)
            return Look(None, several=several(path))
        return Look(None, found, *samples.extent(samples.values(image, found, low)), several(path))
    except Exception as error:  # decoders raise what they like on damaged files
        return Look(_reason(error))


def _check_size(width: int, height: int, most: int) -> None:
    if width * height > most:
        raise _Refused(f"it has {width} x {height} pixels, more than {most / 1e6:g} million")
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
        return f"it unpacks to more than {limits.pixels() / 1e6:g} million pixels"
    if isinstance(error, UnidentifiedImageError):
        return "it is no picture, or in an unknown format"
    if isinstance(error, FileNotFoundError):
        return "it is not there (any more)"
    if isinstance(error, PermissionError):
        return "reading it is not permitted"
    if isinstance(error, MemoryError):
        return "it needs more memory than there is"
    return f"it is damaged or cut short ({error})"


def _upright(image: Image.Image) -> Image.Image:
    """Turned and mirrored as its EXIF note says; unchanged where the note is broken."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # a broken note is no reason to refuse a whole picture
        return image

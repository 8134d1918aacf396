"""Pictures with more than 8 bits a sample: what their numbers are, and how they become 8 bits.

A number means what its depth says, or what its whole set shows, never what its own picture holds: the value 200 would
look bright in a picture of nothing above 250 and black in one with a single 40,000. Pillow keeps less than it reads: 8-bit
signed numbers lose their sign, 32-bit unsigned ones get one, and of 16-bit colours only the upper byte is left.
"""

import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

_USUAL = (255, 1023, 4095, 16383, 65535, 2**24 - 1, 2**32 - 1)
_FORMATS = {1: "unsigned integers", 2: "signed integers", 3: "floats", 5: "complex integers", 6: "complex floats"}
_COLOURS = {0: "grey", 1: "grey", 2: "RGB", 3: "palette", 5: "CMYK", 6: "YCbCr", 8: "CIELAB", 9: "ICCLAB"}
_BITS, _COLOUR, _STRIPS, _EACH, _PLANES, _TILES, _FORMAT = 258, 262, 273, 277, 284, 324, 339  # tags of TIFF 6.0
_TURNED = {"I;16BS": "I;16S", "I;32BS": "I;32S", "F;32BF": "F;32F"}
_SWAPPED = {"L": "B", "B": "L", "N": "B"}  # on a machine that is little-endian, as all are that torch runs on

Scales = Mapping[str, tuple[float, float]]
"""Kind of sample → the numbers that are black and white in a set of pictures."""


@dataclass(frozen=True)
class Kind:
    """What the samples of a picture are: `bits` of each and the TIFF `form` (1 unsigned, 2 signed, 3 float)."""

    bits: int
    form: int

    @property
    def name(self) -> str:
        """`16-bit unsigned integers`."""
        return f"{self.bits}-bit {_FORMATS.get(self.form, 'samples of an unknown kind')}"

    @property
    def depth(self) -> tuple[float, float] | None:
        """Black and white of a picture by itself; None where its depth does not tell: 32 bits are never filled."""
        if self.form == 3:
            return 0.0, 1.0
        if self.bits > 16:
            return None
        return (0.0, 2.0**self.bits - 1) if self.form == 1 else (-(2.0 ** (self.bits - 1)), 2.0 ** (self.bits - 1) - 1)


def kind(image: Image.Image) -> Kind | None:
    """What an opened picture's samples are, before it is loaded; None for 8 bits unsigned, and for 16-bit CMYK, grey with
    alpha and premultiplied colours, of which Pillow gives the upper byte: that is their depth's scale."""
    tags = getattr(image, "tag_v2", None)
    grey = image.mode in ("I", "F") or image.mode.startswith("I;")
    if tags is not None and (grey or image.mode == "L"):
        found = Kind(_first(tags.get(_BITS), 1), _first(tags.get(_FORMAT), 1))
    elif grey:
        found = Kind(32, 3) if image.mode == "F" else Kind(16, 1)
    else:
        found = Kind(16, 1) if _raw(image).startswith(("RGB;16", "RGBA;16", "RGBX;16")) else Kind(8, 1)
    return found if found.bits > 8 or found.form != 1 else None


def _first(value: Any, otherwise: int) -> int:
    return int(value[0]) if value else otherwise


def _raw(image: Image.Image) -> str:
    """How the decoder unpacks this picture, e.g. `RGB;16L`."""
    tiles = getattr(image, "tile", ())  # a picture that was made in memory has none
    arguments = tiles[0].args if tiles else ""
    return str(arguments if isinstance(arguments, str) else arguments[0])


def deep_planes(image: Image.Image) -> bool:
    """Whether colours of more than 8 bits lie in planes of their own."""
    tags = getattr(image, "tag_v2", None)
    return tags is not None and tags.get(_PLANES) == 2 and _first(tags.get(_BITS), 1) > 8


def native(image: Image.Image) -> Image.Image:
    """An opened picture, not to be turned round twice: libtiff gives a compressed TIFF in this machine's byte order, and
    Pillow swaps signed integers and floats of a big-endian one once more."""
    return _unpacked(image, lambda raw: _TURNED.get(raw, raw), only="libtiff")


def lower(image: Image.Image) -> Image.Image:
    """An opened colour picture of 16 bits, set to load the lower byte of each sample: Pillow keeps the first or the second
    byte by the byte order it is told."""
    return _unpacked(image, lambda raw: raw[:-1] + _SWAPPED[raw[-1]])


def _unpacked(image: Image.Image, change: Callable[[str], str], only: str = "") -> Image.Image:
    """The picture with what its decoder is told changed, where the decoder is `only` or any."""
    tiles = []
    for tile in getattr(image, "tile", ()):
        if only in ("", tile.codec_name):
            whole = isinstance(tile.args, str)
            raw, *rest = (tile.args,) if whole else tile.args
            tile = tile._replace(args=change(raw) if whole else (change(raw), *rest))
        tiles.append(tile)
    if tiles:
        setattr(image, "tile", tiles)  # noqa: B010  (only pictures that are read from a file have it)
    return image


def values(image: Image.Image, found: Kind, low: Image.Image | None) -> np.ndarray:
    """The numbers of a loaded picture, (h, w) or (h, w, c) float64; `low` holds the lower bytes of 16-bit colours."""
    numbers = np.asarray(image)
    if low is not None:
        return numbers * 256.0 + np.asarray(low)
    if found == Kind(8, 2):
        numbers = numbers.view(np.int8)
    elif found == Kind(32, 1):
        numbers = numbers.view(np.uint32)
    return numbers.astype(np.float64)


def extent(numbers: np.ndarray) -> tuple[float, float]:
    """The least and the largest of the finite numbers; (0, 0) of none."""
    finite = numbers[np.isfinite(numbers)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def scales(extents: Iterable[tuple[Kind, float, float]]) -> dict[str, tuple[float, float]]:
    """Black and white of each kind in a set, from the extents of its pictures.

    Without negative numbers: from 0 to the smallest usual full scale that holds all (8, 10, 12, 14, 16, 24 or 32 bits, and 1
    for floats; beyond these to the largest); so 12-bit samples in 16-bit pictures fill the range. With them, from the least
    to the largest.
    """
    seen: dict[Kind, tuple[float, float]] = {}
    for what, low, high in extents:
        least, most = seen.get(what, (low, high))
        seen[what] = min(least, low), max(most, high)
    return {what.name: (_full(what, high) if low >= 0 else (low, high)) for what, (low, high) in seen.items()}


def _full(what: Kind, high: float) -> tuple[float, float]:
    usual = (1, *_USUAL) if what.form == 3 else _USUAL
    return 0.0, float(next((full for full in usual if high <= full), high))


def eight_bits(numbers: np.ndarray, black: float, white: float) -> np.ndarray:
    """Numbers of any range as uint8 of the same shape, cut to black and white; not-a-number becomes black."""
    shares = (numbers - black) / max(white - black, 1e-12)
    shares = np.nan_to_num(shares, nan=0.0, posinf=1.0, neginf=0.0)
    return np.rint(shares.clip(0, 1) * 255).astype(np.uint8)


def white_is_zero(image: Image.Image) -> bool:
    """Whether 0 is white in this TIFF; Pillow heeds that for 8 bits and for one, not beyond."""
    tags = getattr(image, "tag_v2", None)
    return tags is not None and tags.get(_COLOUR) == 0


def described(source: str | Path | bytes) -> str:
    """What a TIFF that Pillow cannot read is: `a TIFF of 64-bit floats, 3 samples a pixel (RGB), a kind that is not read`, or cut
    short where its directory, which many programs write last, is not whole; empty where it is no TIFF."""
    with io.BytesIO(source) if isinstance(source, bytes) else Path(source).open("rb") as stream:
        head = stream.read(16)
        if head[:4] not in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
            return ""
        try:
            return f"a TIFF of {_samples(head, stream)}, a kind that is not read"
        except Exception:  # a directory may be damaged in any way
            return "a TIFF that is damaged or cut short"


def _samples(head: bytes, stream: IO[bytes]) -> str:
    """The samples that the first directory of a TIFF tells. Raises whatever Pillow does where it is damaged, and KeyError where
    it tells no place of them."""
    directory = ImageFileDirectory_v2(head if b"+" in head[:4] else head[:8])
    stream.seek(directory.next)
    directory.load(stream)
    if _STRIPS not in directory and _TILES not in directory:
        raise KeyError("it tells no place of its samples")
    found = Kind(_first(directory.get(_BITS), 1), _first(directory.get(_FORMAT), 1))
    each, colour = (
        int(directory.get(_EACH, 1)),
        _COLOURS.get(int(directory.get(_COLOUR, -1)), "an unknown colour space"),
    )
    apart = ", each in a plane of its own" if each > 1 and directory.get(_PLANES) == 2 else ""
    return f"{found.name}, {each} sample{'s' if each > 1 else ''} a pixel ({colour}{apart})"

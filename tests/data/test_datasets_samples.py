"""More than 8 bits a sample: every kind that tifffile and Pillow write is read right, or refused by its name."""

import io
import itertools
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from explorer.data import folders, samples
from explorer.data.decoding import look, open_picture, to_rgb
from explorer.errors import ExplorerError

RAMP = np.arange(256).reshape(16, 16)
"""Every shade once: what each picture below is to look like."""

NAMES = {"u": "unsigned integers", "i": "signed integers", "f": "floats", "c": "complex floats"}
LAYOUTS = {
    "grey": {"photometric": "minisblack"},
    "white is zero": {"photometric": "miniswhite"},
    "RGB": {"photometric": "rgb"},
    "RGBX": {"photometric": "rgb", "extrasamples": ["unspecified"]},
    "RGBA": {"photometric": "rgb", "extrasamples": ["unassalpha"]},
    "premultiplied": {"photometric": "rgb", "extrasamples": ["assocalpha"]},
    "RGB planes": {"photometric": "rgb", "planarconfig": "separate"},
    "grey and alpha": {"photometric": "minisblack", "extrasamples": ["unassalpha"], "planarconfig": "contig"},
    "CMYK": {"photometric": "separated"},
}
SAMPLES = {"RGB": 3, "RGBX": 4, "RGBA": 4, "premultiplied": 4, "RGB planes": 3, "grey and alpha": 2, "CMYK": 4}
DTYPES = (
    "uint8",
    "int8",
    "uint16",
    "int16",
    "uint32",
    "int32",
    "uint64",
    "int64",
    "float16",
    "float32",
    "float64",
    "complex64",
)
READ = {
    "uint8": set(LAYOUTS),
    "int8": {"grey"},
    "uint16": set(LAYOUTS) - {"RGB planes", "grey and alpha"},
    "int16": {"grey"},
    "uint32": {"grey"},
    "int32": {"grey"},
    "float32": {"grey", "white is zero"},
}
"""What is read, in the byte order of this machine; all else is refused."""


def shade(dtype: np.dtype) -> np.ndarray:
    """RAMP over the whole depth of this type, floats from 0 to 1."""
    if dtype.kind in "fc":
        return (RAMP / 255).astype(dtype)
    ends = np.iinfo(dtype)
    steps = [int(ends.min) + int(r) * (int(ends.max) - int(ends.min)) // 255 for r in RAMP.ravel()]
    return np.array(steps, dtype).reshape(16, 16)


def written(path: Path, dtype: str, layout: str, order: str = "<") -> np.ndarray:
    """Write RAMP as this kind of TIFF; returns what should be seen, (16, 16, 3)."""
    grey, seen = shade(np.dtype(dtype)), RAMP
    n = SAMPLES.get(layout, 1)
    whole = shade(np.dtype(dtype)).max()
    bands = [grey] * min(n, 3)
    if layout == "grey and alpha":
        bands = [grey, np.full_like(grey, whole)]
    elif layout == "CMYK":
        bands, seen = [np.full_like(grey, 0)] * 3 + [grey], 255 - RAMP
    elif n == 4:
        bands = [*bands, np.full_like(grey, whole)]
    elif layout == "white is zero":
        seen = 255 - RAMP
    pixels = bands[0] if n == 1 else np.stack(bands, 0 if "planes" in layout else -1)
    tifffile.imwrite(path, pixels, byteorder=order, **LAYOUTS[layout])
    return np.stack([seen] * 3, -1)


@pytest.mark.parametrize(("dtype", "layout"), list(itertools.product(DTYPES, LAYOUTS)))
def test_each_kind_of_tiff_is_read_right_or_refused_by_name(dtype: str, layout: str, tmp_path: Path) -> None:
    path = tmp_path / "a.tiff"
    expected = written(path, dtype, layout)
    found, kind = look(path), np.dtype(dtype)
    if layout in READ.get(dtype, set()):
        assert found.fault is None
        scales = samples.scales([(found.kind, found.low, found.high)] if found.kind else [])
        assert np.abs(np.asarray(to_rgb(open_picture(path), scales)).astype(int) - expected).max() <= 1
    else:
        bits = f"{8 * kind.itemsize}-bit {NAMES[kind.kind]}"
        assert found.fault is not None and bits in found.fault and "not read" in found.fault
        with pytest.raises(ExplorerError, match=bits):
            open_picture(path)


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    ("dtype", "layout"),
    [("uint16", "grey"), ("uint16", "RGB"), ("int16", "grey"), ("int32", "grey"), ("float32", "grey")],
)
def test_byte_order_and_compression_change_nothing(
    dtype: str, layout: str, order: str, compression: str | None, tmp_path: Path
) -> None:
    path, grey = tmp_path / "a.tiff", shade(np.dtype(dtype))
    pixels = grey if layout == "grey" else np.stack([grey] * 3, -1)
    tifffile.imwrite(path, pixels, byteorder=order, compression=compression, **LAYOUTS[layout])
    found = look(path)
    assert found.kind is not None
    scales = samples.scales([(found.kind, found.low, found.high)])
    assert np.abs(np.asarray(to_rgb(open_picture(path), scales))[..., 0].astype(int) - RAMP).max() <= 1


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "I;16", "I", "F"])
def test_each_mode_that_pillow_writes(mode: str, tmp_path: Path) -> None:
    path, grey = tmp_path / "a.tiff", RAMP.astype(np.uint8)
    deep = {
        "I;16": grey.astype(np.uint16) * 257,
        "I": grey.astype(np.int32) * 257,
        "F": (grey / 255).astype(np.float32),
    }
    image = Image.fromarray(deep[mode]) if mode in deep else Image.fromarray(np.stack([grey] * 3, -1)).convert(mode)
    image.save(path)
    found = look(path)
    assert found.fault is None
    scales = samples.scales([(found.kind, found.low, found.high)] if found.kind else [])
    seen = np.asarray(to_rgb(open_picture(path), scales)).astype(int)
    expected = np.asarray(image.convert("RGB")).astype(int) if mode in ("1", "P", "PA") else np.stack([RAMP] * 3, -1)
    assert np.abs(seen - expected).max() <= 1


@pytest.mark.filterwarnings("ignore")  # Pillow's, of the directory that is cut off
@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_adobe_deflate"])
def test_a_tiff_that_is_cut_short_is_called_that(compression: str, tmp_path: Path) -> None:
    """Pillow writes the directory first or last, and reads a directory that is missing as one that says nothing."""
    path, file = tmp_path / "a.tif", io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (60, 60, 3), np.uint8)).save(
        file, "TIFF", compression=compression
    )
    whole = file.getvalue()
    for length in (8, 30, len(whole) // 3, len(whole) - 1000, len(whole) - 100):
        path.write_bytes(whole[:length])
        fault = look(path).fault
        assert fault and ("cut short" in fault) and "1-bit" not in fault, (length, fault)


def test_lab_and_palette(tmp_path: Path) -> None:
    white = np.stack([np.full((16, 16), value, np.uint8) for value in (255, 0, 0)], -1)
    tifffile.imwrite(tmp_path / "a.tiff", white, photometric="cielab")
    assert np.abs(np.asarray(to_rgb(open_picture(tmp_path / "a.tiff"))).astype(int) - 255).max() <= 2
    colours = np.stack([np.arange(256), np.arange(256)[::-1], np.full(256, 9)]).astype(np.uint16) * 257
    tifffile.imwrite(tmp_path / "b.tiff", RAMP.astype(np.uint8), photometric="palette", colormap=colours)
    expected = np.stack([RAMP, 255 - RAMP, np.full_like(RAMP, 9)], -1)
    assert (np.asarray(to_rgb(open_picture(tmp_path / "b.tiff"))) == expected).all()


def folder_of(place: Path, pictures: list[np.ndarray], **options: object) -> folders.Data:
    """A folder of two classes; these pictures are the first of the class `a`, in a train folder."""
    rng = np.random.default_rng(0)
    for kind in "ab":
        (place / kind).mkdir(parents=True)
        for i in range(4):
            noise = rng.integers(0, 255, (16, 16, 3), np.uint8)
            tifffile.imwrite(place / kind / f"z{i}.tiff", noise, photometric="rgb")
    for i, pixels in enumerate(pictures):
        tifffile.imwrite(place / "a" / f"{i}.tiff", pixels, **options)
    return folders.load(place, 0)


def seen_of(data: folders.Data, name: str) -> np.ndarray:
    """What a picture of the set looks like, (h, w) of its red channel."""
    for images in (data.train, data.val, data.test):
        if name in images.ids:
            return np.asarray(images.read(images.ids.index(name)))[..., 0]
    raise AssertionError(name)


def test_pictures_of_a_set_stay_comparable(tmp_path: Path) -> None:
    """200 became 200 in a picture of nothing above 250, and 1 in one with 40,000: each was stretched by itself."""
    dark, bright = np.full((16, 16), 200, np.uint16), np.full((16, 16), 200, np.uint16)
    dark[0, 0], bright[0, 0] = 250, 40_000
    data = folder_of(tmp_path / "x", [dark, bright], photometric="minisblack")
    first, second = seen_of(data, "a/0.tiff"), seen_of(data, "a/1.tiff")
    assert first[5, 5] == second[5, 5] == round(200 / 65535 * 255)
    assert data.scales == {"16-bit unsigned integers": (0.0, 65535.0)}


@pytest.mark.parametrize("colour", [False, True])
def test_twelve_bits_in_sixteen_fill_the_range(colour: bool, tmp_path: Path) -> None:
    """They came out at most 15 of 255 in colour: Pillow keeps the upper byte."""
    pixels = np.rint(RAMP / 255 * 4095).astype(np.uint16)
    options = {"photometric": "rgb" if colour else "minisblack"}
    data = folder_of(tmp_path / "x", [np.stack([pixels] * 3, -1) if colour else pixels], **options)
    assert np.abs(seen_of(data, "a/0.tiff").astype(int) - RAMP).max() <= 1
    assert data.scales == {"16-bit unsigned integers": (0.0, 4095.0)}


@pytest.mark.parametrize(
    ("numbers", "dtype", "shades"),
    [
        ((0, 2**31 - 1, 2**31, 2**32 - 1), "uint32", (0, 127, 128, 255)),  # read 128, 255, 0, 127
        ((-100, -1, 0, 100), "int8", (0, 126, 128, 255)),  # read 156, 255, 0, 100
        ((-1000, 0, 1000, 3000), "int16", (0, 64, 128, 255)),
        ((0, 300, 600, 1023), "int32", (0, 75, 150, 255)),
        ((0, 0.25, 0.5, 0.9), "float32", (0, 64, 128, 230)),
        ((-3.0, 0.0, 1.0, 5.0), "float32", (0, 96, 128, 255)),
        ((0.0, 40.0, 100.0, 200.0), "float32", (0, 40, 100, 200)),
    ],
)
def test_numbers_of_a_set_by_the_set(numbers: tuple, dtype: str, shades: tuple, tmp_path: Path) -> None:
    pixels = np.resize(np.array(numbers, dtype), (16, 16))
    seen = seen_of(folder_of(tmp_path / "x", [pixels], photometric="minisblack"), "a/0.tiff")
    assert np.abs(seen[0, :4].astype(int) - shades).max() <= 1


def one(pixels: np.ndarray, **options: object) -> np.ndarray:
    """A visitor's own picture, alone, (h, w)."""
    stream = io.BytesIO()
    tifffile.imwrite(stream, pixels, photometric="minisblack", **options)
    return np.asarray(to_rgb(open_picture(stream.getvalue())))[..., 0]


def test_a_picture_alone_goes_by_its_depth_or_is_refused() -> None:
    assert one(np.full((16, 16), 4095, np.uint16)).max() == 16
    assert one(np.resize(np.array([-128, 0, 127], np.int8), (15, 15)))[0, :3].tolist() == [0, 128, 255]
    assert one(np.full((16, 16), 0.5, np.float32)).max() == 128
    with pytest.raises(ExplorerError, match="32-bit unsigned integers from 7 to 7, and nothing says"):
        one(np.full((16, 16), 7, np.uint32))
    with pytest.raises(ExplorerError, match="32-bit floats from 7 to 7"):
        one(np.full((16, 16), 7, np.float32))


def test_floats_that_are_no_numbers() -> None:
    numbers = (RAMP / 255).astype(np.float32)
    numbers[0, :3] = np.nan, np.inf, -np.inf
    seen = one(numbers)
    assert seen[0, :3].tolist() == [0, 255, 0]
    assert (seen[1:] == RAMP[1:]).all()
    assert (one(np.full((16, 16), np.nan, np.float32)) == 0).all()


def test_another_scale_is_another_fingerprint(tmp_path: Path) -> None:
    """Stored outputs of frozen stages belong to the pixels, and these to the scale."""
    assert folders._fingerprint((), {}) != folders._fingerprint((), {"16-bit unsigned integers": (0.0, 4095.0)})

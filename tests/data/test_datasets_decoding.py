"""Files become correct RGB, or a plain word on why not."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer.data import formats
from explorer.data.decoding import look, open_picture, to_rgb
from explorer.data.formats import FORMATS
from explorer.errors import ExplorerError

RAMP = np.tile(np.linspace(0, 255, 16).round().astype(np.uint8), (16, 1))
COLOURS = np.stack([RAMP, RAMP.T, 255 - RAMP], axis=2)


def bent() -> np.ndarray:
    """A picture that no turn or mirror maps onto itself, (24, 32, 3) uint8, smooth enough for JPEG."""
    x, y = np.meshgrid(np.linspace(0, 1, 32), np.linspace(0, 1, 24))
    return (np.stack([x, y, x * x * y], axis=2) * 255).round().astype(np.uint8)


def shown(image: Image.Image, path: Path, **options: object) -> np.ndarray:
    """What is seen of an image once it was saved there."""
    image.save(path, **options)
    assert look(path).fault is None
    rgb = to_rgb(open_picture(path))
    assert rgb.mode == "RGB"
    return np.asarray(rgb).astype(int)


def png(pixels: np.ndarray, colour_type: int) -> bytes:
    """A 16-bit PNG (which Pillow cannot write) of (h, w, c) uint16."""
    height, width = pixels.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("suffix", ["png", "bmp", "tiff", "webp", "gif", "jpg", "ppm", "avif"])
def test_colours_survive_every_format(suffix: str, tmp_path: Path) -> None:
    options = {"webp": {"lossless": True}, "jpg": {"quality": 98, "subsampling": 0}, "avif": {"quality": 100}}.get(
        suffix, {}
    )
    seen = shown(Image.fromarray(COLOURS), tmp_path / f"a.{suffix}", **options)
    assert np.abs(seen - COLOURS).mean() < {"gif": 8, "jpg": 3, "avif": 3}.get(suffix, 0.01)


@pytest.mark.parametrize("suffix", ["png", "tiff", "bmp", "gif", "pgm"])
def test_grey_becomes_three_equal_channels(suffix: str, tmp_path: Path) -> None:
    seen = shown(Image.fromarray(RAMP), tmp_path / f"a.{suffix}")
    assert (seen == RAMP[:, :, None]).all()


def test_one_bit(tmp_path: Path) -> None:
    bits = RAMP > 127
    assert (shown(Image.fromarray(bits), tmp_path / "a.png") == bits[:, :, None] * 255).all()


def test_sixteen_bits_are_not_white(tmp_path: Path) -> None:
    """Pillow's own conversion saturates: mean 254 of 255."""
    seen = shown(Image.fromarray(RAMP.astype(np.uint16) * 257), tmp_path / "a.png")
    assert (seen == RAMP[:, :, None]).all()


def test_sixteen_bit_colour_and_transparency() -> None:
    colours = to_rgb(open_picture(png(COLOURS.astype(np.uint16) * 257, colour_type=2)))
    assert (np.asarray(colours) == COLOURS).all()
    clear = np.stack([RAMP.astype(np.uint16) * 257, np.zeros_like(RAMP, np.uint16)], axis=2)
    assert (np.asarray(to_rgb(open_picture(png(clear, colour_type=4)))) == 255).all()


def test_cmyk_jpeg(tmp_path: Path) -> None:
    red = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    assert np.abs(shown(red, tmp_path / "a.jpg", quality=98) - [255, 0, 0]).max() < 12


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_hidden_colours_stay_hidden(mode: str, tmp_path: Path) -> None:
    """Under full transparency the ground shows, whatever colour is stored; half transparent is half of each."""
    image = Image.new("RGBA", (16, 16), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (0, 0, 8, 16))
    seen = shown(image.convert(mode), tmp_path / "a.png")
    assert (seen[:, :8] == 0).all()
    assert (seen[:, 8:] == 255).all()


def test_transparency_of_other_kinds(tmp_path: Path) -> None:
    half = shown(Image.new("RGBA", (16, 16), (255, 0, 0, 128)), tmp_path / "a.png")
    assert np.abs(half - [255, 127, 127]).max() <= 1
    one_colour_clear = Image.fromarray(np.where(RAMP > 127, 255, 0).astype(np.uint8))
    assert (shown(one_colour_clear, tmp_path / "b.png", transparency=0) == 255).all()
    several = Image.new("P", (16, 16), 1)
    several.putpalette([0, 0, 255, 255, 0, 0, 0, 255, 0])
    several.paste(2, (0, 0, 8, 16))
    seen = shown(several, tmp_path / "c.png", transparency=bytes([255, 0, 255]))
    assert (seen[:, :8] == [0, 255, 0]).all()
    assert (seen[:, 8:] == 255).all()
    assert (shown(several, tmp_path / "d.gif", transparency=1)[:, 8:] == 255).all()


_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("suffix", ["jpg", "png", "tiff", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(orientation: int, suffix: str, tmp_path: Path) -> None:
    """A camera stores the picture turned and says so: it is shown upright."""
    stored = Image.fromarray(bent())
    if orientation in _TURNS:
        stored = stored.transpose(_TURNS[orientation])
    note = Image.Exif()
    note[0x0112] = orientation
    seen = shown(stored, tmp_path / f"a.{suffix}", exif=note, quality=98)
    assert seen.shape == (24, 32, 3)
    assert np.abs(seen - bent()).mean() < 6


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_a_broken_exif_note_does_not_spoil_the_picture(tmp_path: Path) -> None:
    seen = shown(Image.fromarray(bent()), tmp_path / "a.jpg", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff", quality=98)
    assert np.abs(seen - bent()).mean() < 6


def test_first_frame_of_a_film(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    for suffix in ("gif", "webp", "tiff"):
        seen = shown(frames[0], tmp_path / f"a.{suffix}", save_all=True, append_images=frames[1:])
        assert np.abs(seen - [255, 0, 0]).max() < 6


def test_a_phone_s_several_pictures_in_one_jpeg(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    seen = shown(frames[0], tmp_path / "a.jpg", format="MPO", save_all=True, append_images=frames[1:])
    assert np.abs(seen - [255, 0, 0]).max() < 6


def test_large_jpegs_come_reduced_but_never_too_small(tmp_path: Path) -> None:
    Image.fromarray(bent()).resize((800, 600)).save(tmp_path / "a.jpg")
    assert open_picture(tmp_path / "a.jpg", at_least=200).size == (400, 300)
    assert open_picture(tmp_path / "a.jpg", at_least=400).size == (800, 600)
    note = Image.Exif()
    note[0x0112] = 6
    Image.fromarray(bent()).resize((800, 600)).save(tmp_path / "b.jpg", exif=note)
    assert to_rgb(open_picture(tmp_path / "b.jpg", at_least=200)).size == (300, 400)


@pytest.mark.parametrize(
    ("name", "options", "size"),
    [("a.jpg", {}, (200, 150)), ("a.jpeg", {"quality": 30}, (200, 150)), ("b.jpg", {"progressive": True}, None),
     ("c.png", {}, None), ("d.bmp", {}, None), ("e.webp", {}, None)],
)  # fmt: skip
def test_beyond_the_limit_a_jpeg_is_reduced_and_the_rest_refused_by_the_header(
    name: str, options: dict[str, object], size: tuple[int, int] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.fromarray(bent()).resize((800, 600)).save(tmp_path / name, **options)
    monkeypatch.setenv("THAW_MAX_MEGAPIXELS", "0.12")
    fault = look(tmp_path / name).fault
    if size:
        assert fault is None and open_picture(tmp_path / name).size == (400, 300)
        monkeypatch.setenv("THAW_MAX_MEGAPIXELS", "0.125")
        assert open_picture(tmp_path / name, at_least=100).size == size
    else:
        assert fault == "it has 800 x 600 pixels, more than 0.12 million"


def half_a_stream(kind: str) -> bytes:
    """A picture whose container is whole and whose pixels end half-way."""
    if kind == "png":
        rows = b"".join(b"\0" + np.random.default_rng(i).bytes(48) for i in range(16))
        header = struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)
        body = zlib.compress(rows)
        body = body[: len(body) // 2]
        chunks = [(b"IHDR", header), (b"IDAT", body), (b"IEND", b"")]
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
            for name, data in chunks
        )
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).save(buffer, kind.upper())
    return buffer.getvalue()[: len(buffer.getvalue()) // 2]


@pytest.mark.parametrize("kind", ["png", "jpeg", "ppm", "bmp", "tiff"])
def test_what_the_check_accepts_can_be_used(kind: str, tmp_path: Path) -> None:
    (tmp_path / f"a.{kind}").write_bytes(half_a_stream(kind))
    assert look(tmp_path / f"a.{kind}").fault is not None
    with pytest.raises(ExplorerError):
        open_picture(tmp_path / f"a.{kind}")


@pytest.mark.parametrize(("head", "extra"), [(b"\0\0\0\x18ftypheic", "heic"), (b"\0" * 128 + b"DICM", "dicom")])
def test_a_format_of_an_optional_package_says_what_to_install(
    head: bytes, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "_ready", lambda name: False)
    (tmp_path / "photo").write_bytes(head + b"\0" * 300)
    assert f'pip install ".[{extra}]"' in str(look(tmp_path / "photo").fault)


def bad_files(folder: Path) -> dict[str, str]:
    """Files that must be refused, and a word that the reason must hold."""
    whole = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).save(whole, "JPEG")
    (folder / "cut.jpg").write_bytes(whole.getvalue()[:1500])
    Image.fromarray(COLOURS.repeat(8, 0).repeat(8, 1)).save(folder / "cut.png")
    (folder / "cut.png").write_bytes((folder / "cut.png").read_bytes()[:-200])
    (folder / "page.jpg").write_text("<html><body>404</body></html>")
    (folder / "empty.png").write_bytes(b"")
    (folder / "drawing.jpg").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 50 50\n")
    Image.new("1", (13_000, 13_000)).save(folder / "bomb.png")
    Image.new("1", (20_000, 20_000)).save(folder / "larger.png")
    Image.new("1", (8_100, 8_100)).save(folder / "large.png")
    Image.new("L", (1, 1)).save(folder / "dot.png")
    Image.new("L", (20, 2_000)).save(folder / "line.png")
    return {
        "cut.jpg": "cut short",
        "cut.png": "cut short",
        "page.jpg": "no picture",
        "empty.png": "",
        "drawing.jpg": "no picture",
        "bomb.png": "more than 64 million",
        "larger.png": "million pixels",
        "large.png": "8100 x 8100",
        "dot.png": "at least 8",
        "line.png": "times as long",
        "absent.png": "not there",
    }


def test_bad_files_are_named_with_a_reason(tmp_path: Path) -> None:
    for name, word in bad_files(tmp_path).items():
        reason = look(tmp_path / name).fault
        assert reason and word in reason, name
        with pytest.raises(ExplorerError, match=f"{name}.*cannot be read.*Remove it"):
            open_picture(tmp_path / name)


def test_bytes_are_opened_like_files() -> None:
    with pytest.raises(ExplorerError, match="The picture cannot be read") as caught:
        open_picture(b"<html>")
    assert all(name in str(caught.value) for name in FORMATS)


def test_a_png_that_only_lost_its_end_mark_is_whole(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(COLOURS.astype(np.uint16) * 257, colour_type=2)[:-12])
    assert look(tmp_path / "a.png").fault is None
    assert (np.asarray(to_rgb(open_picture(tmp_path / "a.png"))) == COLOURS).all()


def test_a_file_that_was_mended_is_good_again(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"nothing")
    assert look(path).fault
    Image.fromarray(COLOURS).save(path)
    assert look(path).fault is None

"""Whatever bytes and names come in, the answer is a result or an ExplorerError, never another exception.

THAW_FUZZ=20000 tries so many examples of each instead of the few that are tried by default, and other ones each time.
"""

import contextlib
import io
import os
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from explorer.arriving.compute.archives import BROKEN, Archive, cleaned
from explorer.data import groups
from explorer.data.decoding import look, open_picture, to_rgb
from explorer.data.entries import Entry
from explorer.data.listing import sort_out
from explorer.data.tables import rows
from explorer.errors import ExplorerError

ASKED = int(os.environ.get("THAW_FUZZ", "0"))
bounded = settings(
    max_examples=ASKED or 60,
    derandomize=not ASKED,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

SOME_NAMES = [
    "train",
    "test",
    "val",
    "images",
    "labels",
    "a",
    "b",
    "Cat",
    "cat",
    "é",
    "e\u0301",
    "..",
    ".git",
    "",
    " ",
    "0",
    "10",
]
names = st.one_of(st.sampled_from(SOME_NAMES), st.text(max_size=12))
paths = st.lists(names, min_size=1, max_size=5).map("/".join)
ENDINGS = st.sampled_from([".jpg", ".png", "", ".txt", ".csv", ".mp4", ".zip", ".jpg.1"])
changes = st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=12)


def picture(kind: str, mode: str = "RGB") -> bytes:
    """A small picture of a format."""
    buffer = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 255, (12, 16, 3), np.uint8)
    Image.fromarray(pixels).convert(mode).save(buffer, kind)
    return buffer.getvalue()


def changed(data: bytes, where: list[tuple[int, int]], cut: float) -> bytes:
    """The bytes with some of them replaced, and cut to a share."""
    found = bytearray(data)
    for at, value in where:
        found[at % len(found)] = value
    return bytes(found[: max(1, int(len(found) * cut))])


def archive() -> bytes:
    """A ZIP of four methods."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as found:
        for i, method in enumerate((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)):
            found.writestr(f"{'ab'[i % 2]}/{i}.jpg", picture("JPEG"), method)
    return buffer.getvalue()


ZIP = archive()
PICTURES = [
    *(picture(kind) for kind in ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "PPM", "AVIF")),
    picture("PNG", "P"), picture("PNG", "RGBA"), picture("TIFF", "CMYK"), picture("TIFF", "I"), picture("TIFF", "F"),
    picture("PNG", "1"),
]  # fmt: skip


@bounded
@given(where=changes, cut=st.floats(0.2, 1))
def test_archives(where: list[tuple[int, int]], cut: float, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "a.zip"
    path.write_bytes(changed(ZIP, where, cut))
    try:
        found = Archive(path, "'a.zip'")
    except ExplorerError:
        return
    for entry in found.entries():
        assert len(entry.id) <= 1200
        entry.begins()
        try:
            assert sum(map(len, found.pieces(entry))) < 10_000_000
        except (ExplorerError, *BROKEN):
            pass
    found.close()


@bounded
@given(
    st.lists(st.tuples(paths, ENDINGS, st.sampled_from([b"", b"\xff\xd8\xff", b"file,label\n0.png,a\n"])), max_size=30)
)
def test_trees(found: list[tuple[str, str, bytes]]) -> None:
    entries = []
    for name, ending, data in found:
        id, fault = cleaned(name + ending)
        entries.append(Entry(id, Path("x"), len(data), 0, fault, inside=lambda n, data=data: data[:n]))
    for labels in ("folders", "table", "prefix"):
        try:
            listed = sort_out(entries, "It", labels)
        except ExplorerError as error:
            assert str(error)
            continue
        assert listed.total == len(entries)
        assert set(listed.classes) == {file.kind for file in listed.files}


@bounded
@given(st.one_of(st.binary(max_size=200), st.lists(st.lists(st.text(max_size=6), max_size=4), max_size=6).map(
    lambda lines: "\n".join(",".join(line) for line in lines).encode("utf-8", "replace"))))  # fmt: skip
def test_tables(data: bytes) -> None:
    for read in (
        rows,
        lambda data: groups.parsed(data, "groups.csv"),
        lambda data: groups.resolved(
            groups.parsed(b"file,group\n" + data, "a/groups.csv"), ["a/0.png", "b/0.png", "1"]
        ),
    ):
        with contextlib.suppress(ExplorerError):
            read(data)
    pictures = [Entry(f"{i}.png", Path("x"), 1) for i in range(3)]
    paper = Entry("labels.csv", Path("x"), len(data) + 11, inside=lambda n: (b"file,label\n" + data)[:n])
    with contextlib.suppress(ExplorerError):
        sort_out([*pictures, paper], "It", "table")


@bounded
@given(
    which=st.integers(0, len(PICTURES) - 1), where=changes, cut=st.floats(0.2, 1), at_least=st.sampled_from([0, 1, 96])
)
def test_pictures(
    which: int, where: list[tuple[int, int]], cut: float, at_least: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What a look accepts can be used: the check is not weaker than the use."""
    data = changed(PICTURES[which], where, cut)
    path = tmp_path_factory.mktemp("fuzz") / "picture"
    path.write_bytes(data)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of what it mends
        seen = look(path)
        try:
            image = open_picture(data, at_least)
            if seen.fault is None and seen.kind is None:
                assert to_rgb(image).mode == "RGB"
        except ExplorerError:
            assert seen.fault is not None

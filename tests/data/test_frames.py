"""Files of several pictures: told, and read as their first."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer import own_sets
from explorer.data import datasets, own
from explorer.data.decoding import look, open_picture
from explorer.data.frames import several, several_note
from explorer.data.listing import File, sort_out
from explorer.own_sets import OwnSet, StoredFile
from explorer.recipe import make

PAGES = [Image.fromarray(np.full((24, 32, 3), level, np.uint8)) for level in (40, 120, 200)]


@pytest.mark.parametrize("suffix", ["tiff", "gif", "webp", "png"])
def test_pages_and_frames_are_seen_and_the_first_is_read(suffix: str, tmp_path: Path) -> None:
    many, one = tmp_path / f"many.{suffix}", tmp_path / f"one.{suffix}"
    PAGES[0].save(many, save_all=True, append_images=PAGES[1:], lossless=True)  # of WebP, which else would be near
    PAGES[0].save(one)
    assert (several(many), several(one)) == (True, False)
    assert (look(many).several, look(one).several) == (True, False)
    assert np.asarray(open_picture(many).convert("L"))[0, 0] == 40


def test_stacks_of_16_bits_are_seen_too(tmp_path: Path) -> None:
    deep = [Image.fromarray(np.full((24, 32), level, np.uint16)) for level in (100, 30_000)]
    deep[0].save(tmp_path / "a.tif", save_all=True, append_images=deep[1:])
    found = look(tmp_path / "a.tif")
    assert (found.fault, found.low, found.several) == (None, 100, True)


def test_a_telephone_s_jpeg_is_one_picture_and_so_is_what_does_not_tell(tmp_path: Path) -> None:
    PAGES[0].save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=PAGES[1:])
    (tmp_path / "b.tif").write_bytes(b"II*\0" + b"\xff" * 40)
    assert not any(several(tmp_path / name) for name in ("a.jpg", "b.tif", "not there.gif"))


def test_a_folder_with_such_files_says_so(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for kind in ("cells", "fibres"):
        (tmp_path / kind).mkdir()
        for i in range(8):
            pages = [Image.fromarray(rng.integers(0, 255, (24, 32, 3), np.uint8)) for _ in range(5 if i < 2 else 1)]
            pages[0].save(tmp_path / kind / f"{i}.tif", save_all=True, append_images=pages[1:])
    data = datasets.load(make(dataset="folder", data_dir=str(tmp_path), per_class=None))
    assert (
        "4 files hold several pictures (pages or frames; e.g. cells/0.tif): only the first of each is used."
        in data.note
    )
    assert several_note([]) == "" and several_note(["b.gif"]).startswith(
        "1 file holds several pictures (pages or frames; b.gif)"
    )


def test_a_kept_set_remembers_and_one_from_before_reads_on(tmp_path: Path) -> None:
    rows = [
        StoredFile("a/0.tif", "0" * 40, 9, "", None, True),
        StoredFile("b/1.tif", "1" * 40, 9, "", (16, 1, 0.0, 9.0), True),
    ]
    kept = OwnSet("pets-1", "Pets", 0.0, 2, 2, 18, "folders", "", "d")
    place = own_sets.folder() / kept.name
    place.mkdir(parents=True)
    own_sets.write(place, kept, rows)
    assert own_sets.files(kept) == rows
    files: list[File] = [*sort_out(own.entries_of(rows, place), "'Pets'", "folders").files]
    assert [own.looked(rows)(file).several for file in files] == [True, True]
    older = [row[:5] for row in json.loads((place / "files.json").read_text("utf-8"))]
    (place / "files.json").write_text(json.dumps(older), "utf-8")
    assert [row.several for row in own_sets.files(kept)] == [False, False]

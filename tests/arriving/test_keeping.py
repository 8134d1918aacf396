"""From what a visitor sends to a data set: previews, keeping, deleting; and what is refused on the way, nothing half kept.

Each hostile archive is a harmless stand-in, made here: small, and telling a lie about itself.
"""

import errno
import gzip
import io
import itertools
import os
import stat
import struct
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer import cache, jobs, limits, own_sets, runs
from explorer.arriving import removing
from explorer.arriving.compute import keeping
from explorer.arriving.compute.archives import cleaned
from explorer.arriving.compute.keeping import arrive
from explorer.arriving.compute.previews import preview
from explorer.catalogue.datasets import DATASETS, dataset, offered
from explorer.data import own
from explorer.data.images import Data
from explorer.errors import ExplorerError
from explorer.own_sets import parcels
from explorer.recipe import make
from explorer.runs.question import TrainQuestion

_number = itertools.count()


def jpeg() -> bytes:
    """A small picture that no other equals."""
    rng = np.random.default_rng(next(_number))
    buffer = io.BytesIO()
    Image.fromarray(rng.integers(0, 255, (24, 32, 3), np.uint8)).save(buffer, "JPEG")
    return buffer.getvalue()


def packed(files: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """A ZIP of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def pets(n: int = 5, root: str = "") -> dict[str, bytes]:
    return {f"{root}{kind}/{i}.jpg": jpeg() for kind in ("cats", "dogs") for i in range(n)}


def sent(**files: bytes) -> str:
    """A parcel with these files; `__` stands for / and `_zip` for .zip in their names."""
    key = parcels.open_parcel()
    for name, data in files.items():
        parcels.put(key, name.replace("__", "/").replace("_zip", ".zip"), [data])
    return key


def quiet(share: float, words: str) -> None:
    """No report."""


def kept(data: bytes, title: str = "Pets", labels: str = "folders") -> Data:
    """The set that is made of a ZIP."""
    return own.load(arrive(sent(a_zip=data), title, labels, "", quiet).name, 0)


def nothing_is_kept() -> bool:
    """Whether no set and no half of one lies on the disk."""
    left = [path for path in (own_sets.folder(), parcels.folder()) if path.is_dir() for path in path.rglob("made")]
    return not own_sets.listing() and not left


def test_a_zip_becomes_a_data_set_by_name_and_goes_when_deleted(home: Path) -> None:
    files = pets() | {"cats/page.jpg": b"<html>", "README.md": b"about", "__MACOSX/cats/._0.jpg": b"x"}
    key = sent(a_zip=packed(files))
    seen = preview(key, "", "folders", "")
    assert seen.error == "" and seen.classes == ("cats", "dogs")
    assert seen.counts.sum(axis=0).tolist() == [7, 2, 2] and seen.counts.sum() == 11  # the page.jpg is not decoded yet
    assert seen.sum == "11 pictures + 0 left out + 2 other files = 13 files."
    assert len(seen.images) >= 6 and seen.images.shape[1:] == (96, 96, 3) and set(seen.of) == {0, 1}
    made = arrive(key, "My Pets & Co", "folders", "", quiet)
    assert (
        made.name.startswith("my_pets_co-")
        and made.sum == "10 pictures + 1 left out (1 no pictures) + 2 other files = 13 files."
    )
    assert not parcels.alive(key) and dataset(made.name).title == "My Pets & Co"
    assert list(offered()) == [made.name, *DATASETS]
    data = own.load(made.name, 0)
    assert [len(data.train), len(data.val), len(data.test)] == [6, 2, 2]
    assert dict(data.skipped) == {"cats/page.jpg": "it is no picture, or in an unknown format"}
    assert data.test.read(0).size == (32, 24) and data.fingerprint.startswith("own-")
    cache.folder().mkdir(parents=True)
    for name in (f"{data.fingerprint}-1.safetensors", "0123.safetensors"):
        (cache.folder() / name).write_bytes(b"features")
    for name in ("gallery-1.npz", "preview-1.npz"):
        (home / "cache" / name).write_bytes(b"pictures")
    removing.remove(made.name)
    assert [path.name for path in cache.folder().iterdir()] == ["0123.safetensors"]
    assert not list((home / "cache").glob("*.npz"))
    assert not list(own_sets.folder().iterdir()) and made.name not in offered()
    assert dataset(made.name).title == "my_pets_co (deleted)"
    with pytest.raises(ExplorerError, match="was deleted"):
        own.load(made.name, 0)
    with pytest.raises(ExplorerError, match="no set"):
        removing.remove(made.name)


def test_the_same_pictures_under_the_same_name_are_the_same_set() -> None:
    data = packed(pets())
    first, again, other = (arrive(sent(a_zip=data), title, "folders", "", quiet) for title in ("Pets", "Pets", "Zoo"))
    assert first.name == again.name != other.name and first.name[-8:] == other.name[-8:]
    assert len(own_sets.listing()) == 2


def test_a_file_that_is_sent_again_takes_the_place_of_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    key = sent(a_zip=b"x" * 800_000, b_zip=b"y")
    monkeypatch.setenv("THAW_MAX_UPLOAD_GB", "0.001")
    parcels.put(key, "a.zip", [b"z" * 900_000])  # both together would be too much
    assert [(file.name, file.size) for file in parcels.contents(key)] == [("b.zip", 1), ("a.zip", 900_000)]
    assert sorted(path.stat().st_size for path in (parcels.folder() / key).glob("0*")) == [1, 900_000]
    parcels.take_back(key, "a.zip")
    parcels.take_back(key, "a.zip")
    parcels.put(key, "c.zip", [b"z" * 999_000])
    with pytest.raises(ExplorerError, match="the most for one set"):
        parcels.put(key, "d.zip", [b"z" * 2000])


@pytest.mark.parametrize("wrapped", [False, True])
def test_pictures_come_class_by_class_and_folders_whole(wrapped: bool) -> None:
    key = parcels.open_parcel()
    for name, data in pets(root="upload/" if wrapped else "").items():
        parcels.put(key, name, [data[:100], data[100:]])
    parcels.put(key, "dogs/wrong.jpg", [b"x"])
    parcels.take_back(key, "dogs/wrong.jpg")
    assert arrive(key, "Pets", "folders", "", quiet).sum == "10 pictures + 0 left out + 0 other files = 10 files."


def test_several_zips_are_a_class_each() -> None:
    one, other = (packed({f"{i}.jpg": jpeg() for i in range(4)}) for _ in range(2))
    made = arrive(sent(cats_zip=one, dogs_zip=other), "Pets", "folders", "", quiet)
    assert own.load(made.name, 0).classes == ("cats", "dogs")


def test_a_set_that_something_trains_on_is_not_deleted() -> None:
    made = arrive(sent(a_zip=packed(pets())), "Pets", "folders", "", quiet)
    run = jobs.train(make(dataset=made.name))
    with pytest.raises(ExplorerError, match="trains on it"):
        removing.remove(made.name)
    assert own_sets.find(made.name)
    runs.close(run, "stopped")
    jobs.cancel(TrainQuestion(run=run))
    assert [used.id for used in removing.remove(made.name)] == [run] and not own_sets.listing()


@pytest.mark.parametrize("labels", ["prefix", "table"])
def test_labels_that_are_asked_for_stay_with_the_set(labels: str) -> None:
    flat = {name.replace("/", "_"): data for name, data in pets().items()}
    table = "\n".join(f"{name},{name[:3]},{int(name[5]) // 2}" for name in flat)
    flat["labels.csv"] = f"file,label,group\n{table}".encode()
    seen = preview(sent(a_zip=packed(flat)), "", "folders", "")
    assert set(seen.offers) == {"prefix", "table"} and "no sub-folders but 10 loose pictures" in seen.error
    data = kept(packed(flat), labels=labels)
    assert data.classes == (("cat", "dog") if labels == "table" else ("cats", "dogs"))
    assert (data.train.groups is not None) == (labels == "table")


def test_a_table_that_contradicts_the_folders_is_offered_before_the_set_is_kept() -> None:
    files = pets()
    pictures = [name for name in files if name.endswith((".jpg", ".png"))]
    rows = "\n".join(f"{name},{('old', 'young')[i % 2]}" for i, name in enumerate(sorted(pictures)))
    seen = preview(sent(a_zip=packed(files | {"ages.csv": f"file,age\n{rows}".encode()})), "", "folders", "")
    assert seen.error == "" and seen.offers == ("table",) and "ages.csv labels" in " ".join(seen.notes)
    assert preview(sent(a_zip=packed(files)), "", "folders", "").offers == ()


def test_deep_pictures_keep_their_scale() -> None:
    def deep(level: int) -> bytes:
        buffer = io.BytesIO()
        Image.fromarray(np.full((16, 16), level, np.uint16)).save(buffer, "PNG")
        return buffer.getvalue()

    data = kept(packed({f"{k}/{i}.png": deep(100 * i + j) for k, j in (("a", 7), ("b", 9)) for i in range(1, 6)}))
    assert list(data.scales.values()) == [(0.0, 1023.0)]


# What is refused


def encrypted() -> bytes:
    """A ZIP whose entries say that they are encrypted."""
    data = bytearray(packed(pets()))
    for mark, offset in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        at = data.find(mark)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(mark, at + 4)
    return bytes(data)


def linked() -> bytes:
    """A ZIP of links."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("a/x.jpg", "b/y.jpg"):
            info = zipfile.ZipInfo(name)
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, "elsewhere")
    return buffer.getvalue()


def lying(size: int) -> bytes:
    """A ZIP that says its entries have this size."""
    data = bytearray(packed({"a/0.jpg": b"\0" * 3000, "b/0.jpg": b"\0" * 3000}, zipfile.ZIP_DEFLATED))
    at = data.find(b"PK\1\2")
    while at >= 0:
        struct.pack_into("<L", data, at + 24, size)
        at = data.find(b"PK\1\2", at + 4)
    return bytes(data)


def packed_by(method: int) -> bytes:
    """A ZIP that says its entries are packed by this method."""
    data = bytearray(packed(pets()))
    for mark, offset in ((b"PK\1\2", 10), (b"PK\3\4", 8)):
        at = data.find(mark)
        while at >= 0:
            struct.pack_into("<H", data, at + offset, method)
            at = data.find(mark, at + 4)
    return bytes(data)


def long_directory() -> bytes:
    """A ZIP whose end says that its directory has 4 GB."""
    data = bytearray(packed(pets()))
    struct.pack_into("<L", data, data.rfind(b"PK\5\6") + 12, 4_000_000_000)
    return bytes(data)


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "not a zip": (lambda: b"PK\3\4 and nothing more", "cut short"),
    "empty": (lambda: b"", "cut short"),
    "truncated": (lambda: packed(pets())[:-40], "cut short"),
    "encrypted": (encrypted, "None of the 10 files can be used: it is encrypted"),
    "Deflate64": (lambda: packed_by(9), "None of the 10 files can be used: it is packed by Deflate64"),
    "Zstandard": (lambda: packed_by(93), "it is packed by Zstandard, which is not read"),
    "method 77": (lambda: packed_by(77), "it is packed by method 77"),
    "a tarball called ZIP": (lambda: gzip.compress(b"x" * 2000), "The file cannot be used: it is a gzip archive"),
    "links": (linked, "it is a link"),
    "nested": (lambda: packed({"a.zip": packed(pets()), "b.zip": packed(pets())}), "an archive within the archive"),
    "ratio": (lambda: packed({f"{k}/0.jpg": b"\0" * 3_000_000 for k in "ab"}, zipfile.ZIP_DEFLATED), "times its size"),
    "claims 4 GB": (lambda: lying(3_000_000_000), "unpacks to more than 4 GB"),
    "long directory": (long_directory, "its directory claims"),
    "only notes": (lambda: packed({"a.txt": b"x", "b.md": b"y"}), "holds no picture"),
    "up and away": (lambda: packed({"../a/0.jpg": jpeg(), "/b/0.jpg": jpeg(), "C:/c/0.jpg": jpeg()}), "leads out of the folder"),
    "one class": (lambda: packed({f"cats/{i}.jpg": jpeg() for i in range(4)}), "one class only"),
    "no pictures inside": (lambda: packed({f"{k}/{i}.jpg": b"<html>" for k in "ab" for i in range(4)}), "0 readable training"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_archive_is_refused_in_words_and_nothing_is_kept(name: str) -> None:
    make, words = REFUSED[name]
    key = sent(a_zip=make())
    with pytest.raises(ExplorerError) as caught:
        arrive(key, "Bad", "folders", "", quiet)
    assert words in str(caught.value) and nothing_is_kept()
    if name != "no pictures inside":  # which a preview does not decode
        assert words in preview(key, "", "folders", "").error


LEFT_OUT = {
    "../../up.jpg": "leads out of the folder",
    "/root.jpg": "leads out of the folder",
    "..\\..\\back.jpg": "leads out of the folder",
    "C:\\drive.jpg": "leads out of the folder",
    f"cats/{'x' * 4000}.jpg": "characters, more than 1000",
    f"{'d/' * 60}deep.jpg": "folders deep",
    "cats/inner.zip": "stays closed",
    "cats/film.mp4": "no picture",
}


def test_odd_entries_are_left_out_one_by_one_and_the_rest_is_used() -> None:
    data = kept(packed(pets() | {name: jpeg() if name.endswith("jpg") else b"x" for name in LEFT_OUT}))
    assert sum(map(len, (data.train, data.val, data.test))) == 10
    said = [reason for _, reason in data.skipped]
    assert sorted(said) == sorted(next(r for r in said if word in r) for word in LEFT_OUT.values()) and len(
        said
    ) == len(LEFT_OUT)
    assert "10 pictures used + 8 left out" in data.note and "= 18 files." in data.note


def test_names_that_a_disk_would_fold_stay_apart_and_twins_are_named() -> None:
    accents = {f"{unicodedata.normalize(form, 'é')}/{form}{i}.jpg": jpeg() for form in ("NFC", "NFD") for i in range(4)}
    other = {
        f"{name}/{i}.jpg": jpeg() for name in ("Cat", "cat", "a\x07b\nc", "<b>", "nan", "0", "猫") for i in range(3)
    }
    with pytest.warns(UserWarning, match="Duplicate name"):
        buffer = io.BytesIO(packed(accents | other))
        with zipfile.ZipFile(buffer, "a") as archive:
            archive.writestr("Cat/0.jpg", jpeg())
    data = kept(buffer.getvalue())
    assert set(data.classes) == {"é", "Cat", "cat", "a\ufffdb\ufffdc", "<b>", "nan", "0", "猫"}
    assert data.skipped == (("Cat/0.jpg", "another file has this name"),)
    assert sum(map(len, (data.train, data.val, data.test))) == 29
    stored = [path.name for path in own_sets.folder().rglob("*") if path.is_file()]
    assert all(name in ("set.json", "files.json") or len(name) == 40 for name in stored)


def test_a_picture_that_is_damaged_in_the_archive_is_one_more_left_out() -> None:
    files = pets()
    whole = bytearray(packed(files))
    at = whole.find(files["dogs/3.jpg"])
    whole[at + 200] ^= 0xFF
    data = kept(bytes(whole))
    (name, reason), *rest = data.skipped
    assert name == "dogs/3.jpg" and "damaged in the archive" in reason and not rest


@pytest.mark.parametrize("setting", ["THAW_MAX_SET_GB", "THAW_MAX_PICTURES", "THAW_MAX_CLASSES", "THAW_OWN_GB"])
def test_limits_are_settings_and_counted_while_it_unpacks(setting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    key = sent(a_zip=packed(pets(12) | {f"birds/{i}.jpg": jpeg() for i in range(4)}))
    monkeypatch.setenv(setting, {"THAW_MAX_PICTURES": "10", "THAW_MAX_CLASSES": "2"}.get(setting, "0.00001"))
    with pytest.raises(ExplorerError, match=setting if setting != "THAW_OWN_GB" else "take .* GB"):
        if setting == "THAW_OWN_GB":
            monkeypatch.setattr(own_sets, "taken", lambda: 20_000)
            parcels.put(key, "x.jpg", [b"x"])
        arrive(key, "Pets", "folders", "", quiet)
    assert nothing_is_kept()
    monkeypatch.setenv(setting, "nonsense")
    with pytest.raises(ExplorerError, match=f"{setting} is 'nonsense'"):
        limits.classes(), limits.pictures(), limits.set_bytes(), limits.own_bytes()


def test_more_bytes_than_the_header_told_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What streams is counted, whatever was declared."""
    monkeypatch.setattr(limits, "MOST_RATIO", 2)
    monkeypatch.setattr(keeping.Archive, "_check_sizes", lambda self: None)
    files = {f"{kind}/{i}.bmp": b"BM" + b"\0" * 2_000_000 for kind in "ab" for i in range(3)}
    with pytest.raises(ExplorerError, match="unpacks to more than 2 times its size"):
        kept(packed(files, zipfile.ZIP_DEFLATED))
    assert nothing_is_kept()


def test_a_full_disk_ends_in_words_and_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    key = sent(a_zip=packed(pets()))

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ExplorerError, match="pictures cannot be kept in .*No space left on device.*Free some space"):
        arrive(key, "Pets", "folders", "", quiet)
    assert nothing_is_kept() and parcels.alive(key)


def test_a_stop_in_the_middle_keeps_nothing() -> None:
    key = sent(a_zip=packed(pets(40)))

    def stop(share: float, words: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        arrive(key, "Pets", "folders", "", stop)
    assert nothing_is_kept()
    assert arrive(key, "Pets", "folders", "", quiet).sum.startswith("80 pictures")


# What arrives


def test_an_upload_that_breaks_off_leaves_nothing() -> None:
    key = parcels.open_parcel()
    with pytest.raises(ConnectionError), parcels.receiving(key, "a.zip") as coming:
        coming.write(b"x" * 1000)
        raise ConnectionError
    assert parcels.contents(key) == [] and not list((parcels.folder() / key).iterdir())


@pytest.mark.parametrize(
    ("name", "pieces", "status"),
    [
        ("a.zip", [b"x" * 600] * 4, 413),
        ("", [b"x"], 400),
        ("x" * 2000, [b"x"], 400),
        ("many", [b"x"], 413),
        ("gone", [b"x"], 404),
    ],
)
def test_too_much_is_refused_at_the_first_byte_too_many(
    name: str, pieces: list[bytes], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THAW_MAX_UPLOAD_GB", "0.000002")
    monkeypatch.setenv("THAW_MAX_PICTURES", "10")
    key = parcels.open_parcel()
    for i in range(11 if name == "many" else 1):
        parcels.put(key, f"{i}.jpg", [b"x"])
    with pytest.raises(parcels.Refused) as caught:
        parcels.put("0" * 32 if name == "gone" else key, name, pieces)
    assert caught.value.status == status
    assert not list((parcels.folder() / key).glob("*.part"))


def test_a_full_disk_refuses_an_upload(monkeypatch: pytest.MonkeyPatch) -> None:
    key = parcels.open_parcel()
    monkeypatch.setattr(limits, "SPARE", 1e18)
    with pytest.raises(parcels.Refused, match="nearly full") as caught:
        parcels.put(key, "a.zip", [b"x"])
    assert caught.value.status == 507


def test_what_nobody_touched_for_hours_is_thrown_away() -> None:
    old, new = parcels.open_parcel(), parcels.open_parcel()
    os.utime(parcels.folder() / old, (1, 1))
    parcels.sweep()
    assert not parcels.alive(old) and parcels.alive(new)
    assert not parcels.alive("../../etc") and parcels.contents(new) == []


@pytest.mark.parametrize(
    ("name", "kept", "fault"),
    [("a/b.jpg", "a/b.jpg", ""), ("a\\b.jpg", "a/b.jpg", ""), ("./a//b.jpg", "a/b.jpg", ""), ("..", "(up)", "leads out"),
     ("a/../../b", "a/(up)/(up)/b", "leads out"), ("", "(no name)", "no name"), ("a\x00b", "a\ufffdb", ""),
     ("\u202ea.jpg", "\u202ea.jpg", "")],
)  # fmt: skip
def test_names_from_outside(name: str, kept: str, fault: str) -> None:
    assert cleaned(name)[0] == kept and fault in cleaned(name)[1]


def test_folders_of_the_server_can_be_switched_off(patterns: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert preview("", str(patterns), "folders", "").classes == ("chequered", "lying", "standing")
    monkeypatch.setenv("THAW_SERVER_FOLDERS", "0")
    seen = preview("", str(patterns), "folders", "")
    assert "switched off" in seen.error and "chequered" not in seen.error and not len(seen.images)
    assert jobs.answers_about(["x"]) == []

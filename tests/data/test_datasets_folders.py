"""A visitor's folder: what is given is respected, what is missing is split off, what is wrong is said in plain words."""

import itertools
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer import recipe
from explorer.data import datasets, folders, formats
from explorer.data.images import Data
from explorer.errors import ExplorerError
from explorer.runs.cautions import contradiction


def fill(folder: Path, count: int, seed: int = 0, suffix: str = "png") -> None:
    """Put so many different pictures into the folder, seen to be different by name and by pixel."""
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        name = f"{folder.parent.name}/{folder.name}/{seed}/{i}"
        rng = np.random.default_rng(list(name.encode()))
        Image.fromarray(rng.integers(0, 255, (12, 16, 3), np.uint8)).save(folder / f"{seed}-{i}.{suffix}")


def load(folder: Path, **choices: object) -> Data:
    """The folder with all its training images."""
    return datasets.load(recipe.make(**{"dataset": "folder", "data_dir": str(folder), "per_class": None, **choices}))


def sizes(data: Data) -> list[int]:
    return [len(images) for images in (data.train, data.val, data.test)]


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Two classes of ten."""
    fill(tmp_path / "cats", 10)
    fill(tmp_path / "dogs", 10, suffix="jpg")
    return tmp_path


def test_a_folder_of_classes_is_split_in_three(pets: Path) -> None:
    data = load(pets)
    assert data.classes == ("cats", "dogs")
    assert sizes(data) == [12, 4, 4]
    for images in (data.train, data.val, data.test):
        assert np.bincount(images.labels).min() == len(images) / 2
        for name, label in zip(images.ids, images.labels, strict=True):
            assert name.startswith(data.classes[label])
    assert sorted(data.train.ids + data.val.ids + data.test.ids) == sorted(
        path.relative_to(pets).as_posix() for path in pets.rglob("*.*")
    )
    assert np.asarray(data.test.read(0)).shape == (12, 16, 3)
    assert data.name == pets.name


def test_splits_depend_on_the_split_seed_alone(pets: Path) -> None:
    a, b = load(pets, seed=0, per_class=2), load(pets, seed=9, per_class=3)
    assert a.test.ids == b.test.ids
    assert a.val.ids == b.val.ids
    assert load(pets, split_seed=1).test.ids != a.test.ids


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (("train",), [12, 4, 4]),
        (("train", "val"), [16, 4, 6]),
        (("train", "test"), [16, 4, 6]),
        (("train", "val", "test"), [20, 6, 6]),
        (("Training", "valid", "TEST"), [20, 6, 6]),
    ],
)
def test_given_splits_are_respected(given: tuple[str, ...], expected: list[int], tmp_path: Path) -> None:
    for split in given:
        for kind in ("a", "b"):
            fill(tmp_path / split / kind, 10 if split.lower().startswith("train") else 3)
    data = load(tmp_path)
    assert sizes(data) == expected
    held_out = {"val"} if given == ("train", "val") else {split for split in given if split.lower() == "test"}
    assert {name.split("/")[0] for name in data.test.ids} == (held_out or {given[0]})
    assert ("serves as test split" in data.note) == (given == ("train", "val"))


def test_an_empty_split_folder_counts_as_missing(pets: Path) -> None:
    (pets / "train").mkdir()
    for kind in ("cats", "dogs"):
        (pets / kind).rename(pets / "train" / kind)
        (pets / "val" / kind).mkdir(parents=True)
    assert sizes(load(pets)) == [12, 4, 4]


def test_unreadable_files_are_named_and_left_out(pets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "_ready", lambda name: False)  # no optional package
    (pets / "cats" / "page.jpg").write_text("<html></html>")
    (pets / "dogs" / "empty.png").write_bytes(b"")
    (pets / "dogs" / "phone.HEIC").write_bytes(b"\0\0\0\x18ftypheic")
    whole = (pets / "dogs" / "0-0.jpg").read_bytes()
    (pets / "dogs" / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    data = load(pets)
    reasons = dict(data.skipped)
    assert set(reasons) == {"cats/page.jpg", "dogs/cut.jpg", "dogs/empty.png", "dogs/phone.HEIC"}
    assert "no picture" in reasons["cats/page.jpg"]
    assert "empty" in reasons["dogs/empty.png"]
    assert "cut short" in reasons["dogs/cut.jpg"]
    assert 'pip install ".[heic]"' in reasons["dogs/phone.HEIC"]
    assert "20 pictures used + 4 left out" in data.note and "= 24 files." in data.note
    assert sum(sizes(data)) == 20


def test_litter_is_passed_over(pets: Path) -> None:
    fill(pets / "__MACOSX", 3)
    fill(pets / ".hidden", 3)
    fill(pets / "cats" / ".thumbnails", 3)
    (pets / "cats" / "._0-0.png").write_bytes(b"Mac")
    (pets / "cats" / "Thumbs.db").write_bytes(b"Windows")
    (pets / "cats" / "labels.csv").write_text("a,b")
    (pets / "README.md").write_text("about")
    data = load(pets)
    assert data.classes == ("cats", "dogs")
    assert sum(sizes(data)) == 20
    assert not data.skipped


def test_the_tutorial_s_placeholder_is_no_ant(pets: Path) -> None:
    Image.new("RGB", (20, 20)).save(pets / "cats" / "imageNotFound.gif")
    assert [name for name, _ in load(pets).skipped] == ["cats/imageNotFound.gif"]


def test_deeper_folders_belong_to_their_class(pets: Path) -> None:
    fill(pets / "cats" / "more" / "still", 5)
    assert sum(sizes(load(pets))) == 25


def test_copies_are_used_once_and_never_in_two_splits(tmp_path: Path) -> None:
    for split, count in (("train", 10), ("test", 4)):
        for kind in ("a", "b"):
            fill(tmp_path / split / kind, count)
    shutil.copy(tmp_path / "test" / "a" / "0-0.png", tmp_path / "train" / "a" / "again.png")
    shutil.copy(tmp_path / "test" / "a" / "0-0.png", tmp_path / "train" / "b" / "mislabelled.png")
    shutil.copy(tmp_path / "train" / "b" / "0-1.png", tmp_path / "train" / "b" / "twice.png")
    data = load(tmp_path)
    assert dict(data.skipped) == {
        "train/a/again.png": "it is a copy of test/a/0-0.png",
        "train/b/mislabelled.png": "it is a copy of test/a/0-0.png, but that one is of the class 'a'",
        "train/b/twice.png": "it is a copy of train/b/0-1.png",
    }
    assert "28 pictures used + 3 left out (3 repeated;" in data.note
    assert "1 picture stands under two classes (for one train/b/mislabelled.png and" in contradiction(
        data.skipped, data.classes
    )
    assert "two classes" not in data.note  # a run says it once, as a caution
    assert sum(sizes(data)) == 28


@pytest.mark.parametrize("name", ["<b>bold</b>", "![x](y)", "кошки", "猫", "a b", "nan", "0", "x" * 200, "é", "..c"])
def test_odd_class_names_survive(name: str, pets: Path) -> None:
    try:
        fill(pets / name.replace("/", "∕"), 10)
    except OSError:
        pytest.skip("this file system does not take the name")
    kind = name.replace("/", "∕")
    data = load(pets)
    assert (kind in data.classes) == (not kind.startswith("."))


def test_two_spellings_of_one_accent_are_one_class(tmp_path: Path) -> None:
    fill(tmp_path / "train" / "caf\u00e9", 5)
    fill(tmp_path / "train" / "tea", 5)
    fill(tmp_path / "test" / "cafe\u0301", 2)
    fill(tmp_path / "test" / "tea", 2)
    assert load(tmp_path).classes == ("caf\u00e9", "tea")


def test_names_that_are_no_text_can_be_stored(pets: Path) -> None:
    try:
        (pets / "cats" / "0-0.png").rename(pets / "cats" / os.fsdecode(b"\xff\xfe.png"))
    except OSError:
        pytest.skip("this file system takes text only")
    data = load(pets)
    for name in data.train.ids + data.val.ids + data.test.ids:
        name.encode("utf-8")
    assert sum(sizes(data)) == 20


def test_the_fingerprint_changes_with_the_pictures(pets: Path) -> None:
    before = load(pets).fingerprint
    assert load(pets, seed=4, split_seed=4, per_class=2).fingerprint == before
    fill(pets / "cats", 1, seed=1)
    added = load(pets).fingerprint
    os.utime(pets / "dogs" / "0-0.jpg", ns=(1, 1))
    assert len({before, added, load(pets).fingerprint}) == 3


def test_classes_of_very_different_size_are_noted(pets: Path) -> None:
    fill(pets / "dogs", 40, seed=1)
    assert "Classes differ in size: 6 to 30" in load(pets).note


def test_a_class_without_test_images_is_noted(tmp_path: Path) -> None:
    for kind in ("a", "b", "c"):
        fill(tmp_path / "train" / kind, 5)
    for kind in ("a", "b"):
        fill(tmp_path / "test" / kind, 2)
    assert "No test images of c." in load(tmp_path).note


def test_more_per_class_than_there_are(pets: Path) -> None:
    fill(pets / "dogs", 4, seed=1)
    data = load(pets, per_class=7)
    assert np.bincount(data.train.labels).tolist() == [6, 7]
    assert "7 training images per class were asked for. The class 'cats' has 6: what there is was used." in data.note
    assert "All classes have fewer ('cats': 6)" in load(pets, per_class=50).note


def refused(folder: Path) -> str:
    with pytest.raises(ExplorerError) as caught:
        load(folder)
    return str(caught.value)


def test_no_folder_a_file_and_an_empty_folder(tmp_path: Path) -> None:
    assert "does not exist" in refused(tmp_path / "nowhere")
    (tmp_path / "a.zip").write_bytes(b"")
    assert "is a file, not a folder" in refused(tmp_path / "a.zip")
    (tmp_path / "empty").mkdir()
    assert "holds no picture" in refused(tmp_path / "empty")
    for message in (refused(tmp_path / "nowhere"), refused(tmp_path / "a.zip"), refused(tmp_path / "empty")):
        assert str(tmp_path) in message
        assert "one sub-folder per class" in message


def test_pictures_without_class_folders(tmp_path: Path) -> None:
    fill(tmp_path, 3)
    assert "3 loose pictures" in refused(tmp_path)


def test_class_folders_without_pictures(tmp_path: Path) -> None:
    for kind in ("a", "b"):
        (tmp_path / kind).mkdir()
        (tmp_path / kind / "film.mp4").write_bytes(b"x")
    assert "holds no picture" in refused(tmp_path)
    assert "2 files were left out: a/film.mp4 (it is no picture (.mp4), which is not read)" in refused(tmp_path)


def test_one_class_only(tmp_path: Path) -> None:
    fill(tmp_path / "cats", 5)
    message = refused(tmp_path)
    assert "one class only ('cats')" in message
    assert "Add a class" in message


def test_one_folder_too_high_or_of_whole_data_sets(tmp_path: Path) -> None:
    for name in ("first", "second"):
        fill(tmp_path / name / "train" / "a", 3)
        fill(tmp_path / name / "train" / "b", 3)
    assert "Give 'first' instead" in refused(tmp_path)
    assert sizes(load(tmp_path / "second")) == [2, 2, 2]


def test_too_few_in_a_class(pets: Path) -> None:
    fill(pets / "birds", 2)
    (pets / "fish").mkdir()
    message = refused(pets)
    assert "'birds' has 2 readable training pictures" in message
    (pets / "fish" / "1.png").write_bytes(b"no picture")
    assert "'birds' has 2 readable training pictures (and 1 more class)" in refused(pets)
    assert "At least 3 are needed" in message


def test_two_are_enough_where_a_test_split_is_given(tmp_path: Path) -> None:
    for kind in ("a", "b"):
        fill(tmp_path / "train" / kind, 2)
        fill(tmp_path / "test" / kind, 1)
    assert sizes(load(tmp_path)) == [2, 2, 2]


def test_a_class_that_is_only_in_the_test_split(tmp_path: Path) -> None:
    for kind in ("ants", "bees"):
        fill(tmp_path / "train" / kind, 3)
    for kind in ("ant", "bees"):
        fill(tmp_path / "test" / kind, 3)
    assert "'ant' has 0 readable training pictures" in refused(tmp_path)


def test_nothing_readable(pets: Path) -> None:
    for path in pets.rglob("*.*"):
        path.write_text("not a picture")
    message = refused(pets)
    assert "'cats' has 0 readable training pictures" in message
    assert "cats/0-0.png (it is no picture" in message


def test_no_test_picture_readable(tmp_path: Path) -> None:
    for kind in ("a", "b"):
        fill(tmp_path / "train" / kind, 3)
    fill(tmp_path / "test" / "a", 1)
    (tmp_path / "test" / "a" / "0-0.png").write_bytes(b"")
    assert "None of the pictures given for the test split can be read" in refused(tmp_path)


def test_a_test_folder_without_training(tmp_path: Path) -> None:
    fill(tmp_path / "test" / "a", 3)
    fill(tmp_path / "val" / "a", 3)
    assert "has test, val but no train" in refused(tmp_path)


def test_too_many(pets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THAW_MAX_CLASSES", "2")
    fill(pets / "birds", 3)
    assert "has 3 classes. Allowed: 2 to 2" in refused(pets)
    monkeypatch.setenv("THAW_MAX_PICTURES", "15")
    assert "more than 15 pictures" in refused(pets)


def test_a_picture_replaced_by_one_of_its_size_and_time_is_seen(patterns: Path, tmp_path: Path) -> None:

    root = tmp_path / "copy"
    shutil.copytree(patterns, root)
    before = folders.load(str(root), 0).fingerprint
    path = root / "lying" / "00.png"
    facts = path.stat()
    path.write_bytes(bytes(reversed(path.read_bytes())))
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert path.stat().st_mtime_ns == facts.st_mtime_ns and path.stat().st_size == facts.st_size
    assert folders.load(str(root), 0).fingerprint != before


def patients(folder: Path, each: dict[str, list[int]], seed: int = 0) -> None:
    """A sub-folder for each patient of a class, with so many pictures."""
    for kind, counts in each.items():
        for i, count in enumerate(counts):
            fill(folder / kind / f"{kind} {i}", count, seed)


def group_splits(data: Data) -> dict[str, set[str]]:
    """Group → the splits it lies in."""
    found: dict[str, set[str]] = {}
    for split in ("train", "val", "test"):
        images = getattr(data, split)
        assert images.groups is not None and len(images.groups) == len(images)
        for group in images.groups.tolist():
            found.setdefault(group, set()).add(split)
    return found


@pytest.mark.parametrize("split_seed", range(4))
def test_pictures_of_one_patient_lie_in_one_split(split_seed: int, tmp_path: Path) -> None:
    patients(tmp_path, {"ill": [3, 1, 4, 1, 5, 9, 2, 6], "well": [2] * 10})
    data = load(tmp_path, split_seed=split_seed)
    found = group_splits(data)
    assert set(found) == {f"ill/ill {i}" for i in range(8)} | {f"well/well {i}" for i in range(10)}
    assert all(len(splits) == 1 for splits in found.values())
    assert all(set(getattr(data, split).labels) == {0, 1} for split in ("train", "val", "test"))
    assert 4 <= len(data.test) <= 20
    assert f"come in {len({g for g, s in found.items() if s == {'test'}})} groups" in data.note


@pytest.mark.parametrize("counts", [[1, 1, 8], [30, 1, 1], [1, 30, 1, 1]])
def test_few_and_unequal_patients_are_dealt_out_whole(counts: list[int], tmp_path: Path) -> None:
    patients(tmp_path, {"ill": counts, "well": counts})
    found = group_splits(load(tmp_path))
    assert all(len(splits) == 1 for splits in found.values())


def test_too_few_patients_are_cut_and_said_to_be(tmp_path: Path) -> None:
    patients(tmp_path, {"ill": [10, 10], "well": [10, 10]})
    data = load(tmp_path)
    assert any(len(splits) > 1 for splits in group_splits(data).values())
    assert "training images too: the test is easier than new groups are" in data.note


def test_a_patient_in_two_given_splits_is_named(tmp_path: Path) -> None:
    patients(tmp_path / "train", {"ill": [6, 6], "well": [6, 6]})
    patients(tmp_path / "test", {"ill": [2], "well": [2]}, seed=1)
    fill(tmp_path / "test" / "ill" / "ill 7", 1)
    data = load(tmp_path)
    assert "The 5 test images come in 3 groups" in data.note
    assert "(ill/ill 0) has training images too: the test is easier than new groups are" in data.note


def test_a_table_names_the_groups(pets: Path) -> None:
    names = sorted(path.relative_to(pets).as_posix() for path in pets.rglob("*.*"))
    rows = [f"{name},owner {i // 2 % 5}" for i, name in enumerate(names)][:-2]
    (pets / "groups.csv").write_text("file,group\n" + "\n".join(rows))
    data = load(pets)
    groups = {
        name: group for s in (data.train, data.val, data.test) for name, group in zip(s.ids, s.groups, strict=True)
    }
    assert groups[names[0]] == groups[names[1]] == groups[names[10]] == "owner 0"
    assert groups[names[-1]] == names[-1]  # not in the table: by itself
    assert all(len(splits) == 1 for splits in group_splits(data).values())
    (pets / "groups.csv").write_text("picture;remark\n")
    with pytest.raises(ExplorerError, match="groups.csv.*cannot be read as a table of groups.*file,group"):
        load(pets)


@pytest.mark.parametrize("views", [("40X", "100X"), ("images",), ("study1",), ()])
def test_views_of_a_patient_are_no_groups_of_their_own(views: tuple[str, ...], tmp_path: Path) -> None:
    for seed, (kind, i, view) in enumerate(itertools.product("ab", range(6), views or ("",))):
        fill(tmp_path / "set" / kind / f"patient {i}" / view, 2, seed)
    data = folders.load(tmp_path / "set", 0)
    parts = [set(split.groups.tolist()) for split in (data.train, data.val, data.test) if split.groups is not None]
    assert set().union(*parts) == {f"{kind}/patient {i}" for kind in "ab" for i in range(6)}
    assert sum(map(len, parts)) == 12


@pytest.mark.parametrize("form", ["patient{g}_{i}", "{i}-Video 0{g} frame", "left_subject-{g}_{i}", "x.case{g}.{i}"])
@pytest.mark.parametrize("told", ["all", "some", "one each"])
def test_names_of_files_may_tell_groups(form: str, told: str, tmp_path: Path) -> None:
    for place, kind in enumerate("ab"):
        fill(tmp_path / kind, 12, seed=place)
        for i, path in enumerate(sorted((tmp_path / kind).iterdir())):
            group = 12 * place + i if told == "one each" else 6 * place + i // 2
            path.rename(path.with_name(form.format(g=group, i=i) + ".png" if told != "some" or i > 3 else f"{i}.png"))
    data = folders.load(tmp_path, 0)
    if told != "all":
        assert data.test.groups is None
        return
    parts = [set(split.groups.tolist()) for split in (data.train, data.val, data.test) if split.groups is not None]
    assert sum(map(len, parts)) == len(set().union(*parts)) == 12


def test_one_sub_folder_for_all_pictures_of_a_class_is_no_group(tmp_path: Path) -> None:
    patients(tmp_path, {"ill": [9], "well": [9]})
    data = load(tmp_path)
    assert data.test.groups is None and "groups" not in data.note

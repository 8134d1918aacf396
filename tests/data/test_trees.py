"""Folders as they really come: what each becomes, and that every file that lies there is accounted for."""

import itertools
import os
import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer.data import folders
from explorer.data.listing import listing
from explorer.data.offers import offered
from explorer.data.roles import hidden_role, natural, role
from explorer.errors import ExplorerError

Tree = dict[str, int | bytes | str]

_number = itertools.count()


def picture(path: Path) -> None:
    """A small picture that no other file equals, whatever the path's ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(next(_number))
    with path.open("wb") as file:
        Image.fromarray(rng.integers(0, 255, (12, 16, 3), np.uint8)).save(file, "PNG")


def grow(root: Path, tree: Tree) -> Path:
    """A tree from `folder/*.png` → how many pictures, or a file's name → its bytes, or → what it is a link to."""
    root.mkdir(exist_ok=True)
    for name, what in tree.items():
        path = root / name
        if isinstance(what, bytes):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(what)
        elif isinstance(what, str):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(root / what, target_is_directory=True)
        else:
            for i in range(what):
                picture(root / name.replace("*", str(i)))
    return root


def counts(root: Path, labels: str = "folders") -> dict[str, dict[str, int]]:
    """Split → class → pictures; and every file below the folder is used, left out with a reason, or litter."""
    found = listing(root, labels)
    lying = sum(len(names) for _, _, names in os.walk(root))
    links = sum(Path(above, name).is_symlink() for above, inner, _ in os.walk(root) for name in inner)
    assert lying <= found.total <= lying + 60 * links
    if not links:
        ids = [file.id for file in found.files] + [name for name, _ in (*found.skipped, *found.litter)]
        assert sorted(ids) == sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if not p.is_dir())
    assert all(reason for _, reason in (*found.skipped, *found.litter))
    result: dict[str, dict[str, int]] = {}
    for file in found.files:
        of = result.setdefault(file.split, {})
        of[file.kind] = of.get(file.kind, 0) + 1
    return result


def split(train: str, test: str, kinds: str = "ab", val: str = "") -> Tree:
    """Two or three folders of class folders."""
    return {f"{part}/{kind}/*.png": n for part, n in ((train, 4), (test, 2), (val, 1)) if part for kind in kinds}


AS_SPLITS: dict[str, tuple[Tree, str]] = {
    # tree, name of the classes
    "kaggle_tumours": (split("Training", "Testing"), "ab"),
    "intel_scenes": (split("seg_train/seg_train", "seg_test/seg_test") | {"seg_pred/seg_pred/*.jpg": 3}, "ab"),
    "plain": (split("Train", "TEST"), "ab"),
    "wrapped": (split("data/cats/train", "data/cats/test"), "ab"),
    "words": (split("Training Set", "Test Set", val="Validation Set"), "ab"),
    "camel": (split("TrainImages", "TestImages"), "ab"),
    "years": (split("train2017", "test2017", val="val2017"), "ab"),
    "dashes": (split("images-train", "images-test"), "ab"),
    "glued": (split("mytrainfolder", "mytestfolder"), "ab"),
    "case": (split("train", "test", "ab") | {"train/Cc/*.png": 3, "test/cc/*.png": 2}, "abC"),
    "spaces": ({"train/Fire Truck/*.png": 4, "train/b/*.png": 4, "test/fire_truck/*.png": 2, "test/b/*.png": 2}, "Fb"),
    "upside_down": ({f"{k}/{part}/*.png": n for k in "ab" for part, n in (("train", 4), ("test", 2))}, "ab"),
    "two_trains": (split("train_1", "test") | {"train_2/a/*.png": 2, "train_2/b/*.png": 2}, "ab"),
    "short": (split("trn", "tst"), "ab"),
    "two_letters": (split("tr", "te"), "ab"),
    "portuguese": (split("Treino", "Teste"), "ab"),
    "development": (split("development", "final test"), "ab"),
}


@pytest.mark.parametrize("name", AS_SPLITS)
def test_split_folders_are_found_by_what_they_hold(name: str, tmp_path: Path) -> None:
    tree, kinds = AS_SPLITS[name]
    found = counts(grow(tmp_path / "set", tree))
    assert {"train", "test"} <= set(found)
    assert sorted(kind[0] for kind in found["train"]) == sorted(kinds)
    assert set(found["test"]) <= set(found["train"])
    assert sum(found["test"].values()) == sum(n for k, n in tree.items() if "est" in k.lower() or k[:2] in ("te", "ts"))


@pytest.mark.parametrize(
    ("train", "test"),
    [("apprentissage", "essai"), ("addestramento", "collaudo"), ("训练集", "测试集"), ("学習", "テスト"), ("обучение", "тест"),
     ("treningowy", "testowy"), ("eğitim", "test"), ("Trainingsdaten", "Prüfdaten"), ("trian", "test"), ("Tranning", "Tesing"),
     ("Training Data (final)", "TEST data (2)"), ("train_80", "test-20")],
)  # fmt: skip
def test_split_folders_in_other_languages_and_with_slips(train: str, test: str, tmp_path: Path) -> None:
    found = counts(grow(tmp_path / "set", split(train, test)))
    assert found == {"train": {"a": 4, "b": 4}, "test": {"a": 2, "b": 2}}


AS_CLASSES: dict[str, list[str]] = {
    "trains": ["car", "train"],
    "tubes": ["control", "test"],
    "forms": ["valid", "invalid"],
    "three": ["bus", "train", "tram"],
    "exams": ["homework", "test", "quiz"],
    "models": ["dev", "prod"],
    "numbers": [str(i) for i in range(12)],
    "trainers": ["boots", "trainers"],
}


@pytest.mark.parametrize("name", AS_CLASSES)
@pytest.mark.parametrize("deep", [False, True])
def test_a_folder_of_pictures_among_others_is_a_class(name: str, deep: bool, tmp_path: Path) -> None:
    """Whatever it is called; also where the pictures of one lie in folders of their own."""
    kinds = AS_CLASSES[name]
    tree: Tree = {f"{kind}/{f'{kind} {i}/' if deep else ''}*.png": 3 for kind in kinds for i in (0, 1)[: 1 + deep]}
    found = counts(grow(tmp_path / "set", tree))
    assert found == {"train": dict.fromkeys(kinds, 6 if deep else 3)}
    assert list(listing(tmp_path / "set").classes) == sorted(kinds, key=natural)


def test_splits_inside_of_classes_are_no_groups_and_what_lies_beside_them_is_left_out(tmp_path: Path) -> None:
    tree: Tree = {f"{kind}/{part}/*.png": 3 for kind in "ab" for part in ("train", "test")} | {"a/misc/*.png": 2}
    root = grow(tmp_path / "set", tree)
    assert counts(root) == {part: {"a": 3, "b": 3} for part in ("train", "test")}
    assert dict(listing(root).skipped)["a/misc/0.png"] == "it lies in a class folder, in none of its splits"
    assert folders.load(root, 0).test.groups is None


@pytest.mark.parametrize(
    ("kinds", "words"),
    [(["Cat", "cat"], "nearly the same"), (["t-shirt", "T shirt", "shoe"], "nearly the same"), (["a_b", "ab"], "are they one"),
     (["train", "val", "unknown"], "named like splits"), (["dev", "test", "ops"], "named like splits"),
     (["Training", "Testing", "x"], "named like splits"), (["train", "bus"], ""), (["ant", "ants"], ""),
     (["patient00001", "patient00002"], "named like patients"), (["Video 1", "Video 2"], "named like patients"),
     (["subject-1", "subject-2"], "named like patients"), (["case", "site 1"], "")],
)  # fmt: skip
def test_classes_that_may_not_be_meant_are_named(kinds: list[str], words: str, tmp_path: Path) -> None:
    notes = " ".join(listing(grow(tmp_path / "set", {f"{kind}/*.png": 3 for kind in kinds})).notes)
    assert words in notes and (words or not notes)


def test_one_class_with_folders_among_flat_ones_is_no_split(tmp_path: Path) -> None:
    tree: Tree = {"car/*.png": 3, "plane/*.png": 3, "train/steam/*.png": 3, "train/diesel/*.png": 3}
    assert counts(grow(tmp_path / "set", tree)) == {"train": {"car": 3, "plane": 3, "train": 6}}


LEFT_OUT: dict[str, tuple[Tree, str, str]] = {
    # tree, a file of it, what is said of it
    "loose": ({"a/*.png": 3, "b/*.png": 3, "x.png": 1}, "x.png", "beside the class folders"),
    "loose_in_a_split": (split("train", "test") | {"train/x.png": 1}, "train/x.png", "in no class folder"),
    "unlabelled": (split("train", "val") | {"test/unknown/*.png": 2}, "test/unknown/0.png", "is no class"),
    "other_number": (
        split("train", "test") | {"train/n1440764/*.png": 3, "test/n1443537/*.png": 2},
        "test/n1443537/0.png",
        "is no class",
    ),
    "traffic_signs": (
        {
            "Train/0/*.png": 3,
            "Train/10/*.png": 3,
            "Train/2/*.png": 3,
            "Test/*.png": 4,
            "Meta/*.png": 3,
            "Train.csv": b"a,b",
        },
        "Meta/0.png",
        "no class folders",
    ),
    "copy_within": (
        split("train", "test") | {"set/train/a/*.png": 2, "set/test/a/*.png": 2},
        "set/test/a/0.png",
        "no class folders",
    ),
    "predict": (split("train", "test") | {"predict/*.png": 2}, "predict/0.png", "no class folders"),
    "beside_a_wrapper": (split("set/train", "set/test") | {"cover.png": 1}, "cover.png", "outside of set"),
    "film": ({"a/*.png": 3, "b/*.png": 3, "a/x.mp4": b"\0\0\0\x18ftypmp42"}, "a/x.mp4", "no picture (.mp4)"),
    "archive": ({"a/*.png": 3, "b/*.png": 3, "a/x.zip": b"PK\3\4"}, "a/x.zip", "a ZIP archive"),
    "flowers_twice": (
        {f"flowers/{above}{k}/*.png": 3 for above in ("", "flowers/") for k in ("daisy", "rose", "tulip")},
        "flowers/flowers/rose/0.png",
        "named like the classes beside it",
    ),
    "plants_and_all": (
        {"all/a/*.png": 3, "all/b/*.png": 3, "a/*.png": 3, "b/*.png": 3},
        "all/b/1.png",
        "named like the classes",
    ),
    "wrapped_again": (
        {"a/*.png": 3, "b/*.png": 3, "old copy/a/*.png": 3, "old copy/b/*.png": 3, "old copy/c/*.png": 1},
        "old copy/c/0.png",
        "named like the classes",
    ),
    "ultrasound": (
        {"a/*.png": 3, "b/x (*).png": 3, "b/x (1)_mask.png": 1, "b/x (1)_mask_1.png": 1},
        "b/x (1)_mask_1.png",
        "a mask",
    ),
    "radiography": ({f"{k}/{part}/*.png": 3 for k in "ab" for part in ("images", "masks")}, "b/masks/1.png", "a mask"),
    "leaves": ({"a/*.jpg": 3, "b/*.jpg": 3, "a/1-seg.png": 1}, "a/1-seg.png", "a mask, by its name, of 1.jpg"),
    "dangling": ({"a/*.png": 3, "b/*.png": 3, "a/x.png": "nowhere"}, "a/x.png", "cannot be reached"),
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_is_left_out_is_named_with_its_reason(name: str, tmp_path: Path) -> None:
    tree, file, word = LEFT_OUT[name]
    root = grow(tmp_path / "set", tree)
    assert sum(counts(root)["train"].values()) >= 6
    assert word in dict(listing(root).skipped)[file]


@pytest.mark.parametrize(
    "name", ["photo", "photo.jpe", "photo.JPG.1", "photo.png~", "photo.part", "photo.dat", "pic.2019"]
)
def test_the_first_bytes_say_what_a_name_does_not(name: str, tmp_path: Path) -> None:
    root = grow(tmp_path / "set", {"a/*.png": 3, "b/*.png": 3})
    for i in range(4):
        picture(root / "b" / f"{i}{name}")
    assert counts(root) == {"train": {"a": 3, "b": 7}}
    assert len(folders.load(root, 0).test) == 2


def test_links_are_followed_once_and_rings_end(tmp_path: Path) -> None:
    root = grow(tmp_path / "set", {"a/*.png": 3, "b/*.png": 3})
    grow(tmp_path / "elsewhere", {"more/*.png": 5})
    (root / "b" / "link").symlink_to(tmp_path / "elsewhere" / "more")
    (root / "b" / "again").symlink_to(tmp_path / "elsewhere" / "more")
    (root / "b" / "up").symlink_to(root)
    (tmp_path / "elsewhere" / "more" / "ring").symlink_to(tmp_path / "elsewhere")
    assert counts(root) == {"train": {"a": 3, "b": 8}}
    assert sum("read already" in reason for _, reason in listing(root).skipped) == 3


def test_a_link_takes_no_folder_from_where_it_lies(tmp_path: Path) -> None:
    root = grow(tmp_path / "set", {"a/*.png": 3, "b/*.png": 4, "c/*.png": 5})
    (root / "a" / "others").symlink_to(
        root / "b"
    )  # entered in the order of names, the pictures of b would be of class a
    (root / "a" / "all").symlink_to(root)
    assert counts(root) == {"train": {"a": 3, "b": 4, "c": 5}}
    again = "it is a link to a folder that is read already"
    assert listing(root).skipped == (("a/all", again), ("a/others", again))


def test_pipes_and_deep_folders_end_nothing(tmp_path: Path) -> None:
    root = grow(tmp_path / "set", {"a/*.png": 3, "b/*.png": 3})
    os.mkfifo(root / "a" / "pipe.png")
    picture(root / "b" / "/".join("d" * 60) / "x.png")
    found = dict(listing(root).skipped)
    assert "pipe" in found["a/pipe.png"] and any("folders deep" in reason for reason in found.values())


SKIN = b"lesion_id,image_id,dx,age\n" + b"".join(
    b"L%d,%s%d,%s,40\n" % (i, k, i, (b"nv", b"mel")[i % 2]) for k in (b"a", b"b") for i in range(4)
)
UNLABELLED: dict[str, tuple[Tree, tuple[str, ...], str]] = {
    # tree, what is offered, what is said
    "cats_and_dogs": ({"train/cat.*.jpg": 6, "train/dog.*.jpg": 6, "test1/*.jpg": 4}, ("prefix",), "look like splits"),
    "yolo": ({"train/images/*.jpg": 4, "val/images/*.jpg": 4, "train/labels/0.txt": b"0 0 0 1 1"}, (), "YOLO"),
    "yolo_other": ({"images/train/*.jpg": 4, "images/val/*.jpg": 4, "labels/train/0.txt": b"0 0 0"}, (), "YOLO"),
    "flat": ({"*.jpg": 6}, (), "6 loose pictures"),
    "flat_numbered": ({"*_daisy_3.jpg": 5, "*_rose_3.jpg": 5}, ("prefix",), "names say daisy, rose"),
    "numbers": ({"*_12.jpg": 5, "*_3.jpg": 5}, (), "10 loose pictures"),
    "text": ({"images/*.png": 6, "labels.txt": b"0.png a\n1.png b\n2.png a\n3.png b\n4.png a\n5.png b\n"},
             ("table",), "labels.txt labels 6"),
    "flat_prefix": ({"daisy_*.jpg": 5, "rose_*.jpg": 5}, ("prefix",), "names begin with daisy, rose"),
    "table": ({"images/*.png": 6, "labels.csv": b"file,label\n0.png,a\n1.png,b\n2.png,a\n3.png,b\n4.png,a\n5.png,b\n"},
              ("table",), "labels.csv labels 6"),
    "skin_in_parts": ({"HAM_images_part_1/a*.jpg": 4, "HAM_images_part_2/b*.jpg": 4, "HAM_metadata.csv": SKIN},
                      ("table", "prefix"), "parts of one heap"),
    "batches": ({"batch1/*.jpg": 4, "batch2/*.jpg": 4}, (), "parts of one heap"),
    "x_rays": ({"images_001/images/*.png": 4, "images_002/images/*.png": 4}, (), "parts of one heap"),
    "voc": ({"JPEGImages/*.jpg": 4, "Annotations/0.xml": b"<annotation>"}, (), "Pascal VOC"),
    "coco": ({"images/train2017/*.jpg": 4, "images/val2017/*.jpg": 2, "instances.json": b'{"images": []}'}, (), "COCO"),
    "excel": ({"images/*.jpg": 4, "labels.xlsx": b"PK"}, (), "labels.xlsx may hold the labels"),
    "json": ({"images/*.jpg": 4, "labels.json": b'{"0.jpg": "a"}'}, (), "save it as CSV"),
    "mat": ({"jpg/image_*.jpg": 4, "imagelabels.mat": b"MATLAB"}, (), "imagelabels.mat may hold the labels"),
    "last_words": ({"patient*_normal.jpg": 5, "patient*_tumour.jpg": 5}, ("prefix",), "names say normal, tumour"),
    "cameras": ({"IMG_*.jpg": 5, "DSC*.jpg": 5, "PXL_*.jpg": 2}, (), "12 loose pictures"),
    "one": ({"cats/*.png": 5}, (), "one class only ('cats')"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNLABELLED)
def test_a_tree_without_classes_says_what_it_is_and_what_to_do(name: str, tmp_path: Path) -> None:
    tree, offers, words = UNLABELLED[name]
    with pytest.raises(ExplorerError) as caught:
        listing(grow(tmp_path / "set", tree))
    assert words in str(caught.value) and "one sub-folder per class" in str(caught.value)
    assert offered(str(caught.value)) == offers


@pytest.mark.parametrize(
    "name", ["mnist.npz", "data/train-00000-of-00001.parquet", "train_32x32.mat", "a.zip", "test.tfrecord"]
)
def test_pictures_packed_in_one_file_must_be_unpacked(name: str, tmp_path: Path) -> None:
    with pytest.raises(
        ExplorerError, match="holds no picture. 1 file was left out.*must be unpacked, or written as picture files"
    ):
        listing(grow(tmp_path / "set", {name: b"x"}))


@pytest.mark.parametrize(("ours", "theirs"), [("ants", "ant"), ("fire truck", "fire trucks"), ("Bees", "bee")])
def test_a_slip_between_train_and_test_is_named(ours: str, theirs: str, tmp_path: Path) -> None:
    tree: Tree = {f"train/{ours}/*.png": 3, "train/x/*.png": 3, f"test/{theirs}/*.png": 2, "test/x/*.png": 2}
    with pytest.raises(
        ExplorerError, match=f"{theirs!r} has 0 readable training pictures: test has it.*Did you mean {ours!r}"
    ):
        listing(grow(tmp_path / "set", tree))


@pytest.mark.parametrize(
    ("prefixes", "split_of"),
    [
        (("cat.{}.jpg", "dog.{}.jpg"), "train/"),
        (("great_pyrenees_{}.jpg", "pug_{}.jpg"), ""),
        (("a ({}).png", "b ({}).png"), ""),
        (("{}_cat_7.png", "{}_dog_7.png"), ""),
        (("00{}-cat.png", "20190512 {}. dog.png"), "train/"),
    ],
)
def test_labels_from_prefixes(prefixes: tuple[str, ...], split_of: str, tmp_path: Path) -> None:
    root = tmp_path / "set"
    for i, prefix in itertools.product(range(5), prefixes):
        picture(root / split_of / prefix.format(i))
    for i in range(3 if split_of else 0):
        picture(root / "test1" / f"{i}.jpg")
    kinds = {"cat", "dog"} if "{" in prefixes[0][:3] else {prefix.split("{")[0].strip(" ._(") for prefix in prefixes}
    assert counts(root, "prefix") == {"train": dict.fromkeys(sorted(kinds), 5)}
    assert len(folders.load(root, 0, "prefix").classes) == 2


TABLES = {
    "plain": "file,label\n{}",
    "folder": "path,class\n{}",
    "semicolon": "filename;category\n{}",
    "stems": "image_id,breed\n{}",
    "bom": "\ufefffile,label\n{}",
    "quoted": '"file","label"\n{}',
    "more_columns": "id,file,label,split,patient\n{}",
}


@pytest.mark.parametrize("kind", TABLES)
def test_labels_from_a_table(kind: str, tmp_path: Path) -> None:
    root = grow(tmp_path / "set", {"images/*.png": 12})
    lines = []
    for i in range(11):
        name = {"folder": f"images/{i}.png", "stems": f"{i}"}.get(kind, f"{i}.png")
        label = ("sick", "well")[i % 2]
        line = {
            "semicolon": f"{name};{label}",
            "quoted": f'"{name}","{label}"',
            "more_columns": f"{i},{name},{label},{'test' if i > 6 else 'train'},p{i // 2}",
        }
        lines.append(line.get(kind, f"{name},{label}"))
    lines.append(
        {"semicolon": "gone.png;sick"}.get(kind, "gone.png,sick" if kind != "more_columns" else "99,gone.png,sick,,")
    )
    (root / "labels.csv").write_text(TABLES[kind].format("\n".join(lines)), encoding="utf-8")
    found = counts(root, "table")
    assert sum(sum(split.values()) for split in found.values()) == 11
    assert set(found["train"]) == {"sick", "well"}
    assert ("test" in found) == (kind == "more_columns")
    listed = listing(root, "table")
    assert listed.skipped == (("images/11.png", "labels.csv does not label it"),)
    assert "1 row names no picture that is here (labels.csv)." in listed.notes
    assert (len(set(listed.groups.values())) == 6) == (kind == "more_columns")


def test_a_table_with_two_labels_for_one_picture(tmp_path: Path) -> None:
    root = grow(tmp_path / "set", {"*.png": 7})
    rows = [f"{i}.png,{'ab'[i % 2]}" for i in range(7)] + ["0.png,b"]
    (root / "labels.csv").write_text("file,label\n" + "\n".join(rows))
    assert dict(listing(root, "table").skipped) == {"0.png": "labels.csv gives it two labels"}


@pytest.mark.parametrize(
    ("name", "said"),
    [("seg_train", "train"), ("Training Set", "train"), ("trainval", "train"), ("val2017", "val"), ("TestImages", "test"),
     ("valid", "val"), ("invalid", ""), ("trainer", ""), ("test_train", ""), ("contest", ""), ("holdout", "test"), ("a", "")],
)  # fmt: skip
def test_what_a_name_says(name: str, said: str) -> None:
    assert role(name) == said
    assert hidden_role("mydatatrainpart") == "train" and hidden_role("Tesing") == "test"
    assert hidden_role("interval") == hidden_role("invalid") == hidden_role("text") == ""


def test_every_shape_of_a_random_tree_adds_up(tmp_path: Path) -> None:
    """Whatever names and shapes come together: each file is accounted for, or the tree is refused in words."""
    names = ["train", "test", "val", "a", "b", "images", "labels", ".git", "__MACOSX", "Cat", "cat"]
    files = ["0.png", "1.jpg", "x", "y.txt", "labels.csv", "Thumbs.db", "z.mp4", ".DS_Store"]
    rng = random.Random(0)
    refused = 0
    for i in range(60):
        root = tmp_path / str(i)
        root.mkdir()
        for _ in range(rng.randint(1, 14)):
            path = root.joinpath(*rng.choices(names, k=rng.randint(0, 3)), rng.choice(files))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(rng.choice([b"", b"\xff\xd8\xff", b"file,label\n0.png,a\n1.jpg,b\n"]))
        for labels in ("folders", "table", "prefix"):
            try:
                counts(root, labels)
            except ExplorerError:
                refused += 1
    assert refused < 180

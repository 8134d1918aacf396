"""Tables as people write them: labels and groups of pictures, in every form that came up, and some more of each kind."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer.data import folders, groups, tables
from explorer.data.listing import listing
from explorer.data.offers import offered
from explorer.errors import ExplorerError


def pictures(root: Path, names: list[str]) -> None:
    """Small pictures, no two alike."""
    for i, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.random.default_rng(i).integers(0, 255, (10, 10, 3), np.uint8)).save(root / name, "PNG")


FORMS: dict[str, tuple[str, str, str]] = {
    # first line, a line of picture i of class k, encoding
    "comma": ("file,label", "{i}.png,{k}", "utf-8"),
    "semicolon": ("file;label", "{i}.png;{k}", "utf-8-sig"),
    "bar": ("file|label", "{i}.png|{k}", "utf-8"),
    "tab": ("file\tlabel", "{i}.png\t{k}", "utf-16"),
    "excel": ("sep=;\nfile;label", "{i}.png;{k}", "utf-8"),
    "unicode": ("file,label", "{i}.png,{k}", "utf-16"),
    "western": ("file,label", "{i}.png,{k}", "cp1252"),
    "quotes": ('"file","label"', '"{i}.png","{k}"', "utf-8"),
    "single quotes": ("'file','label'", "'{i}.png','{k}'", "utf-8"),
    "titles": ("File Name,Class-Name", "{i}.png,{k}", "utf-8"),
    "own titles": ("photograph,what it is", "{i}.png,{k}", "utf-8"),
    "untitled": ("0.png,käfer", "{i}.png,{k}", "utf-8"),
    "index": (",image,target", "{i},{i}.png,{k}", "utf-8"),
    "stems": ("id_code,diagnosis", "{i},{k}", "utf-8"),
    "other ending": ("file,label", "{i}.jpg,{k}", "utf-8"),
    "capitals": ("file,label", "{i}.PNG,{k}", "utf-8"),
    "windows": ("path,class", r"C:\Users\me\set\images\{i}.png,{k}", "utf-8"),
    "relative": ("path,class", r".\images\{i}.png,{k}", "utf-8"),
    "above": ("path,class", "../input/set/images/{i}.png,{k}", "utf-8"),
    "address": ("url,class", "https://example.org/a/{i}.png,{k}", "utf-8"),
    "more columns": ("width,height,ClassId,Path", "10,10,{k},images/{i}.png", "utf-8"),
}


@pytest.mark.parametrize("name", FORMS)
def test_labels_of_every_form_of_table(name: str, tmp_path: Path) -> None:
    head, line, encoding = FORMS[name]
    pictures(tmp_path, [f"images/{i}.png" for i in range(8)])
    lines = [line.format(i=i, k=("käfer", "biene")[i % 2]) for i in range(8)]
    (tmp_path / "labels.csv").write_bytes("\r\n".join([head, *lines, ""]).encode(encoding))
    found = listing(tmp_path, "table")
    assert found.classes == ("biene", "käfer") and len(found.files) == 8 and not found.skipped
    assert found.notes == ("Labels come from labels.csv.",)


TEXTS: dict[str, tuple[str, str]] = {
    # the first lines, a line of picture i of class k
    "blanks": ("", "images/{i}.png {k}"),
    "titled": ("name label\n", "{i}.png   {k}"),
    "tabs": ("file\tlabel\n", "{i}.png\t{k}"),
    "commas": ("", "images/{i}.png,{k}"),
    "remarks": ("# what it is\n# by whom\n", "./images/{i}.png {k}"),
    "index": ("", "{i} images/{i}.png {k}"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_may_be_a_table(name: str, tmp_path: Path) -> None:
    head, line = TEXTS[name]
    pictures(tmp_path, [f"images/{i}.png" for i in range(8)])
    lines = [line.format(i=i, k=("beetle", "bee")[i % 2]) for i in range(8)]
    (tmp_path / "annotations.txt").write_text(head + "\n".join(lines))
    (tmp_path / "readme.txt").write_text("Pictures 0 to 7\nof insects\nfound in 2019")
    (tmp_path / "0.txt").write_text("0 1\n1 0\n2 1\n3 0")  # says something of one picture
    found = listing(tmp_path, "table")
    assert found.classes == ("bee", "beetle") and len(found.files) == 8 and not found.skipped
    assert found.notes == ("Labels come from annotations.txt.",)


def test_names_with_blanks_in_a_text(tmp_path: Path) -> None:
    pictures(tmp_path, [f"red car {i}.png" if i % 2 else f"bus{i}.png" for i in range(8)])
    lines = [f"red car {i}.png car" if i % 2 else f"bus{i}.png bus" for i in range(8)]
    (tmp_path / "list.txt").write_text("\n".join(lines))
    assert [file.kind for file in listing(tmp_path, "table").files] == ["bus"] * 4 + ["car"] * 4


ONE_HOT: dict[str, tuple[str, str, str]] = {
    # first line, a line of a bee and of a beetle
    "skin": ("image,bee,beetle,moth", "{i},1.0,0.0,0.0", "{i},0.0,1.0,0.0"),
    "words": ("file;bee;beetle", "{i}.png;True;False", "{i}.png;False;True"),
    "blanks": ("bee,beetle,path", "1,,images/{i}.png", ",1,images/{i}.png"),
    "more": ("id,age,bee,beetle,site", "{i},3.5,1,0,x", "{i},4.5,0,1,y"),
}


@pytest.mark.parametrize("name", ONE_HOT)
def test_a_column_for_each_class(name: str, tmp_path: Path) -> None:
    head, bee, beetle = ONE_HOT[name]
    pictures(tmp_path, [f"images/{i}.png" for i in range(20)])
    lines = [(bee, beetle)[i >= 10].format(i=i) for i in range(20)]
    (tmp_path / "truth.csv").write_text("\n".join([head, *lines]))
    assert [listing(tmp_path, "table").files[i].kind for i in (0, -1)] == ["bee", "bee"]  # in text order: 0.png, 9.png
    assert sum(file.kind == "beetle" for file in listing(tmp_path, "table").files) == 10
    both = bee.format(i=19).replace("0.0", "1.0").replace("False", "True").replace("1,,", "1,1,").replace("1,0", "1,1")
    (tmp_path / "truth.csv").write_text("\n".join([head, *lines[:19], both]))
    assert listing(tmp_path, "table").skipped == (("images/19.png", "truth.csv gives it two labels"),)


def test_columns_of_which_several_hold_are_no_classes(tmp_path: Path) -> None:
    pictures(tmp_path, [f"{i}.png" for i in range(9)])
    rows = [f"{i}.png,{i % 2},{i % 3 > 0:d},1" for i in range(9)]
    (tmp_path / "findings.csv").write_text("\n".join(["file,mass,nodule,fluid", *rows]))
    with pytest.raises(
        ExplorerError, match="no table that labels its pictures.*mass, nodule, fluid.*7 of its 9 rows none"
    ):
        listing(tmp_path, "table")


USELESS = {
    "other pictures": (
        "file,label",
        "cat{i}.png,a",
        "names none of these pictures .it begins: file, label; cat0.png, a",
    ),
    "a measure": ("file,age", "{i}.png,{i}.5", "has no column of classes .it begins: file, age"),
    "no rows": ("file,label", "", "has no rows"),
    "several at once": ("file,cat,dog", "{i}.png,1,1", "has columns of 0 and 1 .cat, dog., but in 9 of its 9 rows"),
}


@pytest.mark.parametrize("name", USELESS)
def test_a_table_that_labels_nothing_is_named_with_the_reason(name: str, tmp_path: Path) -> None:
    """By whoever asks for the table, and by whoever brings loose pictures and a table that seems to be overlooked."""
    pictures(tmp_path, [f"{i}.png" for i in range(9)])
    head, line, reason = USELESS[name]
    (tmp_path / "truth.csv").write_text("\n".join([head, *(line.format(i=i) for i in range(9))]))
    for labels in ("table", "folders"):
        with pytest.raises(ExplorerError, match=f"truth.csv {reason}"):
            listing(tmp_path, labels)


def test_a_table_in_a_form_that_is_not_read_is_named(tmp_path: Path) -> None:
    pictures(tmp_path, [f"{i}.png" for i in range(9)])
    (tmp_path / "truth.xlsx").write_bytes(b"PK")
    for labels in ("table", "folders"):
        with pytest.raises(ExplorerError, match="truth.xlsx may hold the labels.*save it as CSV"):
            listing(tmp_path, labels)


def test_what_a_column_of_splits_leaves_out_is_not_learned_from(tmp_path: Path) -> None:
    pictures(tmp_path, [f"{i}.png" for i in range(12)])
    said = ["train"] * 6 + ["Public Test"] * 3 + ["unused", "extra", ""]
    rows = [f"{i}.png,{'ab'[i % 2]},{part}" for i, part in enumerate(said)]
    (tmp_path / "truth.csv").write_text("\n".join(["file,label,split", *rows]))
    found = listing(tmp_path, "table")
    assert {int(Path(file.id).stem) for file in found.files if file.split == "train"} == {0, 1, 2, 3, 4, 5, 11}
    assert {int(Path(file.id).stem) for file in found.files if file.split == "test"} == {6, 7, 8}
    assert dict(found.skipped) == {
        "9.png": "truth.csv puts it in 'unused', which is none of train, val and test",
        "10.png": "truth.csv puts it in 'extra', which is none of train, val and test",
    }


def test_a_column_of_folds_is_named_and_not_followed(tmp_path: Path) -> None:
    pictures(tmp_path, [f"{i}.png" for i in range(12)])
    rows = [f"{i}.png,{'ab'[i % 2]},{i % 6}" for i in range(12)]
    (tmp_path / "truth.csv").write_text("\n".join(["file,label,fold", *rows]))
    found = listing(tmp_path, "table")
    assert {file.split for file in found.files} == {"train"}
    assert (
        "Its column of splits says 0, 1, 2, 3, 4 …: none is train, val or test, so it was not followed." in found.notes
    )


def test_labels_that_are_all_one_are_no_classes(tmp_path: Path) -> None:
    pictures(tmp_path, [f"{i}.png" for i in range(4)])
    (tmp_path / "truth.csv").write_text("file,label\n" + "".join(f"{i}.png,ant\n" for i in range(4)))
    with pytest.raises(ExplorerError, match=r"has one class only \('ant'\) by truth.csv"):
        listing(tmp_path, "table")


BESIDE: dict[str, tuple[str, str, str, str]] = {
    # train and test folders, the table's path and first line, a line of picture i of class number k
    "signs": ("Final_Training/Images/{k:05}", "Final_Test/Images", "Final_Test/Images/GT.csv:Filename;ClassId", "{i}.png;{k}"),
    "signs_again": ("Train/{k}", "Test", "Test.csv:Width,Height,ClassId,Path", "9,9,{k},Test/{i}.png"),
    "in_words": ("train/Class {k}", "test/images", "test/labels.txt:", "{i}.png class_{k}"),
}  # fmt: skip


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("name", BESIDE)
def test_a_table_labels_a_split_without_class_folders(name: str, known: bool, tmp_path: Path) -> None:
    train, test, where, line = BESIDE[name]
    pictures(tmp_path, [f"{train.format(k=k)}/{k}{i}.png" for k in (1, 2) for i in range(4)])
    pictures(tmp_path, [f"{test}/{i}.png" for i in range(100, 106)] + ["Meta/1.png", "Meta/2.png"])
    path, head = where.split(":")
    lines = [line.format(i=i, k=1 + i % 2 if known else i % 3) for i in range(100, 106)]
    (tmp_path / path).write_text("\n".join([head, *lines] if head else lines))
    (tmp_path / "Meta.csv").write_text("Path,ClassId\nMeta/1.png,1\nMeta/2.png,2")
    found = listing(tmp_path)
    tested = [file.kind for file in found.files if file.split == "test"]
    assert len(found.classes) == 2 and len(found.files) == 8 + len(tested)
    assert tested == ([found.classes[0], found.classes[1]] * 3 if known else [])
    assert {name for name, _ in found.skipped} >= {"Meta/1.png", "Meta/2.png"}
    left = [note for note in found.notes if "has no class folders" in note]
    assert len(left) == (1 if known else 2) and any("6 pictures beside" in note for note in found.notes) == known


def test_a_table_that_contradicts_the_folders_is_offered_and_one_that_agrees_gives_its_groups(tmp_path: Path) -> None:
    names = [f"{k}/{k}{i}.png" for k in ("bag", "box") for i in range(6)]
    pictures(tmp_path, names)
    for column, label, offer in (("video", "{i3}", True), ("patient", "{kind}", False), ("remark", "{kind}", False)):
        lines = [label.format(i3=i % 3, kind=name[:3]) + f",{name},{name[:4]}{i // 2}" for i, name in enumerate(names)]
        (tmp_path / "meta.csv").write_text("\n".join([f"class,image,{column}", *lines]))
        found = listing(tmp_path)
        assert found.classes == ("bag", "box") and offered(" ".join(found.notes)) == (("table",) if offer else ())
        assert len(set(found.groups.values())) == (6 if column == "patient" else 0)
        assert all("meta.csv labels 12 of the pictures differently" in note for note in found.notes)


@pytest.mark.parametrize("unique", [False, True])
def test_a_table_for_each_split_makes_one(unique: bool, tmp_path: Path) -> None:
    for part in ("train", "test"):
        names = [f"{part}{i}.png" if unique else f"{i}.png" for i in range(6)]
        pictures(tmp_path, [f"{'images' if unique else part}/{name}" for name in names])
        lines = [f"{name},{'ab'[i % 2]}" for i, name in enumerate(names)]
        (tmp_path / f"{part}.csv").write_text("\n".join(["file,label", *lines]))
    found = listing(tmp_path, "table")
    assert {split: sum(file.split == split for file in found.files) for split in ("train", "test")} == {
        "train": 6,
        "test": 6,
    }
    assert not found.skipped


GROUPS: dict[str, tuple[str, str, str]] = {
    # where the table lies, its first line, a line of picture i of class k in group g
    "plain": ("groups.csv", "file,group", "{k}/{k}{i}.png,{g}"),
    "patients": ("groups.csv", "filename;patient", "{k}/{k}{i}.png;{g}"),
    "windows": ("Groups.csv", "File,Group", r".\{k}\{k}{i}.png,{g}"),
    "names": ("groups.csv", "file,group,note", "{k}{i}.png,{g},x"),
    "stems": ("groups.csv", "file,group", "{k}{i},{g}"),
    "wrapped": ("set/groups.csv", "file,group", "{k}/{k}{i}.png,{g}"),
}


@pytest.mark.parametrize("name", GROUPS)
def test_groups_of_every_form_of_table(name: str, tmp_path: Path) -> None:
    file, head, line = GROUPS[name]
    above = "set/" if name == "wrapped" else ""
    pictures(tmp_path, [f"{above}{k}/{k}{i}.png" for k in "ab" for i in range(8)])
    lines = [line.format(k=k, i=i, g=f"{k}-{i // 2}") for k in "ab" for i in range(8)]
    (tmp_path / file).write_text("\n".join([head, *lines]), encoding="utf-8")
    data = folders.load(tmp_path, 0)
    parts = [set(split.groups.tolist()) for split in (data.train, data.val, data.test) if split.groups is not None]
    assert len(parts) == 3 and len(set().union(*parts)) == sum(map(len, parts)) == 8


@pytest.mark.parametrize("column", ["patient", "video", "lesion_id", "Subject ID", "scene"])
def test_a_table_of_labels_may_name_groups(column: str, tmp_path: Path) -> None:
    pictures(tmp_path, [f"images/{i}.png" for i in range(12)])
    lines = [f"{i}.png,{'ab'[i % 2]},g{i // 2}" for i in range(12)]
    (tmp_path / "labels.csv").write_text("\n".join([f"file,label,{column}", *lines]))
    assert len(set(listing(tmp_path, "table").groups.values())) == 6


def test_rows_of_groups_that_name_nothing_are_counted(tmp_path: Path) -> None:
    pictures(tmp_path, [f"{k}/{i}.png" for k in "ab" for i in range(8)])
    (tmp_path / "groups.csv").write_text("file,group\nx.png,1\na/0.png,2\na/1.png,2")
    assert "1 of its 3 rows names no picture that is here" in folders.load(tmp_path, 0).note
    for wrong in ("", "hello\nworld", "file,label\n0.png,a", "file,group\n0.png"):
        with pytest.raises(ExplorerError, match="table of groups"):
            groups.parsed(wrong.encode(), "groups.csv")


def test_a_name_that_several_pictures_have_names_none() -> None:
    known = tables.names_of(["a/0.png", "b/0.png", "b/c/1.PNG"])
    assert (
        tables.find_picture("0.png", (), known) is None and tables.find_picture("/x/y/b/0.PNG", (), known) == "b/0.png"
    )
    assert (
        tables.find_picture("0.png", ("a",), known) == "a/0.png" and tables.find_picture("1", (), known) == "b/c/1.PNG"
    )
    assert tables.find_picture("", ("a",), known) is None and tables.find_picture("..", (), known) is None

"""Tables as people write them: labels and groups of pictures, in every form that came up, and some more of each kind."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer.data import folders, groups, tables
from explorer.data.listing import listing
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


def test_rows_of_groups_that_name_nothing_are_counted(tmp_path: Path) -> None:
    pictures(tmp_path, [f"{k}/{i}.png" for k in "ab" for i in range(8)])
    (tmp_path / "groups.csv").write_text("file,group\nx.png,1\na/0.png,2\na/1.png,2")
    assert "1 of its 3 rows names no picture that is here" in folders.load(tmp_path, 0).note
    for wrong in ("", "hello\nworld", "file,label\n0.png,a", "file,group\n0.png"):
        with pytest.raises(ExplorerError, match="table of groups"):
            groups.parsed(wrong.encode(), "groups.csv")


def test_a_name_that_several_pictures_have_names_none() -> None:
    known = tables.names_of(["a/0.png", "b/0.png", "b/c/1.PNG"])
    assert tables.found("0.png", (), known) is None and tables.found("/x/y/b/0.PNG", (), known) == "b/0.png"
    assert tables.found("0.png", ("a",), known) == "a/0.png" and tables.found("1", (), known) == "b/c/1.PNG"
    assert tables.found("", ("a",), known) is None and tables.found("..", (), known) is None

"""Public data sets with torchvision replaced by a stand-in: downloads are all or nothing, and no network is a message."""

import socket
import urllib.error
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image

from explorer import recipe
from explorer.catalogue import DATASETS
from explorer.catalogue.datasets import datasets_folder
from explorer.data import datasets, downloads
from explorer.errors import ExplorerError


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THAW_HOME", str(tmp_path / "home"))


def stand_in(monkeypatch: pytest.MonkeyPatch, name: str, per_class: int = 40, private: bool = False) -> list[dict]:
    """Replace the torchvision class of this data set; gives the list of the calls made to it."""
    calls: list[dict] = []
    row, classes = DATASETS[name], 3

    class StandIn:
        def __init__(self, root: Path, download: bool, **split: Any) -> None:
            calls.append({"download": download, **split})
            if download:
                (Path(root) / row.folder).mkdir(exist_ok=True)
                (Path(root) / "archive.tar.gz").write_bytes(b"left behind")
            elif not (Path(root) / row.folder).is_dir():
                raise RuntimeError("Dataset not found or corrupted.")
            self.classes = [f"class {i}" for i in range(classes)]
            labels = list(range(classes)) * per_class
            if private:
                self._labels = labels
            else:
                self.targets = torch.tensor(labels)
            self.shade = 50 if split in ({"train": True}, {"split": "train"}) else 200

        def __getitem__(self, i: int) -> tuple[Image.Image, int]:
            return Image.new("L", (28, 28), self.shade), i % classes

    monkeypatch.setattr(torchvision.datasets, downloads.SOURCES[name].torchvision, StandIn)
    return calls


def test_every_public_set_is_in_torchvision() -> None:
    for name, source in downloads.SOURCES.items():
        assert hasattr(torchvision.datasets, source.torchvision)
        assert DATASETS[name].folder


def test_a_download_is_moved_into_place_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = stand_in(monkeypatch, "fashion_mnist")
    assert not DATASETS["fashion_mnist"].available_offline
    data = datasets.load(recipe.make(dataset="fashion_mnist", per_class=5))
    assert DATASETS["fashion_mnist"].available_offline
    assert sorted(path.name for path in datasets_folder().iterdir() if not path.name.startswith(".")) == [
        "FashionMNIST"
    ]
    assert not list(datasets_folder().glob(".*.part"))
    assert [call["download"] for call in calls] == [True, True, False, False]
    datasets.load(recipe.make(dataset="fashion_mnist", per_class=5))
    assert [call["download"] for call in calls[4:]] == [False, False]
    assert data.classes == ("class 0", "class 1", "class 2")


def test_official_splits_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, "fashion_mnist")
    data = datasets.load(recipe.make(dataset="fashion_mnist", per_class=None))
    assert [len(images) for images in (data.train, data.val, data.test)] == [96, 24, 120]
    assert {name.split("/")[0] for name in data.val.ids} == {"train"}
    assert {name.split("/")[0] for name in data.test.ids} == {"test"}
    assert np.asarray(data.test.read(0)).tolist() == np.full((28, 28, 3), 200).tolist()
    assert data.train.labels.dtype == np.int64


def test_three_official_splits(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, "flowers102", per_class=10, private=True)
    data = datasets.load(recipe.make(dataset="flowers102", per_class=10))
    assert [len(images) for images in (data.train, data.val, data.test)] == [30, 30, 30]
    assert (
        "11 training images per class were asked for"
        in datasets.load(recipe.make(dataset="flowers102", per_class=11)).note
    )


def test_no_official_split_and_a_large_set(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, "eurosat", per_class=3000)
    data = datasets.load(recipe.make(dataset="eurosat", per_class=None))
    assert [len(images) for images in (data.train, data.val, data.test)] == [5000, 300, 600]
    assert "5000 of the 8100 training images are used" in data.note
    assert set(data.train.ids).isdisjoint(data.val.ids + data.test.ids)
    assert len(datasets.load(recipe.make(dataset="eurosat", per_class=2000)).train) == 6000


def test_ants_and_bees_are_a_folder_with_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(url: str, root: Path) -> None:
        assert url == downloads.ANTS_AND_BEES
        for split in ("train", "val"):
            for k, kind in enumerate(("ants", "bees")):
                folder = Path(root) / "hymenoptera_data" / split / kind
                folder.mkdir(parents=True)
                for i in range(6):
                    Image.new("RGB", (16, 16), (40 * i, 100 * k, 255 * (split == "val"))).save(folder / f"{i}.png")

    monkeypatch.setattr(torchvision.datasets.utils, "download_and_extract_archive", fetch)
    data = datasets.load(recipe.make(dataset="hymenoptera", per_class=2))
    assert [len(images) for images in (data.train, data.val, data.test)] == [4, 2, 12]
    assert data.name == "hymenoptera"
    assert "ImageNet" in data.note


@pytest.mark.parametrize("name", [*downloads.SOURCES, "hymenoptera"])
@pytest.mark.parametrize("error", [urllib.error.URLError("no route"), TimeoutError("silence"), RuntimeError("corrupt")])
def test_no_network_is_a_message(name: str, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the data set, the folder where it would lie, and what is here; and it leaves nothing behind."""

    def offline(*args: Any, **kwargs: Any) -> None:
        assert socket.getdefaulttimeout() == downloads.TIMEOUT
        for place in (kwargs.get("root"), *args):
            if isinstance(place, Path):
                (place / DATASETS[name].folder).mkdir()
        raise error

    row = DATASETS[name]
    if name == "hymenoptera":
        monkeypatch.setattr(torchvision.datasets.utils, "download_and_extract_archive", offline)
    else:
        monkeypatch.setattr(torchvision.datasets, downloads.SOURCES[name].torchvision, offline)
    with pytest.raises(ExplorerError) as caught:
        datasets.load(recipe.make(dataset=name))
    for part in (row.title, str(datasets_folder() / row.folder), str(error.args[0]), "photo_patches", "digits"):
        assert part in str(caught.value)
    assert socket.getdefaulttimeout() is None
    assert not row.available_offline
    assert not list(datasets_folder().glob(".*.part"))


def test_a_damaged_copy_says_which_folder_to_remove() -> None:
    (datasets_folder() / "dtd").mkdir(parents=True)
    with pytest.raises(ExplorerError, match="incomplete or damaged.*Remove that folder"):
        datasets.load(recipe.make(dataset="dtd"))


def test_no_room_for_downloads(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    with pytest.raises(ExplorerError, match="could not be downloaded"):
        datasets.load(recipe.make(dataset="cifar10"))


def test_the_fingerprint_changes_with_any_file_of_the_set(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(monkeypatch, "dtd")
    wanted = recipe.make(dataset="dtd", per_class=5)
    datasets.load(wanted)
    picture = datasets_folder() / "dtd" / "images" / "banded.jpg"
    picture.parent.mkdir()
    picture.write_bytes(b"one")
    before = datasets.load(wanted).fingerprint
    assert datasets.load(wanted).fingerprint == before
    picture.write_bytes(b"two")
    other = datasets.load(wanted).fingerprint
    (picture.parent / "dotted.jpg").write_bytes(b"two")
    assert len({before, other, datasets.load(wanted).fingerprint}) == 3

"""The public data sets that torchvision downloads. Without a network, a plain word on what is here instead.

A download goes to a folder aside and is moved into place when whole, so that a set is either there or not.
"""

import hashlib
import shutil
import socket
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from explorer import workspaces
from explorer.catalogue import DATASETS
from explorer.catalogue.datasets import Dataset, dataset, datasets_folder
from explorer.data import folders, splits
from explorer.data.decoding import to_rgb
from explorer.data.images import Data, Images
from explorer.errors import ExplorerError

ANTS_AND_BEES = "https://download.pytorch.org/tutorial/hymenoptera_data.zip"
TIMEOUT = 30
"""Seconds without an answer after which a network counts as missing."""


@dataclass(frozen=True)
class Source:
    """A class of torchvision.datasets and its arguments for each split that the set divides itself."""

    torchvision: str
    train: dict[str, Any] = field(default_factory=dict)
    val: dict[str, Any] | None = None
    test: dict[str, Any] | None = None

    @property
    def given(self) -> dict[str, dict[str, Any]]:
        """Split → arguments, for the official splits."""
        named = {"train": self.train, "val": self.val, "test": self.test}
        return {split: arguments for split, arguments in named.items() if arguments is not None}


SOURCES = {
    "cifar10": Source("CIFAR10", {"train": True}, test={"train": False}),
    "fashion_mnist": Source("FashionMNIST", {"train": True}, test={"train": False}),
    "flowers102": Source("Flowers102", {"split": "train"}, {"split": "val"}, {"split": "test"}),
    "oxford_pets": Source("OxfordIIITPet", {"split": "trainval"}, test={"split": "test"}),
    "eurosat": Source("EuroSAT"),
    "dtd": Source("DTD", {"split": "train"}, {"split": "val"}, {"split": "test"}),
}


def load(name: str, split_seed: int) -> Data:
    """A public data set, downloaded first where it is missing; official splits are kept, missing ones split off.

    Raises ExplorerError where it is not here and cannot be downloaded, or lies here damaged.
    """
    source, row = SOURCES[name], dataset(name)
    _fetch(row, lambda root: [_open(source, root, arguments, download=True) for arguments in source.given.values()])
    try:
        parts = {split: _open(source, datasets_folder(), arguments) for split, arguments in source.given.items()}
        images = {split: _images(part, split) for split, part in parts.items()}
    except (OSError, RuntimeError, ValueError, EOFError) as error:
        raise _damaged(row, error) from error
    if "test" not in images:
        train, val, test = splits.divide(images["train"], split_seed)
    else:
        train, test = images["train"], images["test"]
        train, val = (train, images["val"]) if "val" in images else splits.hold_out(train, split_seed)
    return Data(name, tuple(parts["train"].classes), train, val, test, fingerprint=_fingerprint(row))


def load_ants_and_bees(split_seed: int) -> Data:
    """The tutorial's ants and bees: its val folder is the test split. Raises as `load`."""
    from torchvision.datasets.utils import download_and_extract_archive

    row = dataset("hymenoptera")
    _fetch(row, lambda root: download_and_extract_archive(ANTS_AND_BEES, root))
    return replace(folders.load(datasets_folder() / row.folder, split_seed), name=row.name)


def _fingerprint(row: Dataset) -> str:
    """Changes with the name, the size and the time of any file of the set."""
    digest = hashlib.sha256()
    for path in sorted((datasets_folder() / row.folder).rglob("*")):
        seen = path.stat()
        if not path.is_dir():
            digest.update(f"{path.name}\t{seen.st_size}\t{seen.st_mtime_ns}\n".encode())
    return f"{row.name}-{digest.hexdigest()[:16]}"


def _open(source: Source, root: Path, arguments: dict[str, Any], download: bool = False) -> Any:
    """The torchvision data set of one split."""
    from torchvision import datasets

    return getattr(datasets, source.torchvision)(root=root, download=download, **arguments)


def _images(part: Any, split: str) -> Images:
    labels = part.targets if hasattr(part, "targets") else part._labels
    return Images(
        ids=tuple(f"{split}/{i:05d}" for i in range(len(labels))),
        labels=np.asarray(labels).astype(np.int64),
        read=lambda i: to_rgb(part[i][0]),
    )


def _fetch(row: Dataset, download: Callable[[Path], Any]) -> None:
    """Put the set into the folder of downloads unless it is there; one process at a time, all or nothing. Room is made for it on
    a full disk."""
    root = datasets_folder()
    place = root / row.folder
    if place.is_dir():
        return

    def fetch() -> None:
        root.mkdir(parents=True, exist_ok=True)
        with FileLock(root / f".{row.name}.lock"), _aside(root / f".{row.name}.part") as aside, _patience(TIMEOUT):
            if not place.is_dir():
                download(aside)
                (aside / row.folder).rename(place)

    try:
        workspaces.fetched(fetch, f"The data set {row.title} cannot be kept", root)
    except (OSError, RuntimeError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise _unreachable(row, error) from error


@contextmanager
def _aside(folder: Path) -> Iterator[Path]:
    """A fresh folder that is gone afterwards; what a killed download left there goes first."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _patience(seconds: float) -> Iterator[None]:
    """Within, a network connection that is silent for so long fails instead of waiting for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _unreachable(row: Dataset, error: Exception) -> ExplorerError:
    here = [other.name for other in DATASETS.values() if other.available_offline]
    return ExplorerError(
        f"The data set {row.title} is not on this machine and could not be downloaded ({error}). "
        f"Put it into {str(datasets_folder() / row.folder)!r} (as torchvision unpacks it), go online, or choose one that "
        f"is here: {', '.join(here)}."
    )


def _damaged(row: Dataset, error: Exception) -> ExplorerError:
    folder = str(datasets_folder() / row.folder)
    return ExplorerError(
        f"The data set {row.title} in {folder!r} is incomplete or damaged ({error}). Remove that folder and try "
        "again: it will be downloaded again."
    )

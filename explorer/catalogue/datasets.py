"""The data sets: one row each."""

from dataclasses import dataclass
from pathlib import Path

from explorer import own_sets
from explorer.errors import unknown
from explorer.home import home


@dataclass(frozen=True)
class Dataset:
    """One row.

    `classes` counts the classes (0: depends on the folder); `size` the images on offer (0: depends); `splits` those of training,
    validation and test, where that is known before they are loaded; `shipped` says
    that it needs neither network nor folder; `folder` is what torchvision leaves behind after a download, under
    `datasets_folder()`; `overlap` marks sets whose photographs or classes are (partly) ImageNet's;
    `own` marks a set that a visitor brought; `groups` says what images share that are not independent, where some are (`photo`).
    """

    name: str
    title: str
    note: str
    classes: int = 0
    size: int = 0
    splits: tuple[int, int, int] | None = None
    shipped: bool = False
    folder: str = ""
    overlap: bool = False
    groups: str = ""
    own: bool = False

    @property
    def available_offline(self) -> bool:
        """Whether it can be loaded now, without a network."""
        if self.own:
            return own_sets.find(self.name) is not None
        return self.shipped or self.name == "folder" or (datasets_folder() / self.folder).is_dir()


def datasets_folder() -> Path:
    """Where torchvision's downloads are kept."""
    return home() / "datasets"


_ROWS = (
    Dataset(
        "photo_patches",
        "Photo patches",
        "Patches of 17 photographs; training, validation and test come from separate "
        "bands of each photo. Images of one class share a photo, so this is easier than 17 kinds of photographs. "
        "The built-in backbone was pre-trained on the other bands of these photos too, never on the test bands. "
        "Intervals that count patches are for more patches of these photos, not for other photos.",
        17,
        5846,
        (5409, 131, 306),
        shipped=True,
        groups="photo",
    ),
    Dataset(
        "photo_patches_grey",
        "Photo patches, grey",
        "The same patches without colour, so that only brightness and texture tell the classes apart. Intervals "
        "that count patches are for more patches of these photos, not for other photos.",
        17,
        5846,
        (5409, 131, 306),
        shipped=True,
        groups="photo",
    ),
    Dataset(
        "shapes",
        "Shapes",
        "Generated objects on textured grounds; the mask of each object is known.",
        8,
        1800,
        (1200, 200, 400),
        shipped=True,
    ),
    Dataset(
        "digits",
        "Digits",
        "Handwritten digits of 8 by 8 pixels. With 5 images per class the frozen backbone beats training from "
        "scratch; with 25 it is the other way round.",
        10,
        1797,
        (1138, 300, 359),
        shipped=True,
    ),
    Dataset(
        "folder",
        "Pictures of your own",
        "Brought through the browser, or a folder of the server: one sub-folder per class, with or without train/ and val/ or "
        "test/ above. Where pictures belong together (of one "
        "patient, one place), say so with sub-folders of the classes, or with a table groups.csv (file,group) at the top.",
        groups="group",
    ),
    Dataset(
        "hymenoptera",
        "Ants and bees",
        "The PyTorch tutorial's set. Its photographs are from ImageNet, so ImageNet "
        "weights have seen such pictures: expect flattering numbers.",
        2,
        397,
        folder="hymenoptera_data",
        overlap=True,
    ),
    Dataset(
        "cifar10", "CIFAR-10", "Small colour photographs of 32 by 32 pixels.", 10, 60000, folder="cifar-10-batches-py"
    ),
    Dataset("fashion_mnist", "Fashion-MNIST", "Grey garments of 28 by 28 pixels.", 10, 70000, folder="FashionMNIST"),
    Dataset("flowers102", "Flowers-102", "102 kinds of flowers.", 102, 8189, folder="flowers-102"),
    Dataset(
        "oxford_pets",
        "Oxford-IIIT Pet",
        "37 breeds of cats and dogs, most of them ImageNet classes: expect flattering numbers.",
        37,
        7349,
        folder="oxford-iiit-pet",
        overlap=True,
    ),
    Dataset("eurosat", "EuroSAT", "Satellite views of ten kinds of land use.", 10, 27000, folder="eurosat"),
    Dataset("dtd", "Describable textures", "47 textures named by words.", 47, 5640, folder="dtd"),
)

DATASETS = {row.name: row for row in _ROWS}

LABELS = {
    "folders": "the folders' names",
    "table": "a table (file,label)",
    "prefix": "the files' names",
}
"""Where the classes of visitors' own pictures are read from; the first unless asked."""


def dataset(name: str) -> Dataset:
    """The row of that name, or an ExplorerError that lists all. A set that a visitor brought keeps a row when it is deleted:
    the runs on it stay readable."""
    if name in DATASETS:
        return DATASETS[name]
    if own_sets.NAME.fullmatch(name):
        kept = own_sets.find(name)
        return _own(kept) if kept else Dataset(name, f"{name[:-9]} (deleted)", "This set was deleted.", own=True)
    raise unknown("data set", name, offered())


def offered() -> dict[str, Dataset]:
    """Every data set that there is now: those that visitors brought first, the latest first, then the table."""
    return {kept.name: _own(kept) for kept in own_sets.listing()} | DATASETS


def short(name: str) -> str:
    """What labels call a data set: its name, or the title that a visitor gave."""
    return dataset(name).title if own_sets.NAME.fullmatch(name) else name


def _own(kept: own_sets.OwnSet) -> Dataset:
    note = f"Pictures that were brought to this Thaw. {kept.sum}"
    return Dataset(kept.name, kept.title, note, kept.classes, kept.images, own=True, groups="group")

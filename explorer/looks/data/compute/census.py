"""Counts, sizes and mean pictures of a data set; its training pictures as the network will see them."""

import numpy as np
import torch

from explorer.catalogue import Preprocessing
from explorer.data import datasets
from explorer.data.augmentation import augment
from explorer.data.images import Data, Images
from explorer.data.joined import joined
from explorer.data.splits import queue
from explorer.errors import unknown
from explorer.looks.data.compute.whole import plain
from explorer.looks.data.question.census import SPLITS, Census, TrainingPictures
from explorer.recipe import Recipe

SIZED = 600  # pictures whose size is looked up
AVERAGED, IN_ALL = 120, 3000  # training pictures of a class that its mean is taken of, and of all classes
PAGE = 12
AUGMENTED = 3


def census(recipe: Recipe) -> Census:
    """How many pictures of which class and size are in each split of a data set, and their mean for each class."""
    wanted = plain(recipe)
    data = datasets.load(wanted)
    counts = np.stack([np.bincount(getattr(data, s).labels, minlength=len(data.classes)) for s in SPLITS])
    means, averaged = mean_pictures(data.train, len(data.classes), wanted.preprocessing)
    return Census(
        classes=data.classes, counts=counts, sizes=sizes(data), means=means, averaged=averaged, note=data.note,
        skipped=data.skipped,
    )  # fmt: skip


def sizes(data: Data) -> np.ndarray:
    """(m, 2) widths and heights in pixels of up to SIZED pictures, evenly spread over the set."""
    images, _ = joined(data)
    some = np.unique(np.linspace(0, len(images) - 1, min(SIZED, len(images))).round().astype(int))
    look = images.size or (lambda i: images.read(i).size)
    return np.array([look(int(i)) for i in some], np.int64).reshape(-1, 2)


def mean_pictures(images: Images, classes: int, preprocessing: Preprocessing) -> tuple[np.ndarray, np.ndarray]:
    """((k, h, w, 3) uint8, (k,) int): of each class the mean of up to AVERAGED pictures as the network sees them; black and 0 for
    a class without pictures."""
    means = np.zeros((classes, preprocessing.crop, preprocessing.crop, 3), np.uint8)
    averaged = np.zeros(classes, np.int64)
    most = max(8, min(AVERAGED, IN_ALL // classes))
    for kind in range(classes):
        rows = first_of(images, kind, most)
        if len(rows):
            pixels = images.take(rows).pixels(preprocessing)
            means[kind] = pixels.mean(axis=0, dtype=np.float64).round()
            averaged[kind] = len(rows)
    return means, averaged


def first_of(images: Images, kind: int | None, most: int, first: int = 0) -> np.ndarray:
    """Places of `most` pictures of a class (None: of any) in an order drawn once for all, from the `first` on."""
    order = queue(images.ids, "look")
    if kind is not None:
        order = order[images.labels[order] == kind]
    return order[first : first + most]


def training_pictures(recipe: Recipe, kind: str = "", first: int = 0) -> TrainingPictures:
    """PAGE training pictures of a class (all classes unless named) as the network will see them, with three augmented versions.

    The versions are of the recipe's augmentation, or `crop` where it has none.
    """
    wanted = plain(recipe)
    data = datasets.load(wanted)
    if kind and kind not in data.classes:
        raise unknown("class", kind, data.classes)
    chosen = data.classes.index(kind) if kind else None
    total = len(data.train) if chosen is None else int((data.train.labels == chosen).sum())
    first = min(max(0, first), max(0, (total - 1) // PAGE * PAGE))
    part = data.train.take(first_of(data.train, chosen, PAGE, first))
    pixels = torch.from_numpy(part.pixels(wanted.preprocessing))
    name = "crop" if recipe.augmentation == "none" else recipe.augmentation
    versions = [pixels, *(augment(pixels, name, recipe.seed + 1 + i) for i in range(AUGMENTED))]
    images = torch.stack(versions, dim=1).numpy()
    return TrainingPictures(
        images=images, ids=part.ids, labels=part.labels, classes=data.classes, first=first, total=total
    )

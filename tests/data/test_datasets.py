"""Splits that can be trusted, pixels as torchvision cuts them, and one `load` for all."""

import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torchvision import transforms

from explorer import recipe
from explorer.catalogue import DATASETS, Preprocessing
from explorer.data import datasets, splits
from explorer.data.images import Data, Images
from explorer.errors import ExplorerError

SHIPPED = [name for name, row in DATASETS.items() if row.shipped]


def plain(labels: list[int], side: int = 8) -> Images:
    """Images of one grey value each, the value being their place."""
    return Images(
        ids=tuple(f"image-{i:04d}" for i in range(len(labels))),
        labels=np.array(labels, np.int64),
        read=lambda i: Image.new("RGB", (side, side), (i % 256,) * 3),
    )


def pools(train: int, val: int = 4, test: int = 4, classes: int = 2) -> Data:
    """A data set with so many images per class."""
    parts = {}
    for name, count in (("train", train), ("val", val), ("test", test)):
        images = plain(list(range(classes)) * count)
        parts[name] = Images(tuple(f"{name}/{i}" for i in images.ids), images.labels, images.read)
    return Data("made up", tuple("abcdefgh"[:classes]), **parts)


def test_the_table_and_the_catalogue_name_the_same() -> None:
    assert list(datasets.SOURCES) == list(DATASETS)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_sets_are_what_the_catalogue_says(name: str) -> None:
    data, row = datasets.SOURCES[name](recipe.make(dataset=name)), DATASETS[name]
    assert len(data.classes) == row.classes
    assert sum(len(images) for images in (data.train, data.val, data.test)) == row.size


@pytest.mark.parametrize("name", SHIPPED)
def test_load_gives_what_the_recipe_asks_for(name: str) -> None:
    data = datasets.load(recipe.make(dataset=name, per_class=7))
    assert (np.bincount(data.train.labels) == 7).all()
    for images in (data.train, data.val, data.test):
        assert set(images.labels) == set(range(len(data.classes)))
        assert images.labels.dtype == np.int64
        assert images.read(0).mode == "RGB"
    ids = data.train.ids + data.val.ids + data.test.ids
    assert len(set(ids)) == len(ids)
    assert 100 < len(data.test) <= splits.TEST_CAP
    assert 0 < len(data.val) <= splits.VAL_CAP
    assert DATASETS[name].note in data.note
    assert data.fingerprint


@pytest.mark.parametrize("name", SHIPPED)
def test_runs_of_other_seeds_are_scored_on_the_same_images(name: str) -> None:
    a = datasets.load(recipe.make(dataset=name, per_class=5, seed=0))
    b = datasets.load(recipe.make(dataset=name, per_class=9, seed=1))
    assert a.test.ids == b.test.ids
    assert a.val.ids == b.val.ids
    assert not set(a.train.ids) <= set(b.train.ids)
    assert a.fingerprint == b.fingerprint


def test_a_larger_draw_holds_the_smaller() -> None:
    few, many = (datasets.load(recipe.make(dataset="digits", per_class=n)) for n in (5, 20))
    assert set(few.train.ids) < set(many.train.ids)


def test_the_split_seed_draws_another_test_split() -> None:
    a, b = (datasets.load(recipe.make(dataset="digits", split_seed=s)) for s in (0, 1))
    assert a.test.ids != b.test.ids


def test_more_images_than_there_are() -> None:
    note = datasets.load(recipe.make(dataset="photo_patches", per_class=100_000)).note
    assert "100000 training images per class were asked for" in note and "what there is was used" in note
    with pytest.raises(ExplorerError, match="at most 20000 are allowed.*at most 10000 per class"):
        splits.cut(pools(train=10_001), 10_001, 0, 0)


def test_without_a_number_all_images_are_taken_up_to_a_limit() -> None:
    assert len(splits.cut(pools(train=50), None, 0, 0).train) == 100
    part = splits.cut(pools(train=50), None, 0, 0, most=30)
    assert np.bincount(part.train.labels).tolist() == [15, 15]
    assert "30 of the 100 training images" in part.note
    assert splits.cut(pools(train=50), None, 1, 0, most=30).train.ids != part.train.ids


def test_large_splits_are_capped_and_small_ones_named() -> None:
    large = splits.cut(pools(train=5, val=400, test=500), None, 0, 0)
    assert np.bincount(large.test.labels).tolist() == [300, 300]
    assert np.bincount(large.val.labels).tolist() == [150, 150]
    assert "600 of the 1000 test images" in large.note
    assert "Only 8 test images: one image is 12.5 points" in splits.cut(pools(train=5), None, 0, 0).note


def test_picks_are_stratified_and_leave_no_class_out() -> None:
    images = plain([0] * 900 + [1] * 90 + [2])
    labels = images.labels[splits.pick(images, 100, "salt")]
    assert np.bincount(labels, minlength=3).tolist() in ([90, 9, 1], [89, 10, 1])
    assert len(splits.pick(images, 1, "salt")) == 3


@pytest.mark.parametrize("sizes", [(3, 3), (3, 1000), (4, 7, 29), (5, 5, 5, 5, 5)])
def test_division_leaves_each_class_in_each_split(sizes: tuple[int, ...]) -> None:
    images = plain([kind for kind, size in enumerate(sizes) for _ in range(size)])
    parts = splits.divide(images, split_seed=3)
    assert sorted(sum((part.ids for part in parts), ())) == list(images.ids)
    for part in parts:
        assert set(part.labels) == set(range(len(sizes)))
    if max(sizes) == 1000:
        assert [np.bincount(part.labels)[1] for part in parts] == pytest.approx([600, 200, 200], abs=3)


def test_a_new_image_hardly_moves_the_others() -> None:
    """A visitor who adds ten pictures keeps nearly all of the test split, so runs stay comparable."""
    before = splits.divide(plain([0, 1] * 200), 0)[2]
    after = splits.divide(plain([0, 1] * 205), 0)[2]
    assert len(set(before.ids) & set(after.ids)) >= 0.95 * len(before)


@pytest.mark.parametrize("size", [(300, 200), (200, 300), (64, 64), (640, 65), (97, 131), (8, 8), (257, 256)])
@pytest.mark.parametrize("resize,crop", [(256, 224), (96, 96), (232, 224), (110, 97)])
def test_pixels_are_torchvisions(size: tuple[int, int], resize: int, crop: int) -> None:
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (*size, 3), np.uint8))
    theirs = transforms.Compose([transforms.Resize(resize), transforms.CenterCrop(crop)])(picture)
    ours = Images(("a",), np.zeros(1, np.int64), lambda i: picture).pixels(Preprocessing(resize, crop))
    assert ours.dtype == np.uint8
    assert (ours[0] == np.asarray(theirs)).all()


def test_pixels_come_in_order_with_progress() -> None:
    heard: list[float] = []
    pixels = plain([0] * 200).pixels(Preprocessing(8, 8), heard.append)
    assert pixels[:, 0, 0, 0].tolist() == list(range(200))
    assert heard == sorted(heard)
    assert heard[-1] == 1


def test_no_images_are_no_pixels() -> None:
    assert plain([]).pixels(Preprocessing(8, 8)).shape == (0, 8, 8, 3)
    assert len(plain([0, 1]).take([])) == 0


def test_what_progress_raises_stops_the_work() -> None:
    read: list[int] = []

    def stop(share: float) -> None:
        raise KeyboardInterrupt

    images = plain([0] * 5000, side=64)
    slow = Images(images.ids, images.labels, lambda i: (read.append(i), images.read(i))[1])
    threads = threading.active_count()
    with pytest.raises(KeyboardInterrupt):
        slow.pixels(Preprocessing(64, 64), stop)
    assert len(read) < 4000
    assert threading.active_count() == threads


def test_taking_keeps_pictures_labels_and_masks_together() -> None:
    data = datasets.load(recipe.make(dataset="shapes", per_class=3))
    part = data.test.take([5, 399, 0])
    assert part.ids == (data.test.ids[5], data.test.ids[399], data.test.ids[0])
    assert part.labels.tolist() == data.test.labels[[5, 399, 0]].tolist()
    preprocessing = Preprocessing(96, 96)
    pixels, masks = data.test.pixels(preprocessing), data.test.masks(preprocessing)
    assert masks is not None
    assert (part.pixels(preprocessing) == pixels[[5, 399, 0]]).all()
    assert (part.masks(preprocessing) == masks[[5, 399, 0]]).all()


def test_masks_are_unknown_elsewhere() -> None:
    assert plain([0, 1]).masks(Preprocessing(8, 8)) is None


def test_a_file_that_vanished_is_named(tmp_path: Path) -> None:
    for kind in ("a", "b"):
        (tmp_path / kind).mkdir()
        for i in range(3):
            Image.new("RGB", (16, 16), (i, 0, ord(kind))).save(tmp_path / kind / f"{i}.png")
    data = datasets.load(recipe.make(dataset="folder", data_dir=str(tmp_path), per_class=None))
    for path in tmp_path.rglob("*.png"):
        path.unlink()
    with pytest.raises(ExplorerError, match="png.*not there"):
        data.test.pixels(Preprocessing(8, 8))

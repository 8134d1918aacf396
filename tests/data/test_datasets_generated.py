"""Photo patches, shapes and digits: deterministic, informative, and nothing of a test band in training."""

import itertools

import numpy as np
import pytest

from explorer.catalogue import Preprocessing
from explorer.data import digits, patches, photos, shapes
from explorer.data.images import Images

PIXELS = Preprocessing(96, 96)


def corners(images: Images) -> list[tuple[str, int, int]]:
    """(photo, x, y) of each patch, read from its id."""
    split = [name.replace("@", ",").split(",") for name in images.ids]
    return [(photo, int(x), int(y)) for photo, x, y in split]


def test_patches_lie_in_the_band_of_their_split() -> None:
    data = patches.load()
    extent = {name: photos.photo(name).shape[:2] for name in photos.PHOTOS}
    for split in ("train", "val", "test"):
        images = getattr(data, split)
        for (photo, x, y), label in zip(corners(images), images.labels, strict=True):
            height, width = extent[photo]
            left, right = (round(width * edge) for edge in photos.BANDS[split])
            assert left <= x <= right - patches.SIZE
            assert 0 <= y <= height - patches.SIZE
            assert data.classes[label] == photo


def test_a_patch_is_cut_where_its_name_says() -> None:
    data = patches.load()
    photo, x, y = corners(data.test)[20]
    band = photos.band(photo, "test")
    left = round(photos.photo(photo).shape[1] * photos.BANDS["test"][0])
    cut = band[y : y + patches.SIZE, x - left : x - left + patches.SIZE]
    assert (np.asarray(data.test.read(20)) == cut).all()


@pytest.mark.parametrize("split", ["val", "test"])
def test_scored_patches_never_overlap(split: str) -> None:
    for (p, x, y), (q, u, v) in itertools.combinations(corners(getattr(patches.load(), split)), 2):
        assert p != q or abs(x - u) >= patches.SIZE or abs(y - v) >= patches.SIZE


def test_patches_of_one_photo_are_a_group() -> None:
    for data in (patches.load(), patches.load(grey=True)):
        for images in (data.train, data.val, data.test, data.test.take([40, 3])):
            assert images.groups is not None
            assert [name.split("@")[0] for name in images.ids] == images.groups.tolist()
    assert shapes.load().test.groups is None


def test_patches_carry_something_to_see_and_are_balanced() -> None:
    data = patches.load()
    for images in (data.train.take(range(0, len(data.train), 50)), data.test):
        grey = images.pixels(Preprocessing(48, 48)).mean(axis=3)
        assert grey.std(axis=(1, 2)).min() > 0.9 * patches.DULL
    assert (np.bincount(data.test.labels) == 18).all()
    assert np.bincount(data.val.labels).min() >= 6
    assert np.bincount(data.train.labels).min() >= 100


def test_grey_patches_are_the_same_patches_without_colour() -> None:
    colour, grey = patches.load(), patches.load(grey=True)
    assert colour.test.ids == grey.test.ids
    pixels = grey.test.pixels(Preprocessing(48, 48)).astype(int)
    assert (pixels[..., 0] == pixels[..., 1]).all()
    assert (pixels[..., 1] == pixels[..., 2]).all()
    assert colour.fingerprint != grey.fingerprint


def test_shapes_are_the_same_each_time() -> None:
    first, again = (shapes.load().test.take([3, 77]).pixels(PIXELS) for _ in range(2))
    assert (first == again).all()


@pytest.mark.parametrize("kind", shapes.SHAPES)
def test_the_mask_is_the_object(kind: str) -> None:
    """Near distance 0 the object differs from the ground in colour exactly where the mask says."""
    pixels, mask = shapes.picture(kind, "test", 1, distance=0)
    inside, outside = pixels[mask == 255].astype(float), pixels[mask == 0].astype(float)
    assert 0.02 < (mask > 127).mean() < 0.55
    apart = np.linalg.norm(inside.mean(axis=0) - outside.mean(axis=0))
    assert apart > 2 * max(inside.std(axis=0).mean(), outside.std(axis=0).mean())
    edge = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    assert (edge > 127).mean() < 0.1


def test_masks_follow_the_pixels_through_resizing() -> None:
    images = shapes.load(distance=0).test.take([0, 60, 120])
    masks = images.masks(Preprocessing(256, 224))
    assert masks is not None
    assert masks.shape == (3, 224, 224)
    assert masks.dtype == np.bool_
    small = images.masks(PIXELS)
    middle = small[:, 6:90, 6:90].mean(axis=(1, 2))
    assert masks.mean(axis=(1, 2)) == pytest.approx(middle, abs=0.01)


def test_distance_takes_the_colour_of_the_object_away() -> None:
    """At 1, object and ground have one mean colour: only the grain's direction tells them apart."""

    def contrast(distance: float) -> float:
        pixels, mask = shapes.picture("disc", "test", 2, distance)
        means = [pixels[where].astype(float).mean(axis=0) for where in (mask == 255, mask == 0)]
        return float(np.linalg.norm(means[0] - means[1]))

    assert contrast(0) > contrast(0.5) > contrast(1)
    assert contrast(1) < 12
    assert shapes.load(0.1).fingerprint != shapes.load(0.2).fingerprint


def test_the_number_of_shapes_can_be_chosen() -> None:
    data = shapes.load(counts={"train": 3, "val": 1, "test": 2})
    assert [len(part) for part in (data.train, data.val, data.test)] == [24, 8, 16]


def test_digits_look_like_digits() -> None:
    data = digits.load(split_seed=0)
    images = data.train.take(np.flatnonzero(data.train.labels == 0)[:20])
    mean = images.pixels(Preprocessing(32, 32)).mean(axis=(0, 3))
    assert mean[14:18, 14:18].mean() < 60 < mean[4:28, 8:24].mean()
    assert data.train.read(0).size == (digits.SIDE, digits.SIDE)

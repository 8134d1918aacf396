"""Spoilt images: the same each time, and never the originals; whole sets of them, and their names."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from explorer.catalogue import Preprocessing, shifts
from explorer.catalogue.shifts import SHIFTS
from explorer.data import datasets
from explorer.data.corrupted import corrupted
from explorer.data.shifts import shifted
from explorer.errors import ExplorerError
from explorer.recipe import make


def _pictures(n: int = 3, side: int = 48) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, side, side, 3)).astype(np.uint8)


@pytest.mark.parametrize("name", SHIFTS)
def test_a_shift_is_the_same_each_time_and_leaves_the_originals(name: str) -> None:
    pictures = _pictures()
    before = pictures.copy()
    first = shifted(pictures, name)
    np.testing.assert_array_equal(first, shifted(pictures, name))
    np.testing.assert_array_equal(pictures, before)
    assert first.dtype == np.uint8 and first.shape == pictures.shape and (first != pictures).any()
    assert not np.shares_memory(first, pictures)


@pytest.mark.parametrize("name", SHIFTS)
def test_an_image_is_corrupted_alike_whatever_comes_after_it(name: str) -> None:
    np.testing.assert_array_equal(shifted(_pictures(3), name)[:2], shifted(_pictures(3)[:2], name))


def test_another_seed_gives_other_noise() -> None:
    assert (shifted(_pictures(), "noise", 0) != shifted(_pictures(), "noise", 1)).any()


def test_noise_is_as_strong_as_stated() -> None:
    grey = np.full((2, 64, 64, 3), 128, np.uint8)
    spread = (shifted(grey, "noise").astype(float) - 128).std() / 255
    assert spread == pytest.approx(SHIFTS["noise"].amount, rel=0.03)


def test_low_contrast_keeps_the_mean_and_shrinks_the_rest() -> None:
    picture = np.zeros((1, 2, 2, 3), np.uint8)
    picture[0, 0] = 200  # mean 100: 200 becomes 100 + 0.4 · 100, 0 becomes 100 - 0.4 · 100
    np.testing.assert_array_equal(shifted(picture, "contrast")[0, :, 0, 0], [140, 60])


def test_blur_keeps_a_plain_picture_and_spreads_a_point() -> None:
    plain = np.full((1, 40, 60, 3), 77, np.uint8)
    np.testing.assert_array_equal(shifted(plain, "blur"), plain)
    point = np.zeros((1, 75, 75, 3), np.uint8)
    point[0, 37, 37] = 255
    found = shifted(point, "blur")[0, :, :, 0].astype(float)
    sigma = SHIFTS["blur"].amount * 75  # about 1
    assert found[37, 37] == pytest.approx(255 / (2 * np.pi * sigma**2), rel=0.03)
    assert found[37, 38] / found[37, 37] == pytest.approx(np.exp(-0.5 / sigma**2), rel=0.05)
    np.testing.assert_array_equal(found, found.T)


def test_an_unknown_shift_lists_what_there_is() -> None:
    with pytest.raises(ExplorerError, match="noise, blur, contrast, invert, recolour"):
        shifted(_pictures(), "fog")


def test_inverted_is_the_negative_and_recoloured_turns_the_hue_alone() -> None:
    colours = np.array([[[255, 0, 0], [10, 200, 30], [90, 90, 90], [60, 120, 240]]], np.uint8)[None]
    for severity in (1, 5):
        np.testing.assert_array_equal(shifted(colours, "invert", severity=severity), 255 - colours)
    by_120 = shifted(colours, "recolour", severity=4)  # red becomes green, green blue, blue red
    np.testing.assert_array_equal(by_120, colours[..., [2, 0, 1]])
    opposite = shifted(colours, "recolour", severity=5).astype(int)
    around = colours.max(-1, keepdims=True).astype(int) + colours.min(-1, keepdims=True)
    np.testing.assert_allclose(opposite, around - colours, atol=1)


def test_a_kind_and_its_severity_are_one_word() -> None:
    assert shifts.read("blur-4") == (SHIFTS["blur"], 4) and shifts.read("noise") == (SHIFTS["noise"], shifts.USUAL)
    assert [shifts.plain(text) for text in ("", "blur", "blur-4", "invert-5")] == ["", "blur-2", "blur-4", "invert"]
    assert (shifts.behind("blur-4"), shifts.behind("invert"), shifts.behind("")) == (
        ", blurred at severity 4", ", inverted", "",
    )  # fmt: skip
    for wrong, why in (("blur-9", "severity"), ("blur-x", "behind the dash"), ("fog-2", "Unknown"), ("blur-", "dash")):
        with pytest.raises(ExplorerError, match=why):
            shifts.read(wrong)


def test_a_corrupted_set_is_corrupted_in_every_split_by_the_pictures_ids() -> None:
    recipe = make(dataset="shapes", per_class=2, input_size=32, spoilt="noise-4")
    clean, noisy = (datasets.load(recipe.model_copy(update={"spoilt": how})) for how in ("", "noise-4"))
    assert noisy.test.ids == clean.test.ids and noisy.fingerprint == f"{clean.fingerprint}~noise-4@32"
    assert "Every picture, for training and for testing, is noisy at severity 4" in noisy.note and not clean.note.count(
        "noisy"
    )
    at = Preprocessing(32, 32, (0, 0, 0), (1, 1, 1), "bilinear")
    for split in ("train", "val", "test"):
        plain, seen = (getattr(data, split).take([0, 1]).pixels(at).astype(float) for data in (clean, noisy))
        assert (seen - plain).std() / 255 == pytest.approx(0.08, rel=0.2)
    backwards = noisy.test.take([1, 0])
    np.testing.assert_array_equal(backwards.pixels(at)[::-1], noisy.test.take([0, 1]).pixels(at))
    assert noisy.test.read(0).size == noisy.test.size(0) if noisy.test.size else True
    assert recipe.source.spoilt == "noise-4" and recipe.source.preprocessing.crop == 32
    assert make(spoilt="invert-3").spoilt == "invert" and "spoilt" not in make().model_dump()
    wide = replace(clean.test.take([0]), read=lambda i: Image.new("RGB", (90, 40)), size=lambda i: (90, 40))
    small = corrupted(replace(clean, test=wide), "blur-2", 32).test
    assert small.size is not None and small.read(0).size == small.size(0) == (72, 32)

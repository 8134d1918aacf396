"""Spoilt test images: the same each time, and never the originals."""

import numpy as np
import pytest

from explorer.catalogue.shifts import SHIFTS
from explorer.data.shifts import shifted
from explorer.errors import ExplorerError


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
def test_an_image_is_spoilt_alike_whatever_comes_after_it(name: str) -> None:
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
    with pytest.raises(ExplorerError, match="noise, blur, contrast"):
        shifted(_pictures(), "fog")

"""Augmentation: a draw for each image, the same for the same seed, and nothing else in it than its name says."""

import pytest
import torch
from torch import Tensor

from explorer.catalogue import AUGMENTATIONS
from explorer.data import augmentation
from explorer.data.augmentation import augment, augmented
from explorer.errors import ExplorerError

CHANGING = [name for name in AUGMENTATIONS if name != "none"]


@pytest.fixture
def pixels() -> Tensor:
    """Eight times the same picture, (8, 24, 24, 3), brighter to the right and nowhere grey."""
    ramp = torch.arange(24).expand(24, 24) * 5
    return torch.stack([ramp + 100, ramp + 50, ramp], dim=2).to(torch.uint8).expand(8, 24, 24, 3).contiguous()


def test_there_is_one_for_every_row_of_the_catalogue() -> None:
    assert list(augmentation.CHANGES) == CHANGING


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_shape_type_and_memory_stay_and_the_given_pixels_too(name: str, pixels: Tensor) -> None:
    before = pixels.clone()
    changed = augment(pixels, name, 1)
    assert changed.shape == pixels.shape and changed.dtype == torch.uint8 and changed.is_contiguous()
    assert torch.equal(pixels, before)


def test_none_gives_the_same_pictures(pixels: Tensor) -> None:
    assert augment(pixels, "none", 1) is pixels


@pytest.mark.parametrize("name", CHANGING)
def test_the_same_seed_gives_the_same_pictures_and_another_gives_others(name: str, pixels: Tensor) -> None:
    first = augment(pixels, name, 1)
    torch.rand(3)
    assert torch.equal(first, augment(pixels, name, 1))
    assert not torch.equal(first, augment(pixels, name, 2))


@pytest.mark.parametrize("name", CHANGING)
def test_torch_s_own_draws_go_on_as_if_nothing_had_been_drawn(name: str, pixels: Tensor) -> None:
    state = torch.get_rng_state()
    augment(pixels, name, 1)
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize(("name", "least"), [("flip", 2), ("crop", 6), ("colour", 8)])
def test_every_image_of_a_batch_has_a_draw_of_its_own(name: str, least: int, pixels: Tensor) -> None:
    changed = augment(pixels, name, 1)
    assert len(changed.flatten(1).unique(dim=0)) >= least, "of 8 copies of one picture"


def test_flip_only_mirrors_and_does_so_about_every_second_time(pixels: Tensor) -> None:
    many = pixels[:1].expand(200, 24, 24, 3)
    changed = augment(many, "flip", 1)
    mirrored = (changed == many.flip(2)).flatten(1).all(1)
    assert ((changed == many).flatten(1).all(1) | mirrored).all()
    assert 70 < mirrored.sum() < 130


def test_crop_shows_a_part_of_the_picture_in_its_own_colours(pixels: Tensor) -> None:
    changed = augment(pixels, "crop", 1).int()
    assert changed[..., 2].min() >= 0 and changed[..., 2].max() <= pixels[..., 2].max()
    assert ((changed[..., 0] - changed[..., 2] - 100).abs() <= 1).all(), "red stays 100 above blue"
    spread = changed[..., 2].amax((1, 2)) - changed[..., 2].amin((1, 2))
    assert (spread < 115).any() and (spread > 115 / 4).all()


def test_colour_changes_colours_mildly(pixels: Tensor) -> None:
    changed = augment(pixels, "colour", 1).float().mean((1, 2))
    plain = augment(pixels, "crop", 1).float().mean((1, 2))
    assert (changed - plain).abs().max() > 3
    assert (changed - plain).abs().max() < 100


def test_an_unknown_name_is_told_with_all_there_are(pixels: Tensor) -> None:
    with pytest.raises(ExplorerError, match="mixup.*flip, crop, colour"):
        augment(pixels, "mixup", 1)


@pytest.mark.parametrize("size", [1, 3, 8])
@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_a_batch_in_parts_is_changed_as_it_is_in_one_piece_whatever_is_drawn_meanwhile(
    name: str, size: int, pixels: Tensor
) -> None:
    parts = []
    for part in augmented(pixels.split(size), name, 3):
        parts.append(part)
        torch.rand(5)  # as dropout does between two parts
    assert torch.equal(torch.cat(parts), augment(pixels, name, 3))


def test_the_draws_do_not_depend_on_the_device_of_the_pixels(pixels: Tensor) -> None:
    """On torch's `meta` device nothing is computed: the draws of what comes after must be the same."""
    here = list(augmented([pixels, pixels], "crop", 5))[1]
    there = list(augmented([pixels.to("meta"), pixels], "crop", 5))
    assert there[0].device.type == "meta" and torch.equal(there[1], here)

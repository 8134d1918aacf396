"""Augmentation: every image changed by a draw of its own, as uint8 pixels on the device where they are."""

from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor, nn

from explorer.catalogue import AUGMENTATIONS
from explorer.errors import unknown


def _flip(size: list[int]) -> list[nn.Module]:
    from torchvision.transforms import v2  # brings torch's compiler along: only for who augments

    return [v2.RandomHorizontalFlip()]


def _crop(size: list[int]) -> list[nn.Module]:
    from torchvision.transforms import v2

    return [v2.RandomResizedCrop(size, scale=(0.5, 1.0), antialias=True), *_flip(size)]


def _colour(size: list[int]) -> list[nn.Module]:
    from torchvision.transforms import v2

    return [*_crop(size), v2.ColorJitter(brightness=0.2, contrast=0.2, saturation=0.2, hue=0.05)]


CHANGES: dict[str, Callable[[list[int]], list[nn.Module]]] = {"flip": _flip, "crop": _crop, "colour": _colour}
"""Name → the transforms, for images of a size (h, w)."""


def augment(pixels: Tensor, name: str, seed: int) -> Tensor:
    """(b, h, w, 3) uint8 → the same shape; equal seeds give equal pictures, and torch's own draws stay as they were.

    Raises ExplorerError for an unknown name.
    """
    return next(augmented([pixels], name, seed))


def augmented(parts: Iterable[Tensor], name: str, seed: int) -> Iterator[Tensor]:
    """`augment` for a batch that comes in parts, one after the other: each draws on from where the last one ended.

    v2 draws once for whatever it is given, so each image is given alone. All draws are of the CPU's generator, wherever the
    pixels are.
    """
    if name != "none" and name not in CHANGES:
        raise unknown("augmentation", name, AUGMENTATIONS)
    state = torch.Generator().manual_seed(seed).get_state()
    for pixels in parts:
        if name != "none":
            pixels, state = _change(pixels, name, state)
        yield pixels


def _change(pixels: Tensor, name: str, state: Tensor) -> tuple[Tensor, Tensor]:
    """The changed pixels (b, h, w, 3), and the generator's state after their draws."""
    change = nn.Sequential(*CHANGES[name](list(pixels.shape[1:3])))
    images = pixels.cpu() if pixels.device.type == "mps" else pixels  # not every resize exists there
    with torch.random.fork_rng(devices=[]):
        torch.set_rng_state(state)
        changed = [change(image) for image in images.permute(0, 3, 1, 2)]
        state = torch.get_rng_state()
    return torch.stack(changed).permute(0, 2, 3, 1).contiguous(), state

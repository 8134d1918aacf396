"""The three splits of a data set as one row of pictures."""

import numpy as np
from PIL import Image

from explorer.data.images import Data, Images

SPLITS = ("train", "val", "test")


def joined(data: Data) -> tuple[Images, np.ndarray]:
    """(all pictures: training, then validation, then test; (n,) the split of each, a place in SPLITS)."""
    parts = [getattr(data, split) for split in SPLITS]
    splits = np.repeat(np.arange(len(SPLITS)), [len(part) for part in parts])
    places = np.concatenate([np.arange(len(part)) for part in parts])

    def part(i: int) -> tuple[Images, int]:
        return parts[int(splits[i])], int(places[i])

    def reduced(i: int, at_least: int) -> Image.Image:
        images, place = part(i)
        return images.reduced(place, at_least) if images.reduced else images.read(place)

    def read(i: int) -> Image.Image:
        images, place = part(i)
        return images.read(place)

    def mask(i: int) -> Image.Image:
        images, place = part(i)
        return images.mask(place) if images.mask else Image.new("L", images.read(place).size)

    def size(i: int) -> tuple[int, int]:
        images, place = part(i)
        return images.size(place) if images.size else images.read(place).size

    groups = [p.groups for p in parts if p.groups is not None]
    return Images(
        ids=tuple(name for p in parts for name in p.ids),
        labels=np.concatenate([p.labels for p in parts]),
        read=read,
        reduced=reduced if any(p.reduced for p in parts) else None,
        mask=mask if all(p.mask for p in parts) else None,
        groups=np.concatenate(groups) if len(groups) == len(parts) else None,
        size=size,
    ), splits

"""Few photographs, many views: random crops cut and recoloured as batched tensor operations, without a loop in Python.

All pictures lie in one flat array, each with three smaller copies (a mip pyramid), so that one gather cuts a whole
batch out of pictures of any size, on a processor or an accelerator alike. Letters: n pictures, b views, h w pixels.
"""

import importlib.util
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from explorer.data import photos

LEVELS = 4
ENDINGS = {".png", ".jpg", ".jpeg"}


@dataclass(frozen=True)
class Source:
    """Pictures of one origin, (h, w, 3) uint8 each, and how often one of them is chosen, as against other sources."""

    name: str
    pictures: tuple[np.ndarray, ...]
    share: float


@dataclass(frozen=True)
class Atlas:
    """Every picture at every level, as one row of pixels packed into integers; tables are (levels, n)."""

    pixels: Tensor
    offset: Tensor
    height: Tensor
    width: Tensor
    weight: Tensor


def photo_bands() -> list[np.ndarray]:
    """The training and validation bands of the photographs: the test bands are for scoring and are never read here."""
    return [photos.band(name, "train", "val") for name in photos.PHOTOS]


def hopper() -> list[np.ndarray]:
    """Matplotlib's sample portrait, or nothing where matplotlib is not installed."""
    spec = importlib.util.find_spec("matplotlib")
    if spec is None or not spec.submodule_search_locations:
        return []
    path = Path(spec.submodule_search_locations[0]) / "mpl-data/sample_data/grace_hopper.jpg"
    return [read(path)] if path.exists() else []


def read(path: Path) -> np.ndarray:
    """One picture as RGB, (h, w, 3) uint8."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def folder(path: Path) -> list[np.ndarray]:
    """Every picture under a folder, in the order of their names; labels, if there are any, are not looked at."""
    return [read(file) for file in sorted(path.rglob("*")) if file.suffix.lower() in ENDINGS]


def sources(folders: list[Path]) -> list[Source]:
    """The photographs take 60 % of the views; folders share the rest by the square root of their pixels."""
    pictures = photo_bands() + hopper()
    found = [(path.parent.name + "/" + path.name, folder(path)) for path in folders]
    sizes = [math.sqrt(sum(p.size for p in ps)) for _, ps in found]
    rest = [Source(n, tuple(ps), 0.4 * s / sum(sizes)) for (n, ps), s in zip(found, sizes, strict=True)]
    return [Source("photographs", tuple(pictures), 0.6 if rest else 1.0), *rest]


def pyramid(picture: np.ndarray) -> list[np.ndarray]:
    """The picture and its halves, quarters and eighths; a side never falls under 16 pixels."""
    levels = [picture]
    for _ in range(LEVELS - 1):
        image = Image.fromarray(levels[-1])
        small = min(image.size) < 32
        levels.append(levels[-1] if small else np.asarray(image.reduce(2)))
    return levels


def packed(picture: np.ndarray) -> np.ndarray:
    """Each pixel as one integer, (h * w,) int32, so that a gather moves three channels at once."""
    rgbx = np.zeros((*picture.shape[:2], 4), np.uint8)
    rgbx[..., :3] = picture
    return rgbx.reshape(-1, 4).view(np.int32).reshape(-1)


def atlas(found: list[Source], device: torch.device) -> Atlas:
    """Lay all pictures of all sources out in one array."""
    pictures = [(picture, source.share / len(source.pictures)) for source in found for picture in source.pictures]
    pyramids = [pyramid(picture) for picture, _ in pictures]
    rows = [levels[i] for i in range(LEVELS) for levels in pyramids]
    ends = np.cumsum([0, *(row.shape[0] * row.shape[1] for row in rows)])

    def table(values: list[int]) -> Tensor:
        return torch.tensor(values, device=device).reshape(LEVELS, len(pictures))

    return Atlas(
        pixels=torch.from_numpy(np.concatenate([packed(row) for row in rows])).to(device),
        offset=table(ends[:-1].tolist()),
        height=table([row.shape[0] for row in rows]),
        width=table([row.shape[1] for row in rows]),
        weight=torch.tensor([share for _, share in pictures]),
    )

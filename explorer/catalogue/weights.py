"""Pre-trained weights and the preprocessing they were evaluated with."""

import os
from dataclasses import dataclass
from pathlib import Path

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of the colours of ImageNet."""


@dataclass(frozen=True)
class Preprocessing:
    """How a picture becomes an input: short side to `resize` by an antialiased filter, `bilinear` or `bicubic`, centre `crop`
    (pixels), (x/255 - mean)/std."""

    resize: int
    crop: int
    mean: tuple[float, float, float] = MEAN
    std: tuple[float, float, float] = STD
    filter: str = "bilinear"


@dataclass(frozen=True)
class Weights:
    """One set of pre-trained weights: the enum member's name, its file name, and what it was evaluated with: the resize
    and its filter."""

    name: str
    file: str
    resize: int = 256
    filter: str = "bilinear"


def checkpoints_folder() -> Path:
    """Torch's own folder for downloaded weights: $TORCH_HOME/hub/checkpoints (torch is not imported)."""
    cache = os.environ.get("XDG_CACHE_HOME", "~/.cache")
    home = os.environ.get("TORCH_HOME", f"{cache}/torch")
    return Path(home).expanduser() / "hub" / "checkpoints"


def imagenet_v1(file: str, resize: int = 256) -> Weights:
    """torchvision's first ImageNet weights of a backbone."""
    return Weights("IMAGENET1K_V1", file, resize)

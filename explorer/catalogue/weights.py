"""Pre-trained weights and the preprocessing they were evaluated with."""

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of the colours of ImageNet."""


RANDOM, MATCHED = "random", "matched"
"""In a recipe, `weights` is the first where the network is as its library makes it; the second, or with a colon and a name behind
it, where each tensor is drawn with the mean and standard deviation that it has in the pre-trained weights of that name."""


def drawn(weights: str) -> bool:
    """Whether weights of this name are drawn by a seed, so that nothing of them was learned."""
    return weights in (RANDOM, MATCHED) or bool(source(weights))


def source(weights: str) -> str:
    """The pre-trained weights whose statistics matched ones have; empty for all others."""
    kind, _, name = weights.partition(":")
    return name if kind == MATCHED else ""


def matched(name: str) -> str:
    """What a recipe calls weights that are drawn with the statistics of these."""
    return f"{MATCHED}:{name}"


def drawn_words(weights: str) -> str:
    """`random weights`, `matched weights`; empty where they were learned."""
    return ("matched weights" if source(weights) else "random weights") if drawn(weights) else ""


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
    return _checkpoints(os.environ.get("TORCH_HOME", f"{cache}/torch"))


@lru_cache(maxsize=64)
def _checkpoints(home: str) -> Path:
    """By the text of Torch's folder: the form of a recipe asks for it four hundred times."""
    return Path(home).expanduser() / "hub" / "checkpoints"


def imagenet_v1(file: str, resize: int = 256) -> Weights:
    """torchvision's first ImageNet weights of a backbone."""
    return Weights("IMAGENET1K_V1", file, resize)

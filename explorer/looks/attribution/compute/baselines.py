"""Pictures that are to carry no evidence: what a map compares with, and what takes the place of what is removed."""

from collections.abc import Callable

import torch
from torch import Tensor

from explorer.catalogue import Preprocessing
from explorer.errors import unknown


def plain(x: Tensor, value: float) -> Tensor:
    """Pictures like `x` (n, 3, h, w) in one grey, 0 black to 1 white, normalised."""
    mean, std = (torch.tensor(v).to(x).view(3, 1, 1) for v in (Preprocessing.mean, Preprocessing.std))
    return ((value - mean) / std).expand_as(x)


def greys(x: Tensor) -> list[Tensor]:
    """Black, mean grey (zeros after normalisation) and white pictures like `x` (n, 3, h, w)."""
    return [plain(x, 0.0), torch.zeros_like(x), plain(x, 1.0)]


def blurred(x: Tensor) -> Tensor:
    """The pictures (n, 3, h, w), blurred with a spread of a sixteenth of their shorter side."""
    from torchvision.transforms.v2.functional import gaussian_blur  # brings torch's compiler along

    side = min(x.shape[2:])
    reach = min(-(-side // 6), side - 1)  # beyond 2.7 spreads nothing is left to add
    return gaussian_blur(x, [2 * reach + 1] * 2, [side / 16] * 2)


BASELINES: dict[str, Callable[[Tensor], Tensor]] = {
    "grey": torch.zeros_like,
    "black": lambda x: plain(x, 0.0),
    "blurred": blurred,
}


def baseline(x: Tensor, name: str) -> Tensor:
    """The baseline of that name for the pictures `x` (n, 3, h, w), of their shape; ExplorerError for an unknown name."""
    if name not in BASELINES:
        raise unknown("baseline", name, BASELINES)
    return BASELINES[name](x)

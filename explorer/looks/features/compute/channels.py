"""Activation maps of one picture: every channel of a stage, what changed, what is strong."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from explorer.catalogue.backbones import stage_of
from explorer.errors import ExplorerError
from explorer.models.lending import lend
from explorer.models.network import Network
from explorer.models.pooling import grid


def maps(network: Network, image: Tensor, stage: str) -> np.ndarray:
    """What every channel of `stage` answers to one image (1, 3, h, w): (c, h', w') float32, on the stage's own grid.

    A transformer's patch tokens are laid out as the patches lie in the image, (c, 14, 14) at 224 px; the class token has
    no place and is left out. Raises ExplorerError for a stage that the backbone lacks.
    """
    stage_of(network.row, stage)
    with lend(network), torch.inference_mode():
        device = next(network.parameters()).device
        return grid(network.until(image.to(device), stage))[0].float().cpu().numpy()


def all_maps(network: Network, image: Tensor) -> dict[str, np.ndarray]:
    """The maps of every stage for one image (1, 3, h, w), input first: (c, h', w') float32."""
    found = {}
    with lend(network), torch.inference_mode():
        x = image.to(next(network.parameters()).device)
        for name in network.row.stage_names:
            x = network.stages[name](x)
            found[name] = grid(x)[0].float().cpu().numpy()
    return found


def rank_by_change(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The channels of `a`, `b` (c, h, w), most changed first (c,), and each channel's change (c,), in channel order.

    Change is the mean absolute difference over positions, in the units of the activations. Channels that changed
    equally stay in their order, so nothing moved gives 0, 1, 2, …. Channels are comparable only where tuning started
    from the same weights.
    """
    if a.shape != b.shape:
        raise ExplorerError(
            f"The two networks have different channels here: {a.shape} against {b.shape} (c, h, w). "
            "Compare two runs of the same backbone and input size."
        )
    change = np.abs(b - a).mean(axis=(1, 2))
    return np.argsort(-change, kind="stable"), change


def strength(*maps: np.ndarray) -> np.ndarray:
    """How strongly each channel answers, (c,): mean |activation| over positions, averaged over the `maps` (c, h, w)."""
    return np.mean([np.abs(found).mean(axis=(1, 2)) for found in maps], axis=0)


def strongest(k: int, *maps: np.ndarray) -> np.ndarray:
    """The `k` channels (at most c) that answer most strongly, the strongest first."""
    return np.argsort(-strength(*maps), kind="stable")[:k]


def shrunk(maps: np.ndarray, most: int) -> np.ndarray:
    """Maps (c, h, w) with at most `most` cells a side, each the mean of the cells it stands for."""
    h, w = maps.shape[1:]
    if max(h, w) <= most:
        return maps
    scale = most / max(h, w)
    size = (max(1, round(h * scale)), max(1, round(w * scale)))
    return functional.adaptive_avg_pool2d(torch.from_numpy(maps)[None], size)[0].numpy()

"""Channels of a stage: their maps of one picture, what changed, what is strong, and which class each prefers."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from explorer.catalogue.backbones import stage_of
from explorer.errors import ExplorerError
from explorer.models.lending import lend
from explorer.models.network import Network
from explorer.models.pooling import grid
from explorer.models.spare_card import sent


def maps(network: Network, image: Tensor, stage: str) -> np.ndarray:
    """What every channel of `stage` answers to one image (1, 3, h, w): (c, h', w') float32, on the stage's own grid.

    A transformer's patch tokens are laid out as the patches lie in the image, (c, 14, 14) at 224 px; the class token has
    no place and is left out. Raises ExplorerError for a stage that the backbone lacks.
    """
    stage_of(network.row, stage)
    with lend(network), torch.inference_mode():
        return grid(network.until(sent(network, image), stage))[0].float().cpu().numpy()


def all_maps(network: Network, image: Tensor) -> dict[str, np.ndarray]:
    """The maps of every stage for one image (1, 3, h, w), input first: (c, h', w') float32."""
    found = {}
    with lend(network), torch.inference_mode():
        x = sent(network, image)
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


def class_selectivity(features: np.ndarray, labels: np.ndarray, floor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each channel's class-selectivity index (c,) in [0, 1] and the class it prefers (c,), -1 where there is none.

    (µ_max - µ_rest) / (µ_max + µ_rest) of a channel's pooled `features` (n, c): µ_max is the mean over the images of the
    class that it answers most, µ_rest the mean of the other classes' means (Morcos et al. 2018, arXiv 1803.06959). 0: it
    answers all classes alike, or never; 1: one class only. The index is made for activations of at least 0, so it counts
    from `floor` (c,): 0 after a ReLU, the lowest value elsewhere. Raises ExplorerError for fewer than two classes.
    """
    known = np.unique(labels)
    if len(known) < 2:
        raise ExplorerError(
            f"The test images have {len(known)} class; telling which class a channel prefers needs at least 2. Choose runs "
            f"with more classes."
        )
    above = features.astype(np.float64) - floor
    means = np.stack([above[labels == k].mean(axis=0) for k in known])
    most = means.max(axis=0)
    rest = (means.sum(axis=0) - most) / (len(known) - 1)
    index = np.divide(most - rest, most + rest, out=np.zeros_like(most), where=most + rest > 0)
    return index, np.where(index > 0, known[means.argmax(axis=0)], -1)


def lowest(*features: np.ndarray) -> np.ndarray:
    """What the index counts from, (c,): 0, or the lowest value of a channel in any of the `features` (n, c) below 0."""
    return np.minimum(0.0, np.min([found.min(axis=0) for found in features], axis=0)).astype(np.float64)

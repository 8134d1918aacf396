"""Activations and pooled features of named stages, always in eval mode."""

from collections.abc import Callable, Iterable
from operator import length_hint

import numpy as np
import torch
from torch import Tensor

from explorer.catalogue.backbones import stage_of
from explorer.engine.backbones import Network, grid, lend, pooled
from explorer.errors import ExplorerError

BATCH = 64


def pooled_features(
    network: Network, images: Tensor | Iterable[Tensor], progress: Callable[[float], None] | None = None
) -> dict[str, np.ndarray]:
    """The features (n, c) float32 of every stage, input first: its output averaged over positions.

    `images`: (n, 3, h, w) normalised, cut here into batches of 64, or batches already. For "before" and "after" to be
    comparable bit by bit, give both networks the same batches. `progress` is called with the share done, in (0, 1],
    where the number of batches is known (a generator can report by itself); what it raises stops the work. Raises
    ExplorerError where there is no image.
    """
    batches = images.split(BATCH) if isinstance(images, Tensor) else images
    total = length_hint(batches)
    found: dict[str, list[Tensor]] = {name: [] for name in network.row.stage_names}
    with lend(network), torch.inference_mode():
        device = next(network.parameters()).device
        for i, batch in enumerate(batches, 1):
            x = batch.to(device)
            for name, parts in found.items():
                x = network.stages[name](x)
                parts.append(pooled(x).cpu())
            if progress and total:
                progress(i / total)
    features = {name: torch.cat(parts).numpy() for name, parts in found.items() if parts}
    if not all(map(len, features.values())) or not features:
        raise ExplorerError("There is no image to compute features of (0 images; at least 1 is needed). Choose more.")
    return features


def maps(network: Network, image: Tensor, stage: str) -> np.ndarray:
    """What every channel of `stage` answers to one image (1, 3, h, w): (c, h', w') float32, on the stage's own grid.

    A transformer's patch tokens are laid out as the patches lie in the image, (c, 14, 14) at 224 px; the class token has
    no place and is left out. Raises ExplorerError for a stage that the backbone has not.
    """
    stage_of(network.row, stage)
    with lend(network), torch.inference_mode():
        device = next(network.parameters()).device
        return grid(network.until(image.to(device), stage))[0].float().cpu().numpy()


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

"""Pooled features of every stage, always in eval mode."""

from collections.abc import Iterable
from operator import length_hint

import numpy as np
import torch
from torch import Tensor

from explorer.errors import ExplorerError
from explorer.models.lending import lend
from explorer.models.network import Network
from explorer.models.spare_card import sent
from explorer.progress import FractionCallback

BATCH = 64


def pooled_features(
    network: Network, images: Tensor | Iterable[Tensor], progress: FractionCallback | None = None
) -> dict[str, np.ndarray]:
    """The features (n, c) float32 of every stage, input first: its output averaged over positions.

    `images`: (n, 3, h, w) normalised, cut here into batches of 64, or batches already. For "before" and "after" to be
    comparable bit by bit, give both networks the same batches. `progress` is called with the share done, in (0, 1],
    where the number of batches is known (a generator can report by itself); what it raises stops the work. Raises
    ExplorerError where there is no image.
    """
    batches = images.split(BATCH) if isinstance(images, Tensor) else images
    total = length_hint(batches)
    found: dict[str, list[np.ndarray]] = {name: [] for name in network.row.stage_names}
    with lend(network), torch.inference_mode():
        for i, batch in enumerate(batches, 1):
            for name, rows in network.pooled_stages(sent(network, batch)):
                found[name].append(rows)
            if progress and total:
                progress(i / total)
    features = {name: np.concatenate(parts) for name, parts in found.items() if parts}
    if not all(map(len, features.values())) or not features:
        raise ExplorerError("There is no image to compute features of (0 images; at least 1 is needed). Choose more.")
    return features

"""The filters that look at the pixels themselves."""

import numpy as np
from torch import nn

from explorer.errors import ExplorerError
from explorer.models.network import Network


def first_filters(network: Network) -> tuple[str, np.ndarray]:
    """The name of the first convolution and its filters (f, 3, h, w) float32, red, green, blue.

    Every backbone of the catalogue has one; in a transformer it is the patch embedding. A filter acts on normalised
    pixels, so its colours are weights on (x - mean) / std, not on the pixels of the file.
    """
    for name, module in network.model.named_modules():
        if isinstance(module, nn.Conv2d) and module.in_channels == 3:
            return name, module.weight.detach().float().cpu().numpy().copy()
    raise ExplorerError(
        f"{network.row.title} has no convolution that reads the three colours, so it has no first filters to show. "
        f"Choose runs of another backbone."
    )

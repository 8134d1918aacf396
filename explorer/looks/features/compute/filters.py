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
    name, layer = first_convolution(network.model)
    return name, layer.weight.detach().float().cpu().numpy().copy()


def first_convolution(model: nn.Module) -> tuple[str, nn.Conv2d]:
    """The convolution that reads the picture's three colours, and its name; ExplorerError where there is none."""
    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d) and module.in_channels == 3:
            return name, module
    raise ExplorerError(
        "This backbone has no convolution that reads the three colours, so it has no first filters to show. Choose runs of "
        "another one."
    )

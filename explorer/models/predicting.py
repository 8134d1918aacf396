"""What a network says of pictures."""

import numpy as np
import torch
from torch import Tensor

from explorer.models.lending import lend
from explorer.models.network import Network


def probabilities(network: Network, x: Tensor) -> np.ndarray:
    """The probability of each class for the images `x` (n, 3, h, w), normalised: (n, k) float32, rows adding up to 1."""
    return logits(network, x).softmax(dim=1).cpu().numpy()


def logits(network: Network, x: Tensor) -> Tensor:
    """The logits of the images `x` (n, 3, h, w), normalised: (n, k) float32, in eval mode."""
    return features_and_logits(network, x)[1]


def features_and_logits(network: Network, x: Tensor) -> tuple[Tensor, Tensor]:
    """What the head reads of the images `x` (n, 3, h, w), normalised, (n, d), and the logits (n, k), float32, in eval mode."""
    with lend(network), torch.inference_mode():
        read = network.features(x.to(next(network.parameters()).device), None)
        return read, network.classify(read).float()

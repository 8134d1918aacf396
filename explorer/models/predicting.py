"""What a network says of pictures."""

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from torch import Tensor

from explorer.models.abreast import abreast
from explorer.models.lending import lend
from explorer.models.network import Network
from explorer.models.spare_card import sent


def probabilities(network: Network, x: Tensor) -> np.ndarray:
    """The probability of each class for the images `x` (n, 3, h, w), normalised: (n, k) float32, rows adding up to 1."""
    return logits(network, x).softmax(dim=1).cpu().numpy()


def probabilities_of(network: Network, parts: Iterable[Tensor]) -> Iterator[np.ndarray]:
    """`probabilities` of each part (n, 3, h, w), in order; on two cores two at a time (`abreast`), to the last bit. The network
    is lent until the last is read."""
    with lend(network) as lent:
        device = next(lent.parameters()).device

        def one(x: Tensor) -> np.ndarray:
            with torch.inference_mode():
                return lent.classify(lent.features(sent(lent, x), None)).float().softmax(dim=1).cpu().numpy()

        yield from abreast(one, parts, device)


def logits(network: Network, x: Tensor) -> Tensor:
    """The logits of the images `x` (n, 3, h, w), normalised: (n, k) float32, in eval mode."""
    return features_and_logits(network, x)[1]


def features_and_logits(network: Network, x: Tensor) -> tuple[Tensor, Tensor]:
    """What the head reads of the images `x` (n, 3, h, w), normalised, (n, d), and the logits (n, k), float32, in eval mode."""
    with lend(network), torch.inference_mode():
        read = network.features(sent(network, x), None)
        return read, network.classify(read).float()

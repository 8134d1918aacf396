"""What a network learned, in 8 bits a weight: the difference from the weights it began with, scaled for each output channel."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

DELTA, SCALE = "delta/", "scale/"


def packed(start: Mapping[str, Tensor], learned: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
    """Convolutions as int8 differences from `start` (`delta/<name>`) with a float32 scale for each output channel
    (`scale/<name>`); all other tensors as they are. A weight is off by half a scale at most, 1/254 of the largest difference
    of its channel."""
    stored = {}
    for name, tensor in learned.items():
        if tensor.ndim != 4:
            stored[name] = tensor.numpy()
            continue
        delta = tensor.float() - start[name].float()
        scale = delta.abs().amax(dim=(1, 2, 3), keepdim=True) / 127
        stored[DELTA + name] = (delta / scale.clamp_min(1e-30)).round().to(torch.int8).numpy()
        stored[SCALE + name] = scale.numpy()
    return stored


def unpacked(start: Mapping[str, Tensor], stored: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
    """The reverse of `packed`; tensors that were never packed come back as they are."""
    found = {}
    for name, array in stored.items():
        if name.startswith(DELTA):
            plain = name.removeprefix(DELTA)
            found[plain] = start[plain] + torch.from_numpy(array).float() * torch.from_numpy(stored[SCALE + plain])
        elif not name.startswith(SCALE):
            found[name] = torch.from_numpy(array)
    return found

"""What the channels of a stage answer. Letters: n images, c channels, h w, d features, k classes."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class FeatureMaps:
    """One image through one stage of A and of B: `a`, `b` (c, h, w) float32 for the `channels` that changed most (their
    indices, most changed first); `change` (all channels,) mean absolute difference of each channel."""

    stage: str
    image: int | str
    picture: np.ndarray
    channels: np.ndarray
    a: np.ndarray
    b: np.ndarray
    change: np.ndarray

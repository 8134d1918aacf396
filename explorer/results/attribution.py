"""Where two runs look. Letters: n images, c channels, h w, d features, k classes."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Attribution:
    """Where A and B look for one pinned class: `a`, `b` (h, w) float32 at the method's own resolution (a stage's grid for
    Grad-CAM), signed; `picture` (H, W, 3) uint8; probabilities of the class in each model."""

    method: str
    stage: str
    image: int | str
    target: str
    picture: np.ndarray
    a: np.ndarray
    b: np.ndarray
    probability_a: float
    probability_b: float

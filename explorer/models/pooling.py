"""A stage's output as a grid, and as one vector an image."""

import math

from torch import Tensor


def grid(x: Tensor) -> Tensor:
    """A stage's output laid out in space: (n, c, h, w) stays; tokens (n, 1 + s², c) → (n, c, s, s) without class token."""
    return x if x.ndim == 4 else x[:, 1:].transpose(1, 2).unflatten(2, (math.isqrt(x.shape[1] - 1), -1))


def pooled(x: Tensor) -> Tensor:
    """One vector an image from a stage's output, (n, c, h, w) or (n, tokens, c) → (n, c): the mean over positions.

    For tokens the class token is left out, so that `before` and `after` mean the same at every stage.
    """
    return grid(x).float().mean(dim=(2, 3))

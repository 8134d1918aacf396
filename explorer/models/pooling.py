"""A stage's output as a grid, and as one vector an image."""

import math

from torch import Tensor


def grid(x: Tensor) -> Tensor:
    """A stage's output laid out in space: (n, c, h, w) stays; tokens (n, p + s², c) → (n, c, s, s) without those of no patch."""
    if x.ndim == 4:
        return x
    return x[:, extra(x) :].transpose(1, 2).unflatten(2, (math.isqrt(x.shape[1]), -1))


def extra(x: Tensor) -> int:
    """How many of the tokens (n, p + s², c) stand for no patch: p, class and register tokens, which come first."""
    return x.shape[1] - math.isqrt(x.shape[1]) ** 2


def pooled(x: Tensor) -> Tensor:
    """One vector an image from a stage's output, (n, c, h, w) or (n, tokens, c) → (n, c): the mean over positions.

    Tokens of no patch are left out, so that `before` and `after` mean the same at every stage.
    """
    return grid(x).float().mean(dim=(2, 3))

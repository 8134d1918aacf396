"""A finer grid than a stage has: the picture moved by parts of a cell, and the maps laced together."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F


def stitched(ask: Callable[[Tensor], Tensor], x: Tensor, step: int, times: int) -> Tensor:
    """Maps (n, times · h', times · w') of images `x` (n, 3, h, w), of a function that gives maps (n, h', w'), a cell every `step`
    pixels.

    The picture is moved up and left by 0, 1, … times - 1 parts of a step, mirrored beyond its border, and each cell put
    where it then looks: shift-and-stitch (Sermanet et al. 2013, arXiv 1312.6229; Long, Shelhamer & Darrell 2014,
    arXiv 1411.4038, section 3.2). The network sees the picture at the size it learned at, which a larger input would not
    give it. Divided by times², so that the cells add up to the mean of what the maps add up to.
    """
    high, wide = x.shape[2:]
    part = step // times
    larger = F.pad(x, (0, part * (times - 1), 0, part * (times - 1)), mode="reflect")
    rows = []
    for i in range(times):
        moved = [larger[:, :, i * part : i * part + high, j * part : j * part + wide] for j in range(times)]
        rows.append(torch.stack([ask(one.contiguous()) for one in moved], dim=-1).flatten(2))
    return torch.stack(rows, dim=2).flatten(1, 2) / times**2

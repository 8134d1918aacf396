"""Random weights with the statistics of pre-trained ones."""

import torch
from torch import nn

from explorer.catalogue import Backbone


@torch.no_grad()
def redraw(row: Backbone, model: nn.Module) -> None:
    """Draw every parameter of the backbone again, in place and from torch's generator: each number independently from a normal
    with the mean and the standard deviation that its tensor had ("Mean Var init", Raghu et al. 2019, arXiv 1902.07208). What the
    weights had learned is gone, their scale is left.

    BatchNorm's scale and shift are parameters and are drawn too. Its running statistics are no parameters: they say how large
    a layer's outputs were, which is scale, so they stay, channel by channel. Drawn, a variance could fall below 0; set to 0 and 1
    as in a new network, the normal weights between them would shrink the signal from stage to stage: in the built-in backbone
    to a thousandth, and a probe of it, right on 61 % of 306 photo patches with them, is right on 28 to 45 % without.
    """
    parts = tuple(part for stage in row.stages for part in stage.parts)
    for name, tensor in model.named_parameters():
        if any(f"{name}.".startswith(f"{part}.") for part in parts):
            exact = tensor.double()
            tensor.normal_(exact.mean().item(), exact.std(correction=0).item())

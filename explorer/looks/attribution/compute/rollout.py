"""Attention rollout: how much of each patch reaches the class token; see `attribute` for the way in."""

import math
from typing import cast

import torch
from torch import Tensor, nn

from explorer.models.network import Network


@torch.no_grad()
def rollout(network: Network, x: Tensor, targets: Tensor, stage: str, base: str) -> Tensor:
    """Attention rollout over all layers: (n, s, s), the share of each patch in the class token; the same for every class.

    Ã = (I + mean over heads of A) / 2, row by row; the class token's row of Ã_L ⋯ Ã_1 (Abnar & Zuidema 2020,
    arXiv 2005.00928). The shares of all patches and of the class token itself add up to 1.
    """
    seen: list[tuple[nn.MultiheadAttention, Tensor]] = []
    layers = [m for m in network.modules() if isinstance(m, nn.MultiheadAttention)]

    def note(layer: nn.Module, given: tuple[Tensor, ...]) -> None:
        seen.append((cast(nn.MultiheadAttention, layer), given[0]))

    hooks = [layer.register_forward_pre_hook(note) for layer in layers]
    try:
        network(x)
    finally:
        for hook in hooks:
            hook.remove()
    reached = torch.eye(seen[0][1].shape[1], device=x.device)[None]
    for layer, tokens in seen:
        attention = layer(tokens, tokens, tokens, need_weights=True)[1]
        reached = (attention @ reached + reached) / 2
    return reached[:, 0, 1:].unflatten(1, (math.isqrt(reached.shape[2] - 1), -1))

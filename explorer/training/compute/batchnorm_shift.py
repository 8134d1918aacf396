"""How far a data set's BatchNorm statistics lie from those that a network brings along: measurable before anything learns."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import torch
from torch import Tensor, nn

from explorer.data.stream import Stream, logits
from explorer.models.network import Network
from explorer.training.compute.batchnorm import BatchNorm, layers


def shifts(network: Network, images: Stream) -> dict[str, float]:
    """For each stage with BatchNorm the mean Kullback-Leibler divergence, in nats, of its channels' normal distributions.

    A channel's divergence is that of N(m, v), mean and variance over images and places of what enters the layer, from
    N(m', v'), the running statistics: ½ ((m - m')² / v' + v / v' - 1 - ln(v / v')); 0 where the images look like those the
    network was trained on, about 2 where their mean is two standard deviations off. The whole network runs in eval mode,
    as it does in scoring. Every image of `images` (n of them, as inputs) counts the same.
    """
    found = {}
    with _watched(network) as sums:
        logits(network, images)
    for stage in network.row.stage_names:
        values = [_divergence(layer, *sums[layer]) for layer in layers(network, (stage,)) if layer in sums]
        if values:
            found[stage] = torch.cat(values).mean().item()
    return found


@contextmanager
def _watched(network: Network) -> Iterator[dict[nn.Module, tuple[Tensor, Tensor, int]]]:
    """Layer → sum, sum of squares (c,) in float64 and count of what enters it while this is open."""
    sums: dict[nn.Module, tuple[Tensor, Tensor, int]] = {}

    def add(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        x = inputs[0].detach().double()
        total, squares, n = sums.get(layer, (0.0, 0.0, 0))
        dims = [d for d in range(x.dim()) if d != 1]
        sums[layer] = total + x.sum(dims), squares + (x * x).sum(dims), n + x.numel() // x.shape[1]

    hooks = [layer.register_forward_pre_hook(add) for layer in layers(network, network.row.stage_names)]
    try:
        yield sums
    finally:
        for hook in hooks:
            hook.remove()


def _divergence(layer: BatchNorm, total: Tensor, squares: Tensor, n: int) -> Tensor:
    """Of each channel, (c,); variances below BatchNorm's epsilon count as that."""
    mean = total / n
    variance = (squares / n - mean**2).clamp_min(layer.eps)
    kept, spread = (cast(Tensor, x).double() for x in (layer.running_mean, layer.running_var))
    spread = spread.clamp_min(layer.eps)
    ratio = variance / spread
    return 0.5 * ((mean - kept) ** 2 / spread + ratio - 1 - ratio.log())

"""BatchNorm's running statistics, re-estimated for weights that they were not made for."""

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

from explorer.data.stream import Stream
from explorer.models.bits import same
from explorer.models.network import Network

BatchNorm = nn.modules.batchnorm._BatchNorm


def layers(network: Network, stages: Iterable[str]) -> list[BatchNorm]:
    """The BatchNorm layers with running statistics in these stages; none in nets that normalise each image by itself."""
    found = [m for stage in stages for m in network.modules_of(stage) if isinstance(m, BatchNorm)]
    return [m for m in found if m.running_mean is not None]


def moved(
    network: Network, one: Mapping[str, Tensor], other: Mapping[str, Tensor], stages: Iterable[str]
) -> list[BatchNorm]:
    """Those of `layers` whose running statistics are not the same to the last bit in two states of the whole network.

    Statistics that no training moved are constants of the network, as its weights were learned with them: they fit
    whatever is put between. Only those that followed the weights can fail to fit other weights.
    """
    names = {module: name for name, module in network.model.named_modules()}
    return [
        layer
        for layer in layers(network, stages)
        if any(
            not same(one[key].cpu(), other[key].cpu())
            for key in (f"{names[layer]}.running_mean", f"{names[layer]}.running_var")
        )
    ]


def reestimate(network: Network, images: Stream, found: Sequence[BatchNorm]) -> int:
    """Re-estimate the statistics of these BatchNorm layers of the network, in place; returns how many there are.

    One pass over the images, all else in eval mode: every layer normalises by the batch, as in training, and its
    statistics become the plain mean over the batches of the batch's mean and unbiased variance. `images` must not be
    sorted by class, and its batches of one size.
    """
    kept = [layer.momentum for layer in found]
    network.eval()
    for layer in found:
        layer.reset_running_stats()
        layer.momentum = None  # torch's word for the plain mean over batches
        layer.train()
    try:
        for x in images if found else ():
            with torch.no_grad(), images.place.autocast():
                network.after(x, images.upto)
    finally:
        for layer, momentum in zip(found, kept, strict=True):
            layer.momentum = momentum
        network.eval()
    return len(found)

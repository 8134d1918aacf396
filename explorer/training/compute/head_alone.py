"""Where nothing but a linear head learns, on a CPU: what autograd computes of its gradients, by the same kernels, without its
bookkeeping, which takes longer than a small head's arithmetic."""

from collections.abc import Iterator, Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.data.feature_cache.cached import CachedFeatures
from explorer.models.network import Network

AHEAD = 32  # batches that are read at once
LINE = 64  # bytes: where torch lets tensors begin; a kernel may round otherwise where rows begin between two lines
_aten = torch.ops.aten
_MEAN, _IGNORED = 1, -100  # of the loss: over the batch, and the label that does not count, which no image has


def fits(network: Network) -> bool:
    """Whether the head is one linear layer on the CPU, with nothing hooked to it, and all of it learns."""
    head = network.head
    plain = type(head) is nn.Linear and not (head._forward_hooks or head._forward_pre_hooks)
    return plain and all(p is not None and p.requires_grad and p.device.type == "cpu" for p in (head.weight, head.bias))


def read(network: Network, front: CachedFeatures, batches: Sequence[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
    """What the head reads of each of these batches, (b, d), and their labels, (b,): many are read at once, and no bit of any
    differs from one at a time."""
    for start in range(0, len(batches), AHEAD):
        some = batches[start : start + AHEAD]
        every, sizes = torch.cat([*some]), [len(batch) for batch in some]
        x, labels = network.standardised(front.read(every)), front.labels_of(every)
        parts = [part if part.data_ptr() % LINE == 0 else part.clone() for part in x.split(sizes)]
        yield from zip(parts, labels.split(sizes), strict=True)


@torch.no_grad()
def backward(network: Network, x: Tensor, labels: Tensor, weight: Tensor | None) -> Tensor:
    """Give the head the gradients of the mean cross-entropy of what it reads, (b, d), and labels, (b,), to the last bit those of
    autograd, in place of what it had; returns that loss. `weight` is what an image of each class counts, (k,)."""
    head = cast(nn.Linear, network.head)
    logs = functional.log_softmax(functional.linear(x, head.weight, head.bias), 1)
    loss, total = _aten.nll_loss_forward.default(logs, labels, weight, _MEAN, _IGNORED)
    apart = _aten.nll_loss_backward.default(torch.ones_like(loss), logs, labels, weight, _MEAN, _IGNORED, total)
    apart = _aten._log_softmax_backward_data.default(apart, logs, 1, logs.dtype)
    head.weight.grad, head.bias.grad = apart.t().mm(x), apart.sum(0)
    return loss

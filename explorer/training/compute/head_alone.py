"""A step's gradients where nothing but a linear head learns, on a CPU: what autograd computes of it, by the same kernels, without
its bookkeeping, which takes longer than a small head's arithmetic."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from explorer.models.network import Network

_aten = torch.ops.aten
_MEAN, _IGNORED = 1, -100  # of the loss: over the batch, and the label that does not count, which no image has


def fits(network: Network) -> bool:
    """Whether the head is one linear layer on the CPU, with nothing hooked to it, and all of it learns."""
    head = network.head
    plain = type(head) is nn.Linear and not (head._forward_hooks or head._forward_pre_hooks)
    return plain and all(p is not None and p.requires_grad and p.device.type == "cpu" for p in (head.weight, head.bias))


@torch.no_grad()
def backward(network: Network, x: Tensor, labels: Tensor, weight: Tensor | None) -> Tensor:
    """Give the head the gradients of the mean cross-entropy of features (b, d) and labels (b,), to the last bit those of
    autograd, in place of what it had; returns that loss. `weight` is what an image of each class counts, (k,)."""
    x, head = network.standardised(x), cast(nn.Linear, network.head)
    logs = functional.log_softmax(functional.linear(x, head.weight, head.bias), 1)
    loss, total = _aten.nll_loss_forward.default(logs, labels, weight, _MEAN, _IGNORED)
    apart = _aten.nll_loss_backward.default(torch.ones_like(loss), logs, labels, weight, _MEAN, _IGNORED, total)
    apart = _aten._log_softmax_backward_data.default(apart, logs, 1, logs.dtype)
    head.weight.grad, head.bias.grad = apart.t().mm(x), apart.sum(0)
    return loss

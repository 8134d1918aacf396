"""Lend a model and take it back as it was."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

from explorer.models.network import Network


@contextmanager
def lend(network: Network, training: bool = False) -> Iterator[Network]:
    """Lend a model under its lock, in eval (or train) mode, and take it back as it was: modes, gradient flags,
    gradients, and no hook left, after success and after failure."""
    with network.lock.held:
        modes = {module: module.training for module in network.modules()}
        flags = {p: (p.requires_grad, p.grad) for p in network.parameters()}
        views = (m for view in (*network.stages.values(), network.pooling) for m in view.modules())
        hooks = {m: _hooks(m) for m in (*network.modules(), *views)}
        try:
            network.zero_grad(set_to_none=True)
            yield network.train(training)
        finally:
            for module, mode in modes.items():
                module.training = mode
            for parameter, (flag, gradient) in flags.items():
                if parameter.requires_grad != flag:  # even a no-op is refused on weights made under inference_mode
                    parameter.requires_grad_(flag)
                parameter.grad = gradient
            for module, kept in hooks.items():
                _drop_hooks(module, kept)


_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def _hooks(module: nn.Module) -> dict[str, set[int]]:
    return {name: set(getattr(module, name)) for name in _HOOKS}


def _drop_hooks(module: nn.Module, kept: dict[str, set[int]]) -> None:
    for name, known in kept.items():
        for key in set(getattr(module, name)) - known:
            getattr(module, name).pop(key)

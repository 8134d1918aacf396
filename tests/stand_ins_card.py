"""A stand-in for a GPU that looks may use: tensors that say they are elsewhere, and are computed on the processor.

As on a GPU nothing is computed from tensors in two places, but for single numbers; what is elsewhere is no array of numpy's.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode, return_and_correct_aliasing
from torch.utils._pytree import tree_leaves, tree_map

from explorer.models import spare_card
from explorer.models.network import Network
from explorer.models.spare_card import SpareCard

ELSEWHERE = torch.device("meta")  # autograd serves it without a thread of its own, as it does the processor
MAY_MIX = (torch.ops.aten.copy_.default, torch.ops.aten.index.Tensor)


class FarTensor(Tensor):
    """A tensor on the GPU; `held` is what it holds, on the processor."""

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor) -> "FarTensor":
        far = Tensor._make_wrapper_subclass(
            cls,
            held.shape,
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            device=ELSEWHERE,
            requires_grad=held.requires_grad,
        )
        far.held = held
        return far

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _computed(func, args, kwargs or {})


class _Torch(TorchDispatchMode):
    """Torch, with that GPU."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _computed(func, args, kwargs or {})


def _computed(func: Any, args: Any, kwargs: Any) -> Any:
    tensors = [t for t in tree_leaves((args, kwargs)) if isinstance(t, Tensor)]
    far, wanted = any(isinstance(t, FarTensor) for t in tensors), kwargs.get("device")
    if far and func not in MAY_MIX and any(t.dim() for t in tensors if not isinstance(t, FarTensor)):
        raise RuntimeError(f"Expected all tensors to be on the same device: {func}")
    given, named = tree_map(lambda t: t.held if isinstance(t, FarTensor) else t, (args, kwargs))
    found = func(*given, **named | ({} if wanted is None else {"device": torch.device("cpu")}))
    if not (far if wanted is None else torch.device(wanted) == ELSEWHERE):
        return found
    found = tree_map(lambda t: FarTensor(t) if isinstance(t, Tensor) else t, found)
    return return_and_correct_aliasing(func, args, kwargs, found) if far else found


class Watched(SpareCard):
    """The GPU of a process, and the networks that were placed on it, by contest."""

    def __init__(self) -> None:
        super().__init__(ELSEWHERE, lambda: self.training)
        self.training, self.moved = False, list[tuple[str, int]]()

    def placed(self, network: Network, pixels: int, anew: bool = False) -> Network:
        found = super().placed(network, pixels, anew)
        if found is not network:
            self.moved.append((network.row.name, pixels))
        return found


@contextmanager
def another_card(patch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """A process with a GPU that looks may use."""
    card, autocast = Watched(), torch.autocast
    patch.setattr(spare_card, "here", card)
    patch.setattr(
        torch,
        "autocast",
        lambda kind, *given, **named: nullcontext() if kind == ELSEWHERE.type else autocast(kind, *given, **named),
    )
    with _Torch(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "for .*: copying from a non-meta parameter")  # which does something here
        yield card

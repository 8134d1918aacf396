"""A stand-in for a GPU that captures: on the processor, and with what is hard about a CUDA graph.

Torch's own operations are taped with the tensors that they read and wrote, and played again on these. So a replay runs no Python
and no hook, repeats every number that was a number, reads every tensor where it was, and what waits for the device cannot be
captured. Nothing is computed by a capture: what it wrote is put back, and it draws nothing.
"""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from explorer.models.devices import Device
from explorer.training.compute import captured

WAITS = (
    torch.ops.aten._local_scalar_dense.default,
    torch.ops.aten.nonzero.default,
    torch.ops.aten.masked_select.default,
)


class Tape(TorchDispatchMode):
    """Every operation while it is on, with its arguments and results, and what each tensor held when it was first read.

    Not only of those that an operation says it writes to: BatchNorm's is silent about its statistics.
    """

    def __init__(self) -> None:
        super().__init__()
        self.operations: list[tuple[Any, Any, Any, Any]] = []
        self.before: dict[tuple[Any, ...], tuple[Tensor, Tensor]] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in WAITS:
            raise RuntimeError("operation not permitted when stream is capturing")
        named = kwargs or {}
        for given in tree_leaves((args, named)):
            if isinstance(given, Tensor):
                key = given.data_ptr(), given.shape, given.stride(), given.dtype
                self.before.setdefault(key, (given, given.clone()))
        results = func(*args, **named)
        self.operations.append((func, args, named, results))
        return results

    @torch.no_grad()
    def put_back(self) -> None:
        """What was there before as it was; the first of two that overlap is put back last."""
        for tensor, before in reversed(self.before.values()):
            tensor.copy_(before)
        self.before.clear()

    @torch.no_grad()
    def play(self) -> None:
        """All operations again; a result goes to where it went before."""
        for func, args, named, results in self.operations:
            for before, now in zip(tree_leaves(results), tree_leaves(func(*args, **named)), strict=True):
                if isinstance(before, Tensor) and before.data_ptr() != now.data_ptr():
                    before.copy_(now)


class TapedCard:
    """In the place of `captured.Card`; `deeds` counts what was asked of it, `fails` is what its next capture raises."""

    fails: Exception | None = None

    def __init__(self, device: torch.device) -> None:
        self.deeds = {"aside": 0, "capture": 0, "replay": 0, "release": 0}

    def aside(self, run: Callable[[], Tensor]) -> Tensor:
        loss = run()
        self.deeds["aside"] += 1
        return loss

    def capture(self, run: Callable[[], Tensor]) -> Callable[[], Tensor]:
        if TapedCard.fails:
            raise TapedCard.fails
        tape, drawn = Tape(), torch.get_rng_state()
        try:
            with tape:
                loss = run()
        finally:
            tape.put_back()
            torch.set_rng_state(drawn)
        self.deeds["capture"] += 1

        def replay() -> Tensor:
            self.deeds["replay"] += 1
            tape.play()
            return loss

        return replay

    def release(self) -> None:
        self.deeds["release"] += 1


def capturing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps are captured on the processor from now on."""
    monkeypatch.setattr(Device, "captures", True)
    monkeypatch.setattr(captured, "Card", TapedCard)
    monkeypatch.setattr(TapedCard, "fails", None)

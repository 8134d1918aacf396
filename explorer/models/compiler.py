"""torchvision and torch's optimizers without torch's compiler: nothing here uses it, and it takes as long to import as torch.

torchvision asks it one question at import (for `roi_align`, whether a device can compile), an optimizer has it switch itself off
for its methods, and break its graph in each step. Whoever needs it (torch.export does) imports it then.
"""

import importlib
import inspect
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import torch

_ASKED = "torch._dynamo.utils"


class _StandIn(ModuleType):
    """What torchvision finds in place of the compiler's module: the one function it takes, which asks when it is called."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # whoever lists all modules looks at these
            raise AttributeError(name)

        def real() -> Any:
            if sys.modules.get(_ASKED) is self:
                del sys.modules[_ASKED]
            return getattr(importlib.import_module(_ASKED), name)

        return (lambda *given: real()(*given)) if name == "is_compile_supported" else real()


def _import_torchvision() -> None:
    """Import torchvision while the stand-in is there."""
    if _ASKED in sys.modules or "torchvision" in sys.modules:
        return
    sys.modules[_ASKED] = stand_in = _StandIn(_ASKED)
    try:
        importlib.import_module("torchvision")
    finally:
        if sys.modules.get(_ASKED) is stand_in:
            del sys.modules[_ASKED]


def _leave_optimizers_plain() -> None:
    """Say of the methods that an optimizer switches off for the compiler that they are off already, as they stand."""
    for method in vars(torch.optim.Optimizer).values():
        if getattr(method, "__globals__", {}).get("__name__") == "torch._compile":
            plain = method.__wrapped__
            setattr(plain, "__dynamo_disable", getattr(plain, "__dynamo_disable", plain))  # noqa: B010  (torch's own name)


class AdamW(torch.optim.AdamW):
    """Torch's own, to the last bit; its step alone is called without the wrapper that asks the compiler for a break."""

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """One step, as torch takes it where it is not `differentiable`."""
        return inspect.unwrap(torch.optim.Adam.step)(self, closure)


_import_torchvision()
_leave_optimizers_plain()

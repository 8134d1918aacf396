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
from torch import Tensor

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
    """Torch's own, to the last bit; its step alone is called without the wrapper that asks the compiler for a break, and where
    one kernel takes it on a CPU, at once: for a head alone what torch asks before takes longer than the step. Hooks on steps are
    not called, nor does a profile name them."""

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step, as torch takes it where it is not `differentiable`."""
        learning = [[p for p in group["params"] if p.grad is not None] for group in self.param_groups]
        begun = all(p.device.type == "cpu" and self.state.get(p) for params in learning for p in params)
        alike = all(len({p.dtype for p in params}) < 2 for params in learning)
        if closure or not begun or not alike or not all(map(_plain, self.param_groups)):
            return inspect.unwrap(torch.optim.Adam.step)(self, closure)
        for group, params in zip(self.param_groups, learning, strict=True):
            if params:
                self._at_once(group, params)
        return None

    step.hooked = True  # pyright: ignore[reportFunctionMemberAccess]  (where torch notes that it has wrapped a step)

    def _at_once(self, group: dict[str, Any], params: list[Tensor]) -> None:
        first, second, steps = ([self.state[p][name] for p in params] for name in ("exp_avg", "exp_avg_sq", "step"))
        grads, (beta1, beta2) = [p.grad for p in params if p.grad is not None], group["betas"]
        told = {name: group[name] for name in ("lr", "weight_decay", "eps", "maximize")}
        torch._foreach_add_(steps, 1)  # pyright: ignore[reportPrivateImportUsage]
        step = torch._fused_adamw_  # pyright: ignore[reportPrivateImportUsage]
        step(params, grads, first, second, [], steps, amsgrad=False, beta1=beta1, beta2=beta2, **told)


def _plain(group: dict[str, Any]) -> bool:
    """Whether one kernel takes the step of a group, at a rate that is a number."""
    odd = any(group[name] for name in ("amsgrad", "capturable", "differentiable"))
    return bool(group["fused"]) and not odd and not isinstance(group["lr"], Tensor)


_import_torchvision()
_leave_optimizers_plain()

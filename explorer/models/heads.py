"""Where a network's own head is, and what has to be done to put a new one there."""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from explorer.errors import ExplorerError

POOLS = (nn.AdaptiveAvgPool2d, nn.AvgPool2d)


@dataclass(frozen=True)
class Head:
    """The path at which a new head is put, d, the width of what it reads, the path at which pooling is put (empty: the model
    pools), dropout before the last layer, and the paths of modules that make way for it."""

    path: str
    features: int
    pool: str = ""
    dropout: float = 0.0
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Call:
    path: str
    module: nn.Module
    given: tuple[int, ...]
    got: tuple[int, ...]
    result: bool


def ancestors(path: str) -> tuple[str, ...]:
    """The modules that a module lies in, from the outside in, itself left out: `a.b.c` → `a`, `a.b`."""
    parts = path.split(".")
    return tuple(".".join(parts[:i]) for i in range(1, len(parts)))


def find_head(model: nn.Module, size: int) -> Head:
    """The head of a network on the meta device. Raises ExplorerError, with the reason, where no new head can be put."""
    calls = _calls(model, size)
    leaves = [call for call in calls if not [*call.module.children()]]
    last = next((call for call in reversed(leaves) if isinstance(call.module, nn.Linear | nn.Conv2d)), None)
    if last is None or last.got[1:2] != (1000,):
        raise ExplorerError("its last layer is not one linear layer for 1000 classes, so no new head can be put there.")
    heads = [call.path for call in leaves if isinstance(call.module, nn.Linear) and call.got[1:] == (1000,)]
    if len(heads) > 1 and not last.result:
        raise ExplorerError(
            f"it answers by {len(heads)} heads together ({', '.join(heads)}), so no single new head can take their place. Choose "
            f"another network."
        )
    behind = leaves[leaves.index(last) + 1 :]
    if isinstance(last.module, nn.Conv2d) and behind:
        return _of_convolution(last, model)
    before = leaves[: leaves.index(last)]
    grid = next((call for call in reversed(before) if len(call.got) == 4 and call.got[2] > 1), None)
    tail = before[before.index(grid) + 1 :] if grid else []
    flat = next((call for call in [*tail, last] if len(call.given) == 2), last)
    if grid and not isinstance(last.module, nn.Conv2d) and flat.given[-1] == math.prod(grid.got[1:]):
        return _unpooled(grid, flat, model)
    dropouts = [call for call in tail[-3:] if isinstance(call.module, nn.Dropout)]
    parent = last.path.rpartition(".")[0]
    holder = [name for name, _ in model.get_submodule(parent).named_children()] if parent else []
    together = parent and {f"{parent}.{name}" for name in holder} == {last.path, *(call.path for call in dropouts)}
    rate = max((call.module.p for call in dropouts), default=0.0)  # type: ignore[union-attr]
    if together and len(holder) > 1:
        return Head(parent, last.given[1], dropout=rate)
    return Head(last.path, last.given[1], dropout=rate, skipped=tuple(call.path for call in dropouts if rate))


def _of_convolution(last: _Call, model: nn.Module) -> Head:
    """A head that is a convolution of 1 × 1 before the pooling: both give way, where they stand in one sequence."""
    parent, _, place = last.path.rpartition(".")
    holder = model.get_submodule(parent) if parent else None
    if not isinstance(holder, nn.Sequential) or place != "1" or not isinstance(holder[0], nn.Dropout):
        raise ExplorerError("its last layer is a convolution among others, so no new head can be put there.")
    return Head(last.path, last.given[1], pool=f"{parent}.0", dropout=float(holder[0].p))  # pyright: ignore[reportArgumentType]


def _unpooled(grid: _Call, flat: _Call, model: nn.Module) -> Head:
    """Dense layers that read a whole grid are left out, for pooling and one linear layer."""
    top = flat.path.split(".")[0]
    if not isinstance(grid.module, POOLS) or grid.path.startswith(f"{top}."):
        raise ExplorerError(
            f"its dense layers read a grid of {grid.got[2]} × {grid.got[3]} cells as it is, so it has no pooled features."
        )
    rates = [m.p for m in model.get_submodule(top).modules() if isinstance(m, nn.Dropout)]
    return Head(top, grid.got[1], pool=grid.path, dropout=max(rates, default=0.0))


def _calls(model: nn.Module, size: int) -> list[_Call]:
    """What each module was given and gave, in the order in which they end. Raises ExplorerError where the model does not give
    one row of logits for each picture."""
    calls: list[tuple[str, nn.Module, Tensor, Tensor]] = []
    hooks = []
    for path, module in model.named_modules():

        def note(m: nn.Module, given: Any, got: Any, path: str = path) -> None:
            if given and isinstance(given[0], Tensor) and isinstance(got, Tensor):
                calls.append((path, m, given[0], got))

        hooks.append(module.register_forward_hook(note))
    try:
        result = model(torch.empty(2, 3, size, size))
    except Exception as error:
        why = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise ExplorerError(f"a picture of {size} pixels does not pass through it ({why}).") from error
    finally:
        for hook in hooks:
            hook.remove()
    if not isinstance(result, Tensor) or result.flatten(1).shape != (2, 1000):
        raise ExplorerError("it gives something else than one row of logits for each picture.")
    return [_Call(path, module, tuple(a.shape), tuple(b.shape), b is result) for path, module, a, b in calls]

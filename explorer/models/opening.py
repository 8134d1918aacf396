"""Which modules of a network are opened, so that its steps are no longer than a stage."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from explorer.errors import ExplorerError
from explorer.models import tracing
from explorer.models.geometry import side
from explorer.models.heads import Head, ancestors

SEQUENCE, REST = 0.2, 0.6
"""Share of all parameters from which on a sequence, and any other module, may be opened."""
BLOCKS = 4
"""Equal blocks from which on a sequence of a transformer is opened."""


def open_up(model: nn.Module, head: Head, size: int) -> tuple[str, ...]:
    """The paths of the modules that are opened, the model itself ("") first.

    A sequence is opened where the grid becomes coarser between its parts, or where it is a transformer's blocks; another module
    where most of the network is in it. Raises ExplorerError where torch.fx cannot follow the forward pass.
    """
    opened = {"", *ancestors(head.path), *ancestors(head.pool)}
    given = _noted(model, size)
    replaced = sum(p.numel() for p in model.get_submodule(head.path).parameters())
    total = sum(p.numel() for p in model.parameters()) - replaced or 1
    closed: set[str] = set()
    found = _traced(model, opened)
    while True:
        paths = [str(node.target) for node in found.nodes if node.op == "call_module" and node in found.fed]
        more = [p for p in paths if p not in closed and p not in opened and _worth(model, p, given, total)]
        if not more:
            return tuple(sorted(opened))
        for path in more:
            try:
                found = _traced(model, opened | {path})
                opened.add(path)
            except ExplorerError:
                closed.add(path)
        found = _traced(model, opened)


def _traced(model: nn.Module, opened: Iterable[str]) -> tracing.Trace:
    try:
        return tracing.trace(model, {*opened} - {""})
    except Exception as error:  # torch.fx raises what the forward pass raises when it meets a stand-in for a tensor
        why = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise ExplorerError(
            f"what its forward pass does depends on what is in the tensors ({why}), so that it cannot be cut into stages. "
            f"Choose another network."
        ) from error


def _noted(model: nn.Module, size: int) -> dict[str, tuple[int, ...]]:
    """The shape of what each module gives, by path, in the order of the calls."""
    sizes: dict[str, tuple[int, ...]] = {}
    hooks = []
    for path, module in model.named_modules():

        def note(m: nn.Module, given: object, got: object, path: str = path) -> None:
            if isinstance(got, Tensor):
                sizes.setdefault(path, tuple(got.shape))

        hooks.append(module.register_forward_hook(note))
    try:
        model(torch.empty(2, 3, size, size))
    finally:
        for hook in hooks:
            hook.remove()
    return sizes


def _worth(model: nn.Module, path: str, given: dict[str, tuple[int, ...]], total: int) -> bool:
    module = model.get_submodule(path)
    share = sum(p.numel() for p in module.parameters()) / total
    inner = [given[f"{path}.{name}"] for name, _ in module.named_children() if f"{path}.{name}" in given]
    if isinstance(module, nn.Sequential):
        sides = [side(shape) for shape in inner]
        equal = len(inner) >= BLOCKS and len(set(inner)) == 1 and len(inner[0]) == 3
        return len(inner) > 1 and ((share >= SEQUENCE and sides[0] != sides[-1]) or (share >= REST and equal))
    return share >= REST and len(inner) > 0

"""Where the cells of a grid lie in the picture, followed from step to step of a forward pass."""

import math
from dataclasses import dataclass

from torch import fx, nn

from explorer.models import tracing

WINDOWS = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)
MOST_EXTRA = 8
"""Tokens besides those of patches that a grid may have before it: class and register tokens."""


@dataclass(frozen=True)
class Cell:
    """In pixels, the centre of the first cell, counted from that of the picture's corner pixel, and the step to the next."""

    first: float = 0.0
    step: int = 1


def side(shape: tuple[int, ...]) -> int:
    """Cells along a side of a square grid (n, c, s, s), (n, s, s, c) or tokens (n, p + s², d); 0 for what is none."""
    if len(shape) == 4:
        return shape[2] if shape[2] == shape[3] else shape[1] if shape[1] == shape[2] else 0
    if len(shape) == 3:
        found = math.isqrt(shape[1])
        return found if shape[1] - found**2 <= MOST_EXTRA else 0
    return 0


def moved(
    cell: Cell, found: tracing.Trace, before: fx.Node, end: fx.Node, sizes: dict[fx.Node, tuple[int, ...]], size: int
) -> Cell:
    """The cells after the steps from `before` to `end`, for inputs of `size` pixels.

    A window of k pixels, d apart, at stride s and padding p moves the centre of cell 0 by ((k - 1) d / 2 - p) steps and makes the
    step s times as long (Araujo et al. 2019, doi 10.23915/distill.00021). Branches of a block lead to the same cells: of
    several strided windows that together would shrink the grid more than it shrinks, the first alone counts. Where functions
    made the grid, its cells share the picture out among them.
    """
    for node in tracing.between(found, before, end):
        if node.op != "call_module":
            continue
        given, got = sizes.get(node.all_input_nodes[0], ()), sizes.get(node, ())
        times = round(side(given) / side(got)) if side(given) and side(got) else 1
        cell = _through(cell, found.root.get_submodule(str(node.target)), max(times, 1))
    step = size / side(sizes[end])
    return cell if 0.7 < cell.step / step < 1.4 else Cell((round(step) - 1) / 2, round(step))


def _through(cell: Cell, module: nn.Module, times: int) -> Cell:
    windows = [m for m in module.modules() if isinstance(m, WINDOWS)]
    strided = [m for m in windows if _side(m, "stride") > 1]
    if isinstance(module, WINDOWS):
        counted = windows
    elif math.prod(_side(m, "stride") for m in strided) == times:
        counted = strided
    else:
        counted = [m for m in strided if _side(m, "stride") == times][:1]
    first, step = cell.first, cell.step
    for window in counted:
        kernel, stride, padding, dilation = (
            _side(window, key) for key in ("kernel_size", "stride", "padding", "dilation")
        )
        first += ((kernel - 1) * dilation / 2 - padding) * step
        step *= stride
    missing = times * cell.step // step
    return Cell(first + (missing - 1) / 2 * step if missing > 1 else first, step * max(missing, 1))


def _side(window: nn.Module, key: str) -> int:
    value = getattr(window, key, 1)  # average pooling has no dilation
    if isinstance(value, str):  # padding by name: "same" is half the window
        return (_side(window, "kernel_size") - 1) // 2 if value == "same" else 0
    return value[0] if isinstance(value, tuple) else int(value)

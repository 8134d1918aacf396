"""Where the cells of a stage's grid lie in the picture, from the layers' strides, kernels and paddings."""

from collections.abc import Iterator

from torch import nn

from explorer.cells import Cells
from explorer.models.network import Network

_WINDOWS = (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)


def cells(network: Network, stage: str, size: int) -> Cells:
    """The cells of a stage's grid (of a transformer's patches) for inputs of `size` pixels a side.

    A window of k pixels, d apart, at stride s and padding p moves the centre of cell 0 by ((k - 1) d / 2 - p) steps of its input
    and makes the step s times as long (Araujo et al. 2019, doi 10.23915/distill.00021). Where p is half the window, as
    in a ResNet, cell 0 looks at the picture's corner and not at the middle of the first of h' equal parts.
    """
    row = network.row.stages[network.row.stage_names.index(stage)]
    if row.step:
        return Cells((row.first + 0.5) / size, row.step / size)
    first, step = 0.0, 1
    names = network.row.stage_names
    for name in names[: names.index(stage) + 1]:
        for window in _main_way(network.stages[name], network.row.shortcuts):
            kernel, stride, padding, dilation = (
                _side(window, key) for key in ("kernel_size", "stride", "padding", "dilation")
            )
            first += ((kernel - 1) * dilation / 2 - padding) * step
            step *= stride
    return Cells((first + 0.5) / size, step / size)


def _main_way(module: nn.Module, shortcuts: tuple[str, ...]) -> Iterator[nn.Module]:
    """The convolutions and poolings in order, without the shortcuts, which lead to the same cells (a test says so).

    Other branches (SqueezeNet's pairs, squeeze-and-excitation) have stride 1 and are centred: they move nothing.
    """
    for name, child in module.named_children():
        if name in shortcuts:
            continue
        if isinstance(child, _WINDOWS):
            yield child
        else:
            yield from _main_way(child, shortcuts)


def _side(window: nn.Module, key: str) -> int:
    value = getattr(window, key, 1)  # average pooling has no dilation
    return value[0] if isinstance(value, tuple) else int(value)

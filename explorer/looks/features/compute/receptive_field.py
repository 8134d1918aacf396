"""How much of the picture a channel can see from one place."""

import torch
from torch import nn

from explorer.models.cells import cells
from explorer.models.network import Network
from explorer.models.pooling import grid

_PASSED = (nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm, nn.Dropout, *(
    kind for kind in vars(nn.modules.activation).values()
    if isinstance(kind, type) and issubclass(kind, nn.Module) and kind not in (nn.Module, nn.MultiheadAttention)
))  # fmt: skip


def receptive_fields(network: Network, size: int) -> dict[str, tuple[float, float]]:
    """Per stage, the pixels that a channel's cell can see, where they begin and end along a side, counted from the cell's
    centre (`backbones.cells`); (0, 0) where the middle one sees the border, as every cell of a transformer does, or where that
    is not known.

    Found in a copy whose convolutions only add up and whose maxima are means, so that the gradient reaches every pixel
    that can matter and no other: the theoretical receptive field (Araujo et al. 2019, doi 10.23915/distill.00021), for
    square inputs of `size` pixels. What a channel really attends to is less, most of it in the middle (Luo et al. 2016,
    arXiv 1701.04128).
    """
    names = network.row.stage_names
    if network.row.tokens:
        return dict.fromkeys(names, (0, 0))
    plain = network.copy()
    for view in plain.stages.values():
        _only_add(view)
    found: dict[str, tuple[float, float]] = {}
    with torch.inference_mode(False), torch.enable_grad():
        image = torch.ones(1, 3, size, size, requires_grad=True)
        x: torch.Tensor = image
        plain.eval()
        for name in names:
            x = plain.stages[name](x)
            laid = grid(x)
            middle = laid.shape[2] // 2
            (slope,) = torch.autograd.grad(laid[0, :, middle, middle].sum(), image, retain_graph=True)
            seen = slope[0].abs().sum(dim=(0, 1)).nonzero().flatten().tolist()
            # nothing is seen where weights that are all alike are standardised, to 0
            whole = not seen or seen[0] == 0 or seen[-1] == size - 1
            centre = size * cells(network, name, size).centres(laid.shape[2])[middle]
            found[name] = (0, 0) if whole else (seen[0] - float(centre), seen[-1] + 1 - float(centre))
    return found


def _only_add(model: nn.Module) -> None:
    """Turn a network into sums of what it sees: weights all alike, no bias, no threshold, no normalisation."""
    for name, module in model.named_children():
        if isinstance(module, nn.Conv2d):
            weight = module.weight
            module.weight = nn.Parameter(torch.full(weight.shape, 1 / weight[0].numel()))
            module.bias = None
        elif isinstance(module, nn.MaxPool2d):
            pool = nn.AvgPool2d(module.kernel_size, module.stride, module.padding, module.ceil_mode)
            setattr(model, name, pool)
        elif isinstance(module, _PASSED):
            setattr(model, name, nn.Identity())
        else:
            _only_add(module)

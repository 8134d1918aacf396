"""One question to a network: what supports this class in these pictures?"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.catalogue import ATTRIBUTIONS
from explorer.catalogue.backbones import stage_of
from explorer.cells import Cells
from explorer.errors import ExplorerError, unknown
from explorer.looks.attribution.compute.baselines import baseline, greys
from explorer.looks.attribution.compute.gradients import (
    gradcam,
    gradient_shap,
    guided_backprop,
    input_x_gradient,
    integrated_gradients,
    saliency,
)
from explorer.looks.attribution.compute.removal import ablation, occlusion
from explorer.looks.attribution.compute.rollout import rollout
from explorer.models.cells import cells
from explorer.models.lending import lend
from explorer.models.network import Network
from explorer.models.predicting import logits
from explorer.models.spare_card import sent

METHODS = {
    "gradcam": gradcam,
    "integrated_gradients": integrated_gradients,
    "gradient_shap": gradient_shap,
    "input_x_gradient": input_x_gradient,
    "saliency": saliency,
    "occlusion": occlusion,
    "ablation": ablation,
    "rollout": rollout,
    "guided_backprop": guided_backprop,
}
"""Name → function of (network, x, targets (n,), stage, baseline) → maps (n, h', w')."""


def attribute(
    network: Network,
    x: Tensor,
    target: int | Sequence[int],
    method: str,
    stage: str,
    base: str = "grey",
    times: int = 1,
) -> np.ndarray:
    """What supports class `target` in the images `x` (n, 3, h, w), normalised: maps (n, h', w') float32.

    `target` is one class for all images or one for each. In the method's own unit (the catalogue says which and whether it
    has a sign), unscaled, so that two networks can share one scale, and at the method's own resolution: a stage's grid,
    the patches, the 8 × 8 cells, or the pixels; a stage's grid `times` as fine (`stitched`) where that is more than 1. `base`
    names the baseline of the methods that need one. Computed in eval mode and float32, on frozen weights too; the network
    comes back as it was lent, after success and after failure.
    Raises ExplorerError for an unknown method, stage, baseline or class, and where a method does not apply.
    """
    if method not in METHODS:
        raise unknown("attribution method", method, METHODS)
    row = ATTRIBUTIONS[method]
    stage_of(network.row, stage)
    if obstacle := row.obstacle(network.row, stage):
        raise ExplorerError(f"{row.title} does not apply to {stage!r} of {network.row.title}: {obstacle}.")
    targets = _targets(network, target, len(x))
    with torch.inference_mode(False), torch.enable_grad(), lend(_differentiable(network)) as lent:
        x = sent(lent, x).detach().to(torch.float32, copy=True)
        targets, ask = targets.to(x.device), METHODS[method]
        if row.staged and times > 1:
            step = round(cells(network, stage, x.shape[-1]).step * x.shape[-1])
            maps = stitched(lambda moved: ask(lent, moved, targets, stage, base).detach(), x, step, times)
        else:
            maps = ask(lent, x, targets, stage, base)
        return maps.detach().float().cpu().numpy()


def stitched(ask: Callable[[Tensor], Tensor], x: Tensor, step: int, times: int) -> Tensor:
    """Maps (n, times · h', times · w') of images `x` (n, 3, h, w), of a function that gives maps (n, h', w'), a cell every `step`
    pixels.

    The picture is moved up and left by 0, 1, … times - 1 parts of a step, mirrored beyond its border, and each cell put
    where it then looks: shift-and-stitch (Sermanet et al. 2013, arXiv 1312.6229; Long, Shelhamer & Darrell 2014,
    arXiv 1411.4038, section 3.2). The network sees the picture at the size it learned at, which a larger input would not
    give it. Divided by times², so that the cells add up to the mean of what the maps add up to.
    """
    high, wide = x.shape[2:]
    part = step // times
    larger = F.pad(x, (0, part * (times - 1), 0, part * (times - 1)), mode="reflect")
    rows = []
    for i in range(times):
        moved = [larger[:, :, i * part : i * part + high, j * part : j * part + wide] for j in range(times)]
        rows.append(torch.stack([ask(one.contiguous()) for one in moved], dim=-1).flatten(2))
    return torch.stack(rows, dim=2).flatten(1, 2) / times**2


def cells_of(network: Network, method: str, stage: str, count: int, size: int, times: int = 1) -> Cells:
    """Where the `count` cells a side of a method's map lie in inputs of `size` pixels: a stage's grid (`times` as fine) where its
    layers look, all others evenly."""
    if not ATTRIBUTIONS[method].staged:
        return Cells.even(count)
    own = cells(network, stage, size)
    return Cells(own.first, own.step / times)


def _targets(network: Network, target: int | Sequence[int], n: int) -> Tensor:
    """One class number per image, (n,); ExplorerError for a class that the network lacks."""
    targets = [target] * n if isinstance(target, int) else [int(k) for k in target]
    for k in targets:
        if not 0 <= k < network.classes:
            raise unknown("class number", k, map(str, range(network.classes)))
    if len(targets) != n:
        raise ExplorerError(
            f"There are {n} pictures and {len(targets)} classes. Give one class, or one for each picture."
        )
    return torch.tensor(targets)


def _differentiable(network: Network) -> Network:
    """The network, or a copy of it where its weights were made under `inference_mode` and so allow no gradient."""
    return network.copy() if any(p.is_inference() for p in network.parameters()) else network


def contrasted(network: Network, other: int) -> Network:
    """A copy whose logits are each less that of class `other`: asked about a class, it says why this one and not the other.

    The head is linear, so the copy is a head whose rows are w_k - w_other; all probabilities stay as they are, and every
    method asks about the difference of two logits without knowing.
    """
    if not 0 <= other < network.classes:
        raise unknown("class number", other, map(str, range(network.classes)))
    copy = network.copy()
    linear = [m for m in copy.head.modules() if isinstance(m, nn.Linear)][-1]
    with torch.no_grad():
        linear.weight = nn.Parameter(linear.weight - linear.weight[other])
        linear.bias = nn.Parameter(linear.bias - linear.bias[other])
    return copy


def rise(network: Network, x: Tensor, target: int, method: str, base: str = "grey") -> np.ndarray:
    """By how many logits the class gains from the baseline to each image of `x` (n, 3, h, w): (n,).

    The map of a method that promises completeness adds up to it; what is missing is the convergence delta. GradientSHAP
    has three baselines: their mean counts. NaN for methods that promise nothing.
    """
    if not ATTRIBUTIONS[method].complete:
        return np.full(len(x), np.nan)
    starts = greys(x) if method == "gradient_shap" else [baseline(x, base)]
    before = torch.stack([logits(network, start)[:, target] for start in starts]).mean(dim=0)
    return (logits(network, x)[:, target] - before).cpu().numpy()

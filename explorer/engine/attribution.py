"""Where a network looks: Captum's methods behind one function (model, images, class → map)."""

from collections.abc import Callable

import numpy as np
import torch
from captum.attr import LayerGradCam, Saliency
from torch import Tensor, nn

from explorer.catalogue.backbones import stage_of
from explorer.engine.backbones import Network, grid, lend
from explorer.errors import ExplorerError, unknown


class _FromStage(nn.Module):
    """The rest of a network after one stage, with that stage's output on its grid passing through `probe`.

    Captum hooks `probe` and not the network; the layers before the stage run once and without a graph. Tokens are laid
    out as (n, c, s, s) for the probe and put back behind their class token.
    """

    def __init__(self, network: Network, stage: str) -> None:
        super().__init__()
        self.probe = nn.Identity()
        self.__dict__.update(network=network, stage=stage)

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            x = self.network.until(x, self.stage)
        seen = self.probe(grid(x))
        if x.ndim == 3:
            seen = torch.cat([x[:, :1], seen.flatten(2).transpose(1, 2)], dim=1)
        return self.network.after(seen, self.stage)


def _gradcam(network: Network, x: Tensor, target: int, stage: str) -> Tensor:
    """Grad-CAM: the stage's channels, each weighted by the mean gradient of the class logit, added up.

    Σ_c mean_hw(∂logit/∂A_c) · A_c on the stage's own grid (Selvaraju et al. 2017, arXiv 1610.02391). Their last step,
    max(0, ·), is left to the figure: negative values are evidence against the class.
    """
    if network.row.name == "vit_b_16" and stage == network.row.stage_names[-1]:
        raise ExplorerError(
            f"Grad-CAM does not apply to {stage!r} of {network.row.title}: its head reads the class token only, so the "
            f"patches of the last stage have no gradient. "
            f"Stages that work: {', '.join(network.row.stage_names[:-1])}. Or choose the method saliency."
        )
    rest = _FromStage(network, stage)
    return LayerGradCam(rest, rest.probe).attribute(x, target=target)[:, 0]


def _saliency(network: Network, x: Tensor, target: int, stage: str) -> Tensor:
    """Saliency: how fast the class logit changes with each pixel, whatever the stage.

    max over colours of |∂logit/∂x| per normalised pixel value (Simonyan et al. 2014, arXiv 1312.6034).
    """
    return Saliency(network).attribute(x.requires_grad_(), target=target, abs=True).amax(dim=1)


METHODS: dict[str, Callable[[Network, Tensor, int, str], Tensor]] = {"gradcam": _gradcam, "saliency": _saliency}


def attribute(network: Network, x: Tensor, target: int, method: str, stage: str) -> np.ndarray:
    """What speaks for class `target` in the images `x` (n, 3, h, w), normalised: maps (n, h', w') float32.

    `gradcam`: signed, on the grid of `stage`; `saliency`: at least 0, one value a pixel. Both in logits, unscaled, so
    that two networks can share one scale. Computed in eval mode and float32, on frozen weights too; the network comes
    back as it was lent, after success and after failure. Raises ExplorerError for an unknown method, stage or class, and
    where a method does not apply.
    """
    if method not in METHODS:
        raise unknown("attribution method", method, METHODS)
    stage_of(network.row, stage)
    if not 0 <= target < network.classes:
        raise unknown("class number", target, map(str, range(network.classes)))
    with torch.inference_mode(False), torch.enable_grad(), lend(_differentiable(network)) as lent:
        x = x.detach().to(next(lent.parameters()).device, torch.float32, copy=True)
        return METHODS[method](lent, x, target, stage).detach().cpu().numpy()


def _differentiable(network: Network) -> Network:
    """The network, or a copy of it where its weights were made under `inference_mode` and so allow no gradient."""
    return network.copy() if any(p.is_inference() for p in network.parameters()) else network


def probabilities(network: Network, x: Tensor) -> np.ndarray:
    """The probability of each class for the images `x` (n, 3, h, w), normalised: (n, k) float32, rows adding up to 1."""
    with lend(network), torch.inference_mode():
        logits = network(x.to(next(network.parameters()).device))
        return logits.float().softmax(dim=1).cpu().numpy()

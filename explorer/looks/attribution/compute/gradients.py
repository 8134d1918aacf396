"""Methods that follow the gradient of the class logit: Captum's, on tensors; see `attribute` for the way in."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import numpy as np
import torch
from captum.attr import (
    GradientShap,
    GuidedBackprop,
    InputXGradient,
    IntegratedGradients,
    LayerGradCam,
    Saliency,
)
from torch import Tensor, nn

from explorer.looks.attribution.compute.baselines import baseline, greys
from explorer.models.network import Network
from explorer.models.pooling import extra, grid

STEPS, TOGETHER = 50, 32  # of integrated gradients: steps, and how many of them the network takes at once
DRAWS, NOISE = 20, 0.1  # of GradientSHAP: draws, and the noise in them, in normalised pixel values


class _FromStage(nn.Module):
    """The rest of a network after one stage, with that stage's output on its grid passing through `probe`.

    Captum hooks `probe` and not the network; the layers before the stage run once and without a graph. Tokens are laid
    out as (n, c, s, s) for the probe and put back behind those of no patch.
    """

    network: Network
    stage: str

    def __init__(self, network: Network, stage: str) -> None:
        super().__init__()
        self.probe = nn.Identity()
        self.__dict__.update(network=network, stage=stage)

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            x = self.network.until(x, self.stage)
        seen = self.probe(grid(x))
        if x.ndim == 3:
            seen = torch.cat([x[:, : extra(x)], seen.flatten(2).transpose(1, 2)], dim=1)
        return self.network.after(seen, self.stage)


def gradcam(network: Network, x: Tensor, targets: Tensor, stage: str, base: str) -> Tensor:
    """Grad-CAM: the stage's channels, each weighted by the mean gradient of the class logit, added up.

    Σ_c mean_hw(∂logit/∂A_c) · A_c on the stage's own grid (Selvaraju et al. 2017, arXiv 1610.02391). Their last step,
    max(0, ·), is left to the figure: negative values are evidence against the class.
    """
    rest = _FromStage(network, stage)
    return cast(Tensor, LayerGradCam(rest, rest.probe).attribute(x, target=targets))[:, 0]


def saliency(network: Network, x: Tensor, targets: Tensor, stage: str, base: str) -> Tensor:
    """Saliency: how fast the class logit changes with each pixel, whatever the stage.

    max over colours of |∂logit/∂x| per normalised pixel value (Simonyan et al. 2014, arXiv 1312.6034).
    """
    return Saliency(network).attribute(x.requires_grad_(), target=targets, abs=True).amax(dim=1)


def input_x_gradient(network: Network, x: Tensor, targets: Tensor, stage: str, base: str) -> Tensor:
    """Input × gradient: Σ over colours of x · ∂logit/∂x, x counted from mean grey (Shrikumar et al. 2016, arXiv 1605.01713)."""
    return InputXGradient(network).attribute(x.requires_grad_(), target=targets).sum(dim=1)


def integrated_gradients(network: Network, x: Tensor, targets: Tensor, stage: str, base: str) -> Tensor:
    """Integrated gradients from a baseline x' to x, 50 steps of Gauss–Legendre, Σ over colours.

    (x - x') · ∫₀¹ ∂logit/∂x(x' + α(x - x')) dα (Sundararajan et al. 2017, arXiv 1703.01365); the map's sum is the logit
    of x less that of x', but for the error of the steps.
    """
    return (
        IntegratedGradients(network)
        .attribute(x, baseline(x, base), targets, n_steps=STEPS, internal_batch_size=max(TOGETHER, len(x)))
        .sum(dim=1)
    )


def gradient_shap(network: Network, x: Tensor, targets: Tensor, stage: str, base: str) -> Tensor:
    """GradientSHAP: the mean over 20 draws of (x - x') · ∂logit/∂x at a random point between x' and x, Σ over colours.

    x' is black, mean grey or white; the point is drawn from x with noise of 0.1 normalised pixel values (Lundberg & Lee
    2017, arXiv 1705.07874). The same image has the same map, alone or in a batch: each draws from seed 0.
    """
    maps = []
    for one, target in zip(x.split(1), targets.split(1), strict=True):
        starts = torch.cat(greys(one))
        with _seeded(0):
            shap = GradientShap(network).attribute(one, starts, DRAWS, NOISE, target)
        maps.append(shap.sum(dim=1))
    return torch.cat(maps)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """The random numbers of torch and numpy from `seed` inside, as they were outside; Captum draws from both."""
    source: Any = np.random  # numpy's annotations lack what reads and sets its generator
    kept = source.get_bit_generator()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        source.set_bit_generator(np.random.MT19937(seed))
        try:
            yield
        finally:
            source.set_bit_generator(kept)


def guided_backprop(network: Network, x: Tensor, targets: Tensor, stage: str, base: str) -> Tensor:
    """Guided backprop, the negative control: saliency with negative gradients cut off at every ReLU of the backward pass.

    max over colours of |guided ∂logit/∂x| (Springenberg et al. 2015, arXiv 1412.6806).
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Setting backward hooks on ReLU")
        return GuidedBackprop(_All(network)).attribute(x.requires_grad_(), target=targets).abs().amax(dim=1)


class _All(nn.Module):
    """A network with the ReLUs among its views that it does not register itself (DenseNet's last), so that Captum finds them."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        own = set(network.modules())
        views = [*network.stages.values(), network.pooling]
        self.network = network
        self.more = nn.ModuleList({m: None for view in views for m in view.modules() if m not in own})

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x)

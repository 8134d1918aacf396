"""Methods that take something away and look what the class logit loses; see `attribute` for the way in."""

import torch
from captum.attr import FeatureAblation, Occlusion
from torch import Tensor

from explorer.looks.attribution.compute.baselines import baseline
from explorer.models.network import Network

WINDOW, STRIDE = 4, 8  # of occlusion: the window is a quarter of the side, its step an eighth
GRID = 8  # of ablation: cells a side
TOGETHER = 32  # pictures that the network takes at once


def occlusion(network: Network, x: Tensor, targets: Tensor, stage: str, base: str) -> Tensor:
    """Occlusion: what the class logit loses where a window is covered, at each pixel the mean of its windows.

    The window is a quarter of the picture's side, its step an eighth (Zeiler & Fergus 2014, arXiv 1311.2901).
    """
    window, stride = (tuple(max(1, side // share) for side in x.shape[2:]) for share in (WINDOW, STRIDE))
    found = Occlusion(network).attribute(
        x, (3, *window), (3, *stride), baseline(x, base), targets, perturbations_per_eval=max(1, TOGETHER // len(x))
    )
    return found[:, 0]  # a window covers all colours


def ablation(network: Network, x: Tensor, targets: Tensor, stage: str, base: str) -> Tensor:
    """Grid ablation: what the class logit loses without one cell of an 8 × 8 grid, cell by cell: (n, 8, 8)."""
    rows, columns = (torch.arange(min(GRID, side), device=x.device) for side in x.shape[2:])
    row, column = (_cells(side, x.device) for side in x.shape[2:])
    found = FeatureAblation(network).attribute(
        x,
        baseline(x, base),
        targets,
        feature_mask=(row[:, None] * len(columns) + column).expand(1, *x.shape[1:]),
        perturbations_per_eval=max(1, TOGETHER // len(x)),
    )
    return found[:, 0][:, torch.searchsorted(row, rows)][:, :, torch.searchsorted(column, columns)]


def _cells(side: int, device: torch.device) -> Tensor:
    """The cell that each pixel of a side belongs to, (side,)."""
    return torch.arange(side, device=device) * min(GRID, side) // side

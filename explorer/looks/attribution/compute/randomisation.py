"""Does a map depend on what the network learned? The same map after the weights are replaced, from the head down."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from scipy.stats import rankdata
from torch import Tensor

from explorer.looks.attribution.compute.attribute import attribute
from explorer.models.network import Network


def cascade(
    network: Network,
    fresh: Network,
    x: Tensor,
    target: int | Sequence[int],
    method: str,
    stage: str,
    base: str = "grey",
) -> Iterator[tuple[str, np.ndarray]]:
    """(what was replaced last, maps (n, h', w')): first nothing, then the head, then stage by stage down to the input.

    On a copy of the network, whose tensors (BatchNorm's statistics too) are replaced by those of `fresh`, a network of the
    same shape that learned nothing: the cascading randomisation of Adebayo et al. 2018, arXiv 1810.03292.
    """
    copy = network.copy()
    random = fresh.model.state_dict()
    yield "", attribute(copy, x, target, method, stage, base)
    for part in ("head", *reversed(network.row.stage_names)):
        with torch.no_grad():
            copy.model.load_state_dict({name: random[name] for name in copy.names(part)}, strict=False)
        yield part, attribute(copy, x, target, method, stage, base)


def likeness(maps: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation of |map| and |other|, image by image: (n, h', w') twice → (n,) in [-1, 1].

    0 where one of the two is the same everywhere and so has no order.
    """
    return alike(np.abs(maps), np.abs(others))


def alike(maps: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation of map and other as they are, image by image: (n, h', w') twice → (n,) in [-1, 1]."""
    return np.array([_spearman(a.ravel(), b.ravel()) for a, b in zip(maps, others, strict=True)])


def _spearman(a: np.ndarray, b: np.ndarray) -> float:
    ranks = [rankdata(values) for values in (a, b)]
    x, y = (r - r.mean() for r in ranks)
    size = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / size if size else 0.0

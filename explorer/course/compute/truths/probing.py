"""What a new head makes of frozen features on another data set: a few images of each class, so that it takes seconds."""

import numpy as np
import torch

from explorer import recipe
from explorer.catalogue import Preprocessing
from explorer.data import datasets
from explorer.data.images import Data, Images
from explorer.looks.similarity.compute import probes
from explorer.models import devices
from explorer.models.lending import lend
from explorer.models.network import Network

EACH, TESTED, PIXELS = 10, 10, 64  # training and test images of each class, and their side: seconds, not minutes


def few(dataset: str) -> tuple[Data, Images]:
    """A data set with EACH training images of each class, and the first TESTED test images of each."""
    data = datasets.load(recipe.make(weights="random", dataset=dataset, per_class=EACH))
    rows = [i for k in range(len(data.classes)) for i in np.flatnonzero(data.test.labels == k)[:TESTED]]
    return data, data.test.take(rows)


def accuracy(net: Network, data: Data, test: Images, size: Preprocessing) -> float:
    """The share of `test` that a probe on the frozen features of a network names right, in [0, 1]."""
    with lend(net), torch.inference_mode():
        train, held = (
            torch.cat([
                net.features(devices.to_input(x, size, torch.device("cpu")), None)
                for x in torch.from_numpy(part.pixels(size)).split(64)
            ])
            for part in (data.train, test)
        )  # fmt: skip
    said = probes.probe(train.float().numpy(), data.train.labels, held.float().numpy())
    return float((said == test.labels).mean())

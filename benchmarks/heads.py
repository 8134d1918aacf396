"""How much of a map is the seed's? Heads that learned from the same features, from other weights and in another order.

    python -m benchmarks.heads [--dataset photo_patches …] [--data DIR …] [--backbone NAME] [--heads 5] [--images 40]

Grad-CAM of the last stage, as coarse as it is, for test images' own classes, and for the difference of the logits of that class
and the likeliest other one. Every pair of heads is compared in every image: whether the strongest cell is the same, and the rank
correlation of the two maps. The yardstick for a difference between A and B, which *A with other seeds* draws for one picture.
"""

import argparse
import itertools
import os
import tempfile

import numpy as np
import torch

from benchmarks.attribution import inputs, probe
from benchmarks.report import footer, table
from explorer.looks.attribution.compute.attribute import attribute, contrasted
from explorer.looks.attribution.compute.randomisation import alike
from explorer.models import devices
from explorer.models.network import Network
from explorer.models.predicting import probabilities
from explorer.training.compute.session import Session


def row(name: str, sessions: list[Session], images: int) -> list[str]:
    """What the heads of these probes have in common, in so many test images spread over the set."""
    test, said = sessions[0].data.test, sessions[0].recipe
    chosen = np.unique(np.linspace(0, len(test) - 1, images).round().astype(int))
    x, own = inputs(sessions[0], said.preprocessing.crop)[chosen], test.labels[chosen]
    nets = [s.network.float().to(memory_format=torch.contiguous_format) for s in sessions]
    likely = np.stack([np.concatenate([probabilities(net, part) for part in x.split(8)]) for net in nets])
    right = (likely.argmax(2) == own).mean()
    others = likely[0].copy()
    others[np.arange(len(own)), own] = -1
    single = np.stack([_maps(net, x, own) for net in nets])
    double = np.stack([_maps(net, x, own, others.argmax(1)) for net in nets])
    told = [alike_in_pairs(maps) for maps in (single, double)]
    cells = f"{single.shape[2]} × {single.shape[3]}"
    return [name, f"{len(nets)}, {right:.1%} right", str(len(x)), cells, *(part for pair in told for part in pair)]


def _maps(net: Network, x: torch.Tensor, targets: np.ndarray, others: np.ndarray | None = None) -> np.ndarray:
    """Maps (n, h, w), each image asked about its own class, or about that rather than another one."""
    stage, found = net.row.stage_names[-1], []
    asked = {} if others is None else {k: contrasted(net, int(k)) for k in np.unique(others)}
    for i, one in enumerate(x.split(1)):
        of = net if others is None else asked[others[i]]
        found.append(attribute(of, one, [int(targets[i])], "gradcam", stage))
    return np.concatenate(found)


def alike_in_pairs(maps: np.ndarray) -> tuple[str, str]:
    """Of maps (m, n, h, w): the share of pairs with the same strongest cell, and their mean rank correlation."""
    peaks = maps.reshape(*maps.shape[:2], -1).argmax(2)
    pairs = list(itertools.combinations(range(len(maps)), 2))
    same = np.mean([(peaks[a] == peaks[b]).mean() for a, b in pairs])
    ranks = np.mean([alike(maps[a], maps[b]).mean() for a, b in pairs])
    return f"{same:.0%}", f"{ranks:.2f}"


def main() -> None:
    """Each set in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", nargs="*", default=[])
    parser.add_argument("--data", nargs="*", default=[], help="folders with one sub-folder per class")
    parser.add_argument("--backbone", default="resnet10")
    parser.add_argument("--per-class", type=int, help="training images (default: all)")
    parser.add_argument("--heads", type=int, default=5)
    parser.add_argument("--images", type=int, default=40)
    given = parser.parse_args()
    devices.set_threads()
    sets = [(name, name, None) for name in given.dataset] + [
        (d.rstrip("/").rsplit("/", 1)[-1], "folder", d) for d in given.data
    ]
    found = []
    with tempfile.TemporaryDirectory() as home:
        os.environ["THAW_HOME"] = home  # leave no trace in the visitor's cache
        for name, kind, data in sets:
            sessions = [probe(kind, data, given.backbone, given.per_class, seed) for seed in range(given.heads)]
            found.append(row(name, sessions, given.images))
    compared = ("same strongest cell", "rank correlation", "the same of two logits' difference", "rank correlation")
    print(table(["set", "heads", "images", "cells", *compared], found))
    print("\n" + footer("benchmarks.heads", ("torch", "captum"), f"{given.backbone}", hide=given.data))


if __name__ == "__main__":
    main()

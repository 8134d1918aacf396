"""What do new BatchNorm statistics cost by themselves? A probe's network, no weight moved, its statistics estimated anew.

    python -m benchmarks.new_statistics [--dataset photo_patches …] [--data DIR …] [--backbone NAME] [--images 16 60 240]

A linear probe learned on features in eval mode, so its head fits the pre-trained statistics. Every BatchNorm layer's are then
estimated anew from so many of its training images (several draws), and the same test images are scored again: what rewinding and
interpolation must not put down to the weights that they change (their control).
"""

import argparse
import os
import statistics
import tempfile
from collections.abc import Iterator

import numpy as np

from benchmarks.attribution import probe
from benchmarks.report import footer, table
from explorer.data.stream import Stream, logits
from explorer.models import devices
from explorer.training.compute import batchnorm
from explorer.training.compute.session import Session


def rows(name: str, session: Session, counts: list[int], draws: int) -> Iterator[list[str]]:
    """As it is, then for each number of images what is right with statistics from as many, by draw."""
    test, network = session.data.test, session.network
    base = right(session)
    yield [name, "its own", f"{base} of {len(test)} ({base / len(test):.1%})", ""]
    state = {key: tensor.clone() for key, tensor in network.model.state_dict().items()}
    train = session.data.train.pixels(session.recipe.preprocessing)
    layers = batchnorm.layers(network, network.row.stage_names)
    for count in counts:
        if count > len(train):
            continue
        found = []
        for draw in range(draws):
            some = np.random.default_rng(draw).permutation(len(train))[:count]
            batchnorm.reestimate(network, Stream(train[some], session.recipe.preprocessing, session.place), layers)
            found.append(right(session))
            network.model.load_state_dict(state)
        told = f"{statistics.fmean(found) / len(test):.1%}"
        yield [name, f"from {count} training images", f"{', '.join(map(str, found))} ({told})", f"{len(layers)} layers"]


def right(session: Session) -> int:
    """Test images named rightly by the network as it is now."""
    test, used = session.data.test, session.recipe.preprocessing
    found = logits(session.network.eval(), Stream(test.pixels(used), used, session.place))
    return int((found.argmax(1) == test.labels).sum())


def main() -> None:
    """Each set in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", nargs="*", default=[])
    parser.add_argument("--data", nargs="*", default=[], help="folders with one sub-folder per class")
    parser.add_argument("--backbone", default="resnet10")
    parser.add_argument("--per-class", type=int, help="training images (default: all)")
    parser.add_argument("--images", nargs="*", type=int, default=[16, 60, 120, 240])
    parser.add_argument("--draws", type=int, default=3)
    given = parser.parse_args()
    devices.set_threads()
    sets = [(name, name, None) for name in given.dataset] + [
        (d.rstrip("/").rsplit("/", 1)[-1], "folder", d) for d in given.data
    ]
    found = []
    with tempfile.TemporaryDirectory() as home:
        os.environ["THAW_HOME"] = home  # leave no trace in the visitor's cache
        for name, kind, data in sets:
            found += rows(name, probe(kind, data, given.backbone, given.per_class), given.images, given.draws)
    print(table(["set", "BatchNorm's statistics", "test images right, draw by draw", "estimated anew"], found))
    print("\n" + footer("benchmarks.new_statistics", ("torch",), f"{given.backbone}", hide=given.data))


if __name__ == "__main__":
    main()

"""The grid behind the default rates of explorer/catalogue/strategies.py.

python -m benchmarks.rates --strategy last_stage [--data DIR] [--backbone NAME] [--epochs N] [--seeds N]

Prints a Markdown table: accuracy on *validation* for each pair of rates (mean over seeds), so that the defaults were not
chosen on any test image. Without --data it runs on photo patches.
"""

import argparse
import itertools
import sys

from explorer import recipe
from explorer.catalogue import STRATEGIES
from explorer.engine import devices, training

HEAD = (1e-3, 3e-3, 5e-3, 1e-2)
BACKBONE = (1e-4, 3e-4, 1e-3)


def validation(choices: dict[str, object], seeds: int) -> tuple[float, float]:
    """Best validation accuracy of a run and its seconds of training, means over seeds."""
    best, seconds = [], []
    for seed in range(seeds):
        session = training.prepare(recipe.make(**choices, seed=seed))
        epochs = list(training.train(session))
        best.append(max(epoch.val.accuracy for epoch in epochs))
        seconds.append(epochs[-1].seconds)
    return sum(best) / seeds, sum(seconds) / seeds


def main() -> None:
    """Run the grid of one strategy."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--strategy", default="last_stage", choices=list(STRATEGIES))
    parser.add_argument("--backbone", default="resnet10")
    parser.add_argument("--weights", default="default")
    parser.add_argument("--data", help="a folder with one sub-folder per class; default: photo patches")
    parser.add_argument("--per-class", type=int, default=25)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=1)
    given = parser.parse_args()
    devices.set_threads()
    print(f"`python -m benchmarks.rates {' '.join(sys.argv[1:])}`\n")
    print("| head rate | backbone rate | validation accuracy | seconds of training |\n|---|---|---|---|")
    source = {"dataset": "folder", "data_dir": given.data} if given.data else {}
    learns = given.strategy != "linear_probe"
    for head, backbone in itertools.product(HEAD, BACKBONE if learns else (0.0,)):
        choices = {
            "strategy": given.strategy,
            "backbone": given.backbone,
            "weights": given.weights,
            "per_class": given.per_class,
            "epochs": given.epochs,
            "head_rate": head,
            "backbone_rate": backbone,
        }
        accuracy, seconds = validation(choices | source, given.seeds)
        print(f"| {head:g} | {backbone:g} | {accuracy:.1%} | {seconds:.1f} |", flush=True)


if __name__ == "__main__":
    main()

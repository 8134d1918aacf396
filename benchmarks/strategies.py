"""In what order do the strategies come, on the sets that ship with Thaw or on your folder?

    python -m benchmarks.strategies [--dataset photo_patches digits …] [--data DIR] [--seeds 5]

Prints a Markdown table: test accuracy of each strategy with the built-in backbone and its default rates, mean ± standard
deviation over seeds (each draws its own training images, head and batches; the test images are the same), and seconds.
"""

import argparse
import statistics
import sys

from benchmarks.report import footer
from explorer import recipe
from explorer.models import devices
from explorer.training.compute import scoring
from explorer.training.compute.loop import train
from explorer.training.compute.preparing import prepare

ARMS = {
    "random weights, frozen": {"weights": "random", "strategy": "linear_probe"},
    "from scratch": {"strategy": "from_scratch"},
    "pre-trained, frozen (linear probe)": {"strategy": "linear_probe"},
    "pre-trained, last stage tuned": {"strategy": "last_stage"},
    "pre-trained, all tuned": {"strategy": "full"},
}


def scores(choices: dict[str, object], seeds: int) -> tuple[list[float], list[float], int]:
    """Test accuracies and seconds of a recipe, one a seed, and the number of test images."""
    accuracies, seconds, n = [], [], 0
    for seed in range(seeds):
        session = prepare(recipe.make(**choices, seed=seed))
        list(train(session))
        outcome = scoring.outcome(session)
        accuracies.append(outcome.test.accuracy)
        seconds.append(outcome.seconds["total"])
        n = outcome.test.n
    return accuracies, seconds, n


def main() -> None:
    """Run every strategy on every set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", nargs="*", default=["photo_patches"])
    parser.add_argument("--data", nargs="*", default=[], help="folders with one sub-folder per class")
    parser.add_argument("--backbone", default="resnet10")
    parser.add_argument("--per-class", type=int, default=25)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument(
        "--arms", nargs="*", default=list(ARMS), choices=list(ARMS), metavar="ARM", help="some of the rows"
    )
    given = parser.parse_args()
    devices.set_threads()
    sets = [{"dataset": name} for name in given.dataset] + [{"dataset": "folder", "data_dir": d} for d in given.data]
    print("| data set | strategy | test accuracy, mean ± sd over seeds | n | seconds a run |\n|---|---|---|---|---|")
    for source in sets:
        name = str(source.get("data_dir", source["dataset"])).rstrip("/").rsplit("/", 1)[-1]
        for arm in given.arms:
            choices = ARMS[arm]
            common = {"backbone": given.backbone, "per_class": given.per_class, "epochs": given.epochs}
            accuracies, seconds, n = scores(common | choices | source, given.seeds)
            spread = statistics.stdev(accuracies) if given.seeds > 1 else 0.0
            mean = statistics.mean(accuracies)
            took = statistics.median(seconds)
            print(f"| {name} | {arm} | {100 * mean:.1f} ± {100 * spread:.1f} % | {n} | {took:.1f} |", flush=True)
    print("\n" + footer("benchmarks.strategies", ("torch",), f"{given.seeds} seeds", hide=given.data))
    sys.stdout.flush()


if __name__ == "__main__":
    main()

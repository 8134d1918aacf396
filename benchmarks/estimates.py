"""How near does the time that is told before a run come to the time that it takes?

    python -m benchmarks.estimates [--sets photo_patches shapes …] [--strategies linear_probe full …] [--epochs 5]

The speed of the stages is measured as *Train* has it measured. Then each strategy runs on each set as the worker runs it, nothing
cached, and what was expected is divided by what it took: *first* for a machine that has run nothing yet, *then* corrected by the
median of the runs before (as `training.cost.correction` does). The bar: between 0.5 and 2. Seconds are the clock's, so run it on
an idle machine. Learning rates, seeds and accuracies play no part.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.report import footer, table
from explorer import recipe
from explorer.models import devices
from explorer.training.compute import scoring
from explorer.training.compute.loop import train_overlapped
from explorer.training.compute.planning import speed
from explorer.training.compute.preparing import prepare
from explorer.training.cost import LIKE, images_of, seconds

SETS = {"photo_patches": 25, "shapes": 25, "digits": 25}
"""Sets that ship → training images of each class."""
STRATEGIES = (
    "linear_probe",
    "best_stage",
    "last_stage",
    "last_2_stages",
    "first_stage",
    "gradual",
    "lp_ft",
    "bn_only",
    "full",
    "from_scratch",
)
BAR = 2.0


@dataclass(frozen=True)
class Told:
    """One run: seconds that were expected on a machine that has run nothing, and seconds that it took."""

    dataset: str
    strategy: str
    expected: float
    took: float


def one(made: recipe.Recipe, expected: float) -> Told:
    """Carry out a run as the worker does, cache empty."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as home:
        os.environ["THAW_HOME"] = home
        session = prepare(made)
        train_overlapped(session, lambda epoch: None)
        scoring.outcome(session)
    return Told(made.dataset, made.strategy, expected, time.perf_counter() - began)


def run(sets: Sequence[str], strategies: Sequence[str], epochs: int) -> list[Told]:
    """Every strategy on every set, the sets one after the other."""
    found = []
    for name in sets:
        for strategy in strategies:
            made = recipe.make(dataset=name, strategy=strategy, per_class=SETS[name], epochs=epochs)
            images = images_of(made)
            assert images is not None, "a set that ships has a size"
            measured = speed(made.backbone, made.preprocessing.crop)
            found.append(one(made, seconds(made, measured, images)))
            print(f"{name}, {strategy}: {found[-1].expected:.1f} s expected, {found[-1].took:.1f} s taken", flush=True)
    return found


def ratios(found: Sequence[Told]) -> list[tuple[float, float]]:
    """Of each run, expected / taken: first, and then corrected by the latest runs before it."""
    rows = []
    for i, told in enumerate(found):
        before = [other.took / other.expected for other in found[max(0, i - LIKE) : i]]
        first = told.expected / told.took
        rows.append((first, first * (statistics.median(before) if before else 1.0)))
    return rows


def report(found: Sequence[Told]) -> str:
    """A line a run, and how many lie within the bar."""
    pairs = ratios(found)
    lines = [
        (told.dataset, told.strategy, f"{told.expected:.1f}", f"{told.took:.1f}", f"{first:.2f}", f"{then:.2f}")
        for told, (first, then) in zip(found, pairs, strict=True)
    ]
    near = [sum(1 / BAR <= pair[side] <= BAR for pair in pairs) for side in (0, 1)]
    words = f"Within a factor of {BAR:g}: {near[0]} of {len(found)} first, {near[1]} of {len(found)} then."
    return f"{table(('set', 'strategy', 'expected, s', 'taken, s', 'first', 'then'), lines)}\n\n{words}"


def main() -> None:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--strategies", nargs="+", choices=STRATEGIES, default=list(STRATEGIES))
    parser.add_argument("--epochs", type=int, default=5)
    given = parser.parse_args()
    devices.set_threads()
    print(report(run(given.sets, given.strategies, given.epochs)))
    print("\n" + footer("benchmarks.estimates", ("torch",)))


if __name__ == "__main__":
    main()

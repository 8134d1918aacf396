"""How long near-copies take among 4,000 pictures, once their features are there.

    chrt -r 1 python -m benchmarks.near_copies [--n 4000] [--times 3]

Photo patches (5,846 overlapping pieces of 17 photographs, the built-in backbone): the first N of them. The features are computed
first, or come from the cache; what is timed is `near_copies` alone, in seconds of the processor and of the clock, the fastest of
some times. Bar: ≤ 5 s.
"""

import argparse
import time

from benchmarks.report import footer, held, table
from explorer.data.near_copies.pairs import MadeCopies, near_copies
from explorer.looks.data.compute import faults, survey
from explorer.looks.data.compute.whole import features, plain, whole
from explorer.models import devices
from explorer.progress import silent
from explorer.recipe import make

BAR = 5.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--n", type=int, default=4000)
    parser.add_argument("--times", type=int, default=3)
    given = parser.parse_args()
    devices.set_threads()
    recipe = plain(make(dataset="photo_patches"))
    found = whole(recipe)
    small = survey.survey(found.images, silent).small[: given.n]
    rows = features(recipe, found.data, silent)[: given.n]
    every = faults.made_copies(recipe, found)
    kept = every.of < given.n
    made = MadeCopies(every.of[kept], every.small[kept], every.features[kept])
    times = []
    for _ in range(given.times):
        clock, processor = time.perf_counter(), time.process_time()
        pairs = near_copies(small, rows, made)
        times.append((time.process_time() - processor, time.perf_counter() - clock))
    took, clocked = min(times)
    row = (
        f"{len(small):,}",
        f"{len(pairs.pairs):,}",
        f"{took:.1f}",
        f"{clocked:.1f}",
        held(took <= BAR, f"≤ {BAR:g} s"),
    )
    print(table(("pictures", "pairs listed", "processor, s", "clock, s", "bar"), [row]))
    print(footer())


if __name__ == "__main__":
    main()

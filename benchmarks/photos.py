"""What does the paired test say of other photos? The runs of benchmarks.batchnorm on photo patches, tested in both ways.

    python -m benchmarks.batchnorm --out FILE …
    python -m benchmarks.photos --runs FILE

Prints, for each strategy against the probe of the same seed and size, how often the exact McNemar test over patches and the exact
test that exchanges whole photos call them different, and the pairs on which the two disagree most; before that, how alike the
patches of one photo are and how many independent images they count like. Nothing is trained.
"""

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np

from benchmarks.batchnorm import Row
from benchmarks.batchnorm import rows as read
from benchmarks.report import footer, table
from explorer import evidence, recipe
from explorer.data import datasets
from explorer.evidence import Paired

LEVEL = 0.05


def compared(found: list[Row], groups: np.ndarray) -> dict[str, list[tuple[str, Paired]]]:
    """Each run but the probes against the probe of its seed and size: by strategy, with a name for the pair."""
    right = {(r["strategy"], r["mode"], r["per_class"], r["seed"]): np.array(r["right"], bool) for r in found}
    pairs: dict[str, list[tuple[str, Paired]]] = defaultdict(list)
    for (strategy, mode, size, seed), b in right.items():
        a = right.get(("linear_probe", "frozen", size, seed))
        if strategy != "linear_probe" and a is not None and len(a) == len(b) == len(groups):
            pairs[strategy].append((f"{strategy}, {mode}, {size} a class, seed {seed}", evidence.paired(a, b, groups)))
    return pairs


def alike(found: list[Row], groups: np.ndarray) -> str:
    """How alike the patches of a photo are in what is right of them, over all runs."""
    right = [np.array(r["right"], bool) for r in found if len(r["right"]) == len(groups)]
    likeness = [evidence.correlation(one, groups) for one in right]
    counts = [other.effective for one in right if (other := evidence.accuracy_by_group(one, groups)) is not None]
    return (
        f"{len(groups)} patches of {len(np.unique(groups))} photos, {len(right)} runs: correlation within a photo "
        f"{min(likeness):.2f} to {max(likeness):.2f}, counting like {min(counts):.0f} to {max(counts):.0f} independent ones."
    )


def lines(pairs: dict[str, list[tuple[str, Paired]]]) -> list[list[str]]:
    """A strategy each: pairs, and how many of them each test calls different."""
    told = []
    for strategy, some in pairs.items():
        tests = [(one.p_value, one.grouped.p_value or 0.0) for _, one in some if one.grouped is not None]
        by_patch, by_photo = (sum(test[i] < LEVEL for test in tests) for i in (0, 1))
        told.append([f"`{strategy}`", str(len(tests)), str(by_patch), str(by_photo)])
    return told


def main() -> None:
    """Read, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, required=True, help="what benchmarks.batchnorm wrote")
    given = parser.parse_args()
    found = [row for row in read(given.runs) if row["set"] == "photo_patches"]
    groups = datasets.load(recipe.make(dataset="photo_patches", strategy="linear_probe")).test.groups
    if not found or groups is None:
        parser.error(f"{given.runs} has no runs on photo patches")
    pairs = compared(found, groups)
    print(alike(found, groups), end="\n\n")
    print(table(["against the probe", "pairs", "different by patches", "by photos"], lines(pairs)), end="\n\n")
    every = [pair for some in pairs.values() for pair in some]
    for name, one in sorted(every, key=lambda pair: pair[1].p_value)[:5]:
        other = one.grouped.p_value if one.grouped else None
        print(
            f"- {name}: {one.fixed} fixed, {one.broken} broken, p = {one.p_value:.2g} by patches, {other:.2g} by photos"
        )
    print("\n" + footer("benchmarks.photos", ("numpy",), hide=[str(given.runs)]))


if __name__ == "__main__":
    main()

"""What the pages show of a probe (A) and a tuned run (B): the figures under "What you should see" in the README.

    python -m benchmarks.seen [--dataset photo_patches] [--strategy full] [--data DIR] [--backbone NAME] [--parts …]

Trains both with default recipes (25 images a class, or `--per-class all`), seed 0, in a home of its own, asks the questions
that the pages ask, and prints the answers as sentences, part by part.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator

from benchmarks.report import footer
from explorer import recipe, runs
from explorer.looks.attribution.compute.trust_handlers import faithfulness_many, on_object
from explorer.looks.projection.compute.handlers import map_controls, project, separation
from explorer.looks.similarity.compute.distance_handlers import compare
from explorer.looks.similarity.compute.reading_handlers import probe_stages
from explorer.looks.similarity.compute.rewind_handlers import rewind
from explorer.models import devices
from explorer.training.compute.handlers import train


def accuracy(a: str, b: str) -> Iterator[str]:
    """Both scores and the paired test."""
    found = compare(a, b).paired
    for name, run in (("A", a), ("B", b)):
        told = runs.read(run)
        mode, seconds = told.recipe.batchnorm, told.facts["seconds"]["total"]
        yield f"{name}: {told.recipe.title}, BatchNorm {mode}: {told.test}, {seconds:.1f} s"
    yield f"B fixes {found.fixed} and breaks {found.broken}: {found.verdict}"


def projection(a: str, b: str) -> Iterator[str]:
    """Mixing and twins on the shared map, beside its controls; the classes in the full space."""
    found, controls = project(a, b), map_controls(a, b)
    for name, agreement in (
        ("map", found.agreement),
        ("shuffled", controls.shuffled),
        ("random network", controls.random),
    ):
        yield f"{name}: mixing {agreement.mixing:.2f}, twins {agreement.twins:.2f}, left {agreement.left:.2f}"
    yield f"k-NN: A {found.knn_a.correct}, B {found.knn_b.correct} of {found.knn_a.n}"
    yield "silhouette: " + ", ".join(f"{n} {separation(r).silhouette:.2f}" for n, r in (("A", a), ("B", b)))


def attribution(a: str, b: str) -> Iterator[str]:
    """Grad-CAM against orders as compact as its maps, over several pictures; on shapes, the pointing game."""
    found = faithfulness_many(a, b)
    for model in "AB":
        for kind in ("insertion", "deletion"):
            for gain in found.of(model, kind):
                other = gain.grouped
                yield (
                    f"{model}, {kind} ({found.stage}): map {gain.area:.3f}, {gain.control} {gain.control_area:.3f}; gain "
                    f"{gain.mean:.3f} ({gain.low:.3f} to {gain.high:.3f}), better in {gain.better} of {gain.n}"
                    + (f"; for other groups {other.low:.3f} to {other.high:.3f}" if other else "")
                )
    if runs.read(b).recipe.dataset == "shapes":
        on = on_object(a, b)
        n = len(on.images)
        yield f"strongest point on the object: A {on.hit_a.sum()}, B {on.hit_b.sum()}, centre {on.hit_centre.sum()} of {n}"


def similarity(a: str, b: str) -> Iterator[str]:
    """How far each stage moved, what setting stages back leaves, and where features are useful."""
    for row in compare(a, b).stages:
        yield f"{row.stage}: CKA {row.cka:.3f}, neighbours {row.knn_overlap:.2f}, weights {row.weight_change:.3f}"
    found = rewind(b)
    for reset in found.resets:
        settled = "" if reset.settled is None else f", with new statistics {reset.settled.score.correct}"
        same = " (bitwise the same)" if reset.identical else ""
        yield f"{', '.join(reset.stages)} to {reset.to}: {reset.plain.score.correct} of {found.base.n}{settled}{same}"


def probes(a: str, b: str) -> Iterator[str]:
    """A fresh linear probe after each stage."""
    for row in probe_stages(a, b).stages:
        yield f"after {row.stage}: A {row.a.correct}, B {row.b.score.correct} of {row.a.n}"


PARTS: dict[str, Callable[[str, str], Iterator[str]]] = {
    "accuracy": accuracy,
    "projection": projection,
    "attribution": attribution,
    "similarity": similarity,
    "probes": probes,
}


def main() -> None:
    """Train, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="photo_patches")
    parser.add_argument("--strategy", default="full")
    parser.add_argument("--data", help="a folder with one sub-folder per class")
    parser.add_argument("--backbone", default="resnet10")
    parser.add_argument("--weights", default="default")
    parser.add_argument("--per-class", default="25")
    parser.add_argument("--parts", nargs="*", default=list(PARTS), choices=list(PARTS))
    given = parser.parse_args()
    devices.set_threads()
    source = {"dataset": "folder", "data_dir": given.data} if given.data else {"dataset": given.dataset}
    size = None if given.per_class == "all" else int(given.per_class)
    shared = source | {"backbone": given.backbone, "weights": given.weights, "per_class": size}
    with tempfile.TemporaryDirectory() as home:
        os.environ["THAW_HOME"] = home  # leave no trace in the visitor's
        pair = []
        for strategy in ("linear_probe", given.strategy):
            run = runs.create(recipe.make(**shared, strategy=strategy))
            train(run)
            pair.append(run)
        for part in given.parts:
            print(f"\n**{part}**\n")
            for line in PARTS[part](*pair):
                print(f"- {line}", flush=True)
    print("\n" + footer("benchmarks.seen", ("torch", "umap-learn"), hide=[given.data] if given.data else []))
    sys.stdout.flush()


if __name__ == "__main__":
    main()

"""What does a shared map show where nothing is to be seen: unrelated features, and features that did not move?

    python -m benchmarks.maps

First, noise of n images and d features against other noise, and against itself turned and scaled: the rotation fitted on
the images shown, as is usual, and on others, as Thaw does. Second, the same features twice through each layout: how far an
image drifts that did not move, on the photo patches that ship with Thaw. See benchmarks/README.md.
"""

import argparse

import numpy as np
import torch

from benchmarks.report import footer, table
from explorer import recipe
from explorer.data import datasets
from explorer.data.splits import pick
from explorer.looks.projection.compute import layouts, space
from explorer.looks.projection.compute.joint import project
from explorer.models import backbones, devices
from explorer.models.pooled_features import pooled_features

SIZES = [(n, d) for n in (40, 150, 306) for d in (512, 1280)]
OTHERS = 250


def patches(most: int) -> np.ndarray:
    """Features of photo patches at the built-in backbone's last stage, (n, 512): all test images, or so many of them."""
    wanted = recipe.make(dataset="photo_patches")
    test = datasets.load(wanted).test
    chosen = test.take(pick(test, most, "benchmark"))
    network = backbones.build("resnet10", 2, "BUILT_IN", seed=0)
    pixels = torch.from_numpy(chosen.pixels(wanted.preprocessing))
    x = devices.to_input(pixels, wanted.preprocessing, torch.device("cpu"))
    return pooled_features(network, x)["layer4"]


def told(before: np.ndarray, after: np.ndarray, others: tuple[np.ndarray, ...]) -> str:
    """How like a map of UMAP makes two sets of features look."""
    found = project(before, after, np.arange(len(before)) % 4, others=others).agreement
    return f"{100 * found.left:.0f} % left, same image nearer {100 * found.twins:.0f} %, mixing {found.mixing:.2f}"


def usual(x: np.ndarray, y: np.ndarray) -> float:
    """The squared distance that a rotation leaves which is fitted on the images shown, in all their dimensions."""
    x, y = space.standardised(x), space.standardised(y)
    return 1 - float(np.linalg.svd(y.T @ x, compute_uv=False).sum()) / len(x)


def unrelated() -> list[list[str]]:
    """A row for each size."""
    rows = []
    for n, d in SIZES:
        rng = np.random.default_rng(0)
        (x, y), (ox, oy) = rng.normal(size=(2, n, d)), rng.normal(size=(2, OTHERS, d))
        turn = 3 * np.linalg.qr(rng.normal(size=(d, d)))[0]
        seen = f"{100 * usual(x, y):.1f} % left"
        rows.append([f"{n} × {d}", seen, told(x, y, (ox, oy)), told(x, x @ turn, (ox, ox @ turn))])
    return rows


def drifted(x: np.ndarray, seeds: int) -> dict[str, np.ndarray]:
    """Layout → how far each image lies from itself, (seeds, n), as a share of the longer side of the map."""
    x, found = space.standardised(x), {"UMAP, one joint fit": [], "AlignedUMAP": []}
    for seed in range(seeds):
        both = layouts.plane(np.vstack([x, x]), "umap", seed)
        for name, (a, b) in zip(found, (np.split(both, 2), layouts.aligned_planes([x, x], seed)), strict=True):
            width = np.ptp(np.vstack([a, b]), axis=0).max()
            found[name].append(np.linalg.norm(a - b, axis=1) / width)
    return {name: np.array(far) for name, far in found.items()}


def main() -> None:
    """Print two Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--images", type=int, nargs="+", default=[40, 150, 306], help="how many photo patches are laid out"
    )
    parser.add_argument("--seeds", type=int, default=10, help="layouts of each")
    given = parser.parse_args()
    columns = [
        "n × d",
        "unrelated, fitted on the images shown",
        "unrelated, fitted on others",
        "turned, fitted on others",
    ]
    print(table(columns, unrelated()) + "\n")
    rows = []
    for n in given.images:
        for name, far in drifted(patches(n), given.seeds).items():
            middle, most = 100 * np.median(far), 100 * far.max(axis=1)
            rows.append(
                [str(far.shape[1]), name, f"{middle:.1f} %", f"{most.min():.1f} to {most.max():.1f} %", str(len(far))]
            )
    print(table(["n", "layout", "median drift", "largest drift, by seed", "seeds"], rows) + "\n")
    print(footer("benchmarks.maps", ["umap-learn", "numpy"], "Drift in per cent of the map's longer side."))


if __name__ == "__main__":
    main()

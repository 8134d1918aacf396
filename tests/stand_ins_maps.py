"""Results of the shared map, made up for tests."""

from typing import Any

import numpy as np
from stand_ins import CLASSES, N, gallery, projection

from explorer import evidence
from explorer.answers import save
from explorer.looks.projection.question import Agreement, MapControls, Noise, Separation, Trajectory
from explorer.question import ask_for

LABELS = np.arange(N) % len(CLASSES)


def separation(run: str = "b", right: int = 20) -> Separation:
    """Twenty of 24 right; shuffled, eight of 24."""
    shuffles = np.stack([np.random.default_rng(seed).permutation(N) for seed in range(3)])
    scores = (evidence.Score(N, right), evidence.Score(N, right + 1))
    shuffled = tuple(evidence.Score(N, 7 + i) for i in range(3))
    return Separation(
        run=run, stage="layer4", width=512, knn=scores[0], probe=scores[1], folds=5, silhouette=0.21,
        shuffles=shuffles, shuffled=shuffled, chance=1 / 3,
    )  # fmt: skip


def trajectory(run: str = "b", moved: bool = True) -> Trajectory:
    """Four moments; every image moves by its class in each."""
    epochs = (0, 1, 2, 4) if moved else (0,)
    first = projection().a
    xy = np.stack([first + t * LABELS[:, None] for t in range(len(epochs))]).astype(np.float32)
    knn = tuple(evidence.Score(N, 14 + t) for t in range(len(epochs)))
    trust = tuple(0.9 for _ in epochs)
    return Trajectory(
        run=run, method="umap", stage="layer4", epochs=epochs, xy=xy, images=np.arange(N), labels=LABELS,
        classes=CLASSES, knn=knn, trust=trust, chosen=2, moved=moved,
    )  # fmt: skip


def controls() -> MapControls:
    """Two strangers, a random network a little less of one."""
    return MapControls(Agreement(mixing=0.31, twins=0.49, left=1.02), Agreement(mixing=0.22, twins=0.63, left=0.64))


def noise() -> Noise:
    """A heap."""
    xy = np.random.default_rng(3).normal(size=(N, 2)).astype(np.float32)
    return Noise(method="umap", width=512, xy=xy, labels=LABELS, classes=CLASSES, knn=evidence.Score(N, 8), trust=0.6)


def answer(a: str, b: str, unmoved: bool = False) -> None:
    """Put every result of the map's page where it finds it."""

    def put(found: Any, name: str, **arguments: Any) -> None:
        save(found, ask_for(name, **arguments).path)

    for run in (a, b):
        put(gallery(), "gallery", run=run)
        put(separation(run), "separation", run=run)
    for method in ("pca", "umap"):
        put(projection(method, unmoved), "project", a=a, b=b, method=method)
        put(controls(), "map_controls", a=a, b=b, method=method)
        put(trajectory(b, not unmoved), "project_epochs", run=b, method=method)
        put(noise(), "project_noise", run=b, method=method)
    put(projection("aligned", unmoved), "project", a=a, b=b, method="aligned")
    put(controls(), "map_controls", a=a, b=b, method="aligned")


def examples() -> dict[str, Any]:
    """One of each result, by its name."""
    return {
        "Agreement": controls().random,
        "MapControls": controls(),
        "Noise": noise(),
        "Separation": separation(),
        "Trajectory": trajectory(),
    }

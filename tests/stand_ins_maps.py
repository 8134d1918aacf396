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
    return Separation(run, "layer4", 512, scores[0], scores[1], 5, 0.21, shuffles, shuffled, 1 / 3)


def trajectory(run: str = "b", moved: bool = True) -> Trajectory:
    """Four moments; every image moves by its class in each."""
    epochs = (0, 1, 2, 4) if moved else (0,)
    first = projection().a
    xy = np.stack([first + t * LABELS[:, None] for t in range(len(epochs))]).astype(np.float32)
    knn = tuple(evidence.Score(N, 14 + t) for t in range(len(epochs)))
    trust = tuple(0.9 for _ in epochs)
    return Trajectory(
        run, "umap", "layer4", epochs, xy, np.arange(N), LABELS, CLASSES, knn, trust, 2, moved
    )  # fmt: skip


def controls() -> MapControls:
    """Two strangers, a random network a little less of one."""
    return MapControls(Agreement(0.31, 0.49, 1.02), Agreement(0.22, 0.63, 0.64))


def noise() -> Noise:
    """A heap."""
    xy = np.random.default_rng(3).normal(size=(N, 2)).astype(np.float32)
    return Noise("umap", 512, xy, LABELS, CLASSES, evidence.Score(N, 8), 0.6)


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

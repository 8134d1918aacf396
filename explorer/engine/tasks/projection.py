"""The test images in A and in B, or in each epoch of one run, on one map; and what holds without a map."""

from collections.abc import Callable

import numpy as np

from explorer import runs
from explorer.engine import projection
from explorer.engine.tasks import lent
from explorer.results import Noise, Projection, Separation, Trajectory
from explorer.results.projection import in_proportion

MOST_POINTS = 5000  # images × epochs on one map: UMAP takes about 3 s for so many
Report = Callable[[float, str], None]


def _silent(share: float, words: str) -> None:
    """Tell nobody."""


def project(
    a: str,
    b: str,
    method: str = "umap",
    neighbours: int = 15,
    min_dist: float = 0.1,
    seed: int = 0,
    report: Report = _silent,
) -> Projection:
    """One shared map of the test images in A and in B, at the last stage."""
    said = lent.same_images(a, b)
    (before, _), (after, stage) = _last(a), _last(b)
    found = projection.project(before, after, said.labels, method, seed, neighbours, min_dist, report)
    what = {"labels": said.labels, "classes": said.classes, "ids": said.ids}
    settings = {"neighbours": neighbours, "min_dist": min_dist, "seed": seed}
    return Projection(method=method, stage=stage, **what, **settings, **vars(found))


def project_aligned(
    a: str, b: str, neighbours: int = 15, min_dist: float = 0.1, seed: int = 0, report: Report = _silent
) -> Projection:
    """The same by AlignedUMAP, which takes seconds."""
    return project(a, b, "aligned", neighbours, min_dist, seed, report)


def project_epochs(
    run: str,
    method: str = "umap",
    neighbours: int = 15,
    min_dist: float = 0.1,
    seed: int = 0,
    report: Report = _silent,
) -> Trajectory:
    """The test images at the last stage of one run: pre-trained, then after each epoch whose features are kept."""
    said, stage = runs.predictions(run), lent.finished(run).row.stage_names[-1]
    kept = runs.tensors(run, "features")
    epochs = sorted(int(name.removeprefix("epoch/")) for name in kept if name.startswith("epoch/"))
    moments = [kept[f"before/{stage}"], *(kept[f"epoch/{epoch}"] for epoch in epochs)]
    first = moments[0].astype(np.float16)  # as the epochs are kept
    moved = any((features.astype(np.float16) != first).any() for features in moments[1:])
    if not moved:
        epochs, moments = [], moments[:1]
    images = in_proportion(said.labels, MOST_POINTS // len(moments))
    found = projection.map_epochs(moments, said.labels, images, method, seed, neighbours, min_dist, report)
    chosen = int(runs.read(run).facts.get("chosen_epoch") or 0)
    at = {"epochs": (0, *epochs), "images": images, "labels": said.labels[images], "classes": said.classes}
    return Trajectory(run, method, stage, chosen=chosen, moved=moved, **at, **vars(found))


def project_noise(run: str, method: str = "umap", neighbours: int = 15, min_dist: float = 0.1, seed: int = 0) -> Noise:
    """Gaussian noise of the size of a run's features, by the same recipe."""
    said, (features, _) = runs.predictions(run), _last(run)
    noise = np.random.default_rng(seed).normal(size=features.shape)
    found = projection.project(noise, noise, said.labels, method, seed, neighbours, min_dist)
    return Noise(method, features.shape[1], found.a, said.labels, said.classes, found.knn_a, found.trust_a)


def separation(run: str) -> Separation:
    """How far the classes are apart at the last stage of a run, in the full space."""
    said, (features, stage) = runs.predictions(run), _last(run)
    found = projection.measure(features, said.labels)
    chance = float(np.bincount(said.labels).max() / len(said.labels))
    return Separation(run, stage, features.shape[1], chance=chance, **vars(found))


def _last(run: str) -> tuple[np.ndarray, str]:
    """The pooled test features (n, d) of a finished run's last stage, and that stage."""
    stage = lent.finished(run).row.stage_names[-1]
    return runs.tensors(run, "features")[f"after/{stage}"], stage

"""The test images in A and in B, or in each epoch of one run, on one map; and what holds without a map."""

import numpy as np

from explorer.data.stream import stage_features
from explorer.errors import ExplorerError
from explorer.looks.pair import compute
from explorer.looks.projection.compute import joint
from explorer.looks.projection.compute.epochs import map_epochs
from explorer.looks.projection.compute.separation import measure
from explorer.looks.projection.compute.space import LEAST_OTHERS
from explorer.looks.projection.question import MapControls, Noise, Projection, Separation, Trajectory, in_proportion
from explorer.looks.similarity.compute import chosen_images
from explorer.models import backbones
from explorer.models.network import Network
from explorer.progress import ProgressCallback, silent
from explorer.runs import OpenedRun, Predictions, RunOrId, kept_by_run

MOST_POINTS = 5000  # images × epochs on one map: UMAP takes about 3 s for so many
OTHERS = 250  # images that a rotation is fitted on at most, five for each of its dimensions
CONTROL_SEED = 12345


def project(
    a: RunOrId,
    b: RunOrId,
    method: str = "umap",
    neighbours: int = 15,
    min_dist: float = 0.1,
    seed: int = 0,
    report: ProgressCallback = silent,
) -> Projection:
    """One shared map of the test images in A and in B, at the last stage."""
    a, b = compute.opened(a), compute.opened(b)
    said = compute.same_images(a, b)
    (before, _), (after, stage) = _last(a), _last(b)
    same = before.shape == after.shape and bool((before == after).all())
    others = () if same else _others(a, b, report)
    found = joint.project(before, after, said.labels, method, seed, neighbours, min_dist, report, others)
    return projection_of(said, stage, method, found, neighbours, min_dist, seed)


def projection_of(
    said: Predictions,
    stage: str,
    method: str,
    found: joint.SharedMap,
    neighbours: int = 15,
    min_dist: float = 0.1,
    seed: int = 0,
) -> Projection:
    """The answer that a shared map of test images is, with their classes and how it was made."""
    return Projection(
        method=method, stage=stage, neighbours=neighbours, min_dist=min_dist, seed=seed,
        labels=said.labels, classes=said.classes, ids=said.ids, a=found.a, b=found.b, knn_a=found.knn_a, knn_b=found.knn_b,
        trust_a=found.trust_a, trust_b=found.trust_b, agreement=found.agreement, unmoved=found.unmoved,
        others=found.others, axes=found.axes,
    )  # fmt: skip


def map_controls(
    a: RunOrId,
    b: RunOrId,
    method: str = "umap",
    neighbours: int = 15,
    min_dist: float = 0.1,
    seed: int = 0,
    report: ProgressCallback = silent,
) -> MapControls:
    """The same procedure where there is nothing to find: B's images shuffled, and a random network in B's place."""
    a, b = compute.opened(a), compute.opened(b)
    labels = compute.same_images(a, b).labels
    before, after = _last(a)[0], _last(b)[0]
    others, rng = _others(a, b, report), np.random.default_rng(CONTROL_SEED)
    deals = [rng.permutation(len(x)) for x in (after, *others[1:])]
    report(0.3, "a random network")
    x, *y = _random_features(a, bool(others))
    found = []
    for share, against, fitted in ((0.5, after[deals[0]], [z[deals[1]] for z in others[1:]]), (0.7, x, y)):
        report(share, "the same procedure where there is nothing to find")
        rest = (*others[:1], *fitted)
        made = joint.project(before, against, labels, method, seed, neighbours, min_dist, others=rest)
        found.append(made.agreement)
    return MapControls(*found)


def project_epochs(
    run: RunOrId,
    method: str = "umap",
    neighbours: int = 15,
    min_dist: float = 0.1,
    seed: int = 0,
    report: ProgressCallback = silent,
) -> Trajectory:
    """The test images at the last stage of one run: pre-trained, then after each epoch whose features are kept."""
    run = compute.opened(run)
    said, stage, kept = run.predictions, run.settled.row.stage_names[-1], run.features
    epochs = sorted(int(name.removeprefix("epoch/")) for name in kept if name.startswith("epoch/"))
    moments = [kept[f"before/{stage}"], *(kept[f"epoch/{epoch}"] for epoch in epochs)]
    first = moments[0].astype(np.float16)  # as the epochs are kept
    moved = any((features.astype(np.float16) != first).any() for features in moments[1:])
    if not moved:
        epochs, moments = [], moments[:1]
    images = _drawn(said.labels, len(moments))
    found = map_epochs(moments, said.labels, images, method, seed, neighbours, min_dist, report)
    chosen = int(run.facts.get("chosen_epoch") or 0)
    return Trajectory(
        run=run.id, method=method, stage=stage, chosen=chosen, moved=moved, epochs=(0, *epochs),
        images=images, labels=said.labels[images], classes=said.classes,
        xy=found.xy, knn=found.knn, trust=found.trust, others=found.others, axes=found.axes,
    )  # fmt: skip


def _drawn(labels: np.ndarray, moments: int) -> np.ndarray:
    """Which of the test images are laid out at so many moments: half of them at most, since the rotation is fitted on the
    others (no images but these have features of each epoch); all where half are too few for that."""
    n, most = len(labels), MOST_POINTS // moments
    half = in_proportion(labels, min(most, n // 2))
    enough = moments > 1 and n - len(half) >= LEAST_OTHERS
    return half if enough else in_proportion(labels, most)


def project_noise(
    run: RunOrId, method: str = "umap", neighbours: int = 15, min_dist: float = 0.1, seed: int = 0
) -> Noise:
    """Gaussian noise of the size of a run's features, by the same recipe."""
    run = compute.opened(run)
    said, (features, _) = run.predictions, _last(run)
    noise = np.random.default_rng(seed).normal(size=features.shape)
    found = joint.project(noise, noise, said.labels, method, seed, neighbours, min_dist)
    return Noise(
        method=method, width=features.shape[1], xy=found.a, labels=said.labels, classes=said.classes, knn=found.knn_a,
        trust=found.trust_a,
    )  # fmt: skip


def separation(run: RunOrId) -> Separation:
    """How far the classes are apart at the last stage of a run, in the full space."""
    run = compute.opened(run)
    said, (features, stage) = run.predictions, _last(run)
    found = measure(features, said.labels)
    return Separation(
        run=run.id, stage=stage, width=features.shape[1], chance=said.majority, knn=found.knn, probe=found.probe,
        folds=found.folds, silhouette=found.silhouette, shuffles=found.shuffles, shuffled=found.shuffled,
    )  # fmt: skip


def _last(run: OpenedRun) -> tuple[np.ndarray, str]:
    """The pooled test features (n, d) of a finished run's last stage, and that stage."""
    stage = run.settled.row.stage_names[-1]
    return run.features[f"after/{stage}"], stage


def _others(a: RunOrId, b: RunOrId, report: ProgressCallback) -> tuple[np.ndarray, ...]:
    """What A and B see at their last stages in training images, the same ones, (m, d) each: what a rotation is fitted on.
    Empty where there are no such images any more."""
    report(0.02, "fitting the rotation, on other images")
    try:
        return _other_features(a), _other_features(b)
    except ExplorerError:
        return ()


@kept_by_run(most=12)
def _other_features(run: RunOrId) -> np.ndarray:
    run = compute.opened(run)
    return _seen(run, compute.network(run), compute.training_pictures(run, OTHERS))


@kept_by_run(most=4)
def _random_features(run: RunOrId, others: bool) -> tuple[np.ndarray, ...]:
    """What a random network of a run's shape sees in the test images, and in the other ones if they are asked for."""
    run = compute.opened(run)
    wanted = run.settled
    network = backbones.build(wanted.backbone, 2, "random", seed=CONTROL_SEED, reads=wanted.reads)
    seen = [compute.pictures(run), *([compute.training_pictures(run, OTHERS)] if others else [])]
    return tuple(_seen(run, network, pixels) for pixels in seen)


def _seen(run: RunOrId, network: Network, pixels: np.ndarray) -> np.ndarray:
    """The pooled features (m, d) of a network's last stage, read as the run reads images."""
    place = chosen_images.place_of(run)
    features = stage_features(network.copy().to(place.device), chosen_images.stream(run, pixels, place))
    return features[network.row.stage_names[-1]]

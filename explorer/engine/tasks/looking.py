"""The questions a page can ask of finished runs; each answer is a result that can be stored."""

from typing import Any

import numpy as np

from explorer import evidence, runs
from explorer import recipe as recipes
from explorer.catalogue import Preprocessing
from explorer.catalogue.backbones import stage_of
from explorer.engine import attribution, backbones, devices, features, freezing, projection, rates, similarity
from explorer.engine.tasks import lent
from explorer.errors import ExplorerError, unknown
from explorer.results import (
    Attribution,
    Comparison,
    Description,
    FeatureMaps,
    Gallery,
    Projection,
    RateSearch,
    StageChange,
)

THUMBNAIL = 96
CHANNELS = 16
BATCH = 32


def describe(recipe: dict[str, Any]) -> Description:
    """What a recipe does to each stage."""
    return freezing.describe(recipes.make(**recipe))


def find_rates(recipe: dict[str, Any]) -> RateSearch:
    """Learning rates that suit a recipe, each with the curve behind it."""
    devices.set_threads()
    return rates.find(recipes.make(**recipe))


def gallery(run: str) -> Gallery:
    """The test images of a run as thumbnails, with what it said of them."""
    said = runs.predictions(run)
    images = lent.pictures(run, Preprocessing(THUMBNAIL, THUMBNAIL))
    return Gallery(images, said.labels, said.predicted, said.probability, said.classes, said.ids)


def feature_maps(a: str, b: str, stage: str, image: int) -> FeatureMaps:
    """One test image through one stage of two runs, the channels that changed most first."""
    lent.same_images(a, b)
    before, after = lent.network(a), lent.network(b)
    stage_of(before.row, stage), stage_of(after.row, stage)
    if before.row.name != after.row.name:
        raise ExplorerError(
            f"Channels can be compared only where B was tuned from A's weights; A is a {before.row.title}, B a "
            f"{after.row.title}. Choose two runs of one backbone."
        )
    maps_a = features.maps(before, lent.inputs(a, image), stage)
    maps_b = features.maps(after, lent.inputs(b, image), stage)
    order, change = features.rank_by_change(maps_a, maps_b)
    kept = np.asarray(order[:CHANNELS])
    return FeatureMaps(stage, image, lent.pictures(a)[image], kept, maps_a[kept], maps_b[kept], np.asarray(change))


def project(a: str, b: str, method: str = "umap") -> Projection:
    """One shared map of the test images in A and in B, at the last stage."""
    said = lent.same_images(a, b)
    rows = [runs.tensors(run, "features") for run in (a, b)]
    stages = [lent.finished(run).row.stage_names[-1] for run in (a, b)]
    before, after = (row[f"after/{stage}"] for row, stage in zip(rows, stages, strict=True))
    found = projection.project(before, after, said.labels, method)
    what = {"labels": said.labels, "classes": said.classes, "ids": said.ids}
    return Projection(method=method, stage=stages[1], **what, **vars(found))


def attribute(
    a: str,
    b: str,
    image: int,
    target: str,
    method: str = "gradcam",
    stage: str = "",
) -> Attribution:
    """Where A and B look for one pinned class."""
    said = lent.same_images(a, b)
    if target not in said.classes:
        raise unknown("class", target, said.classes)
    index, maps, likely = said.classes.index(target), [], []
    for run in (a, b):
        net = lent.network(run)
        x = lent.inputs(run, image)
        where = stage or net.row.stage_names[-1]
        maps.append(attribution.attribute(net, x, index, method, stage_of(net.row, where).name)[0])
        likely.append(float(attribution.probabilities(net, x)[0, index]))
    return Attribution(method, where, image, target, lent.pictures(a)[image], maps[0], maps[1], likely[0], likely[1])


def compare(a: str, b: str) -> Comparison:
    """Two runs on the same test images, and how far each stage moved from A to B."""
    said_a, said_b = lent.same_images(a, b), runs.predictions(b)
    right_a, right_b = said_a.predicted == said_a.labels, said_b.predicted == said_b.labels
    quadrant = np.where(right_a, np.where(right_b, 0, 2), np.where(right_b, 1, 3))
    both, fixed, broken, neither = (int((quadrant == i).sum()) for i in range(4))
    p, words = evidence.mcnemar(fixed, broken), evidence.verdict(fixed, broken)
    return Comparison(a, b, len(quadrant), both, fixed, broken, neither, p, words, quadrant, _stage_changes(a, b))


def _stage_changes(a: str, b: str) -> tuple[StageChange, ...]:
    """One row per stage, for runs of one backbone; none for runs of two."""
    if lent.finished(a).backbone != lent.finished(b).backbone:
        return ()
    features_a, features_b = runs.tensors(a, "features"), runs.tensors(b, "features")
    net_a, net_b = lent.network(a), lent.network(b)
    state_a, state_b = net_a.model.state_dict(), net_b.model.state_dict()
    control = _random_features(a)
    rows = []
    for stage in net_a.row.stage_names:
        x, y = features_a[f"after/{stage}"], features_b[f"after/{stage}"]
        weights = [
            {n: state[n] for n, _ in net_a.model.named_parameters() if n in net_a.names(stage)}
            for state in (state_a, state_b)
        ]
        overlap, moved = similarity.knn_overlap(x, y), similarity.weight_change(*weights)
        rows.append(StageChange(stage, similarity.cka(x, y), overlap, moved, similarity.cka(x, control[stage])))
    return tuple(rows)


def _random_features(run: str) -> dict[str, np.ndarray]:
    """The test features of a random network of the same shape: the control of every similarity."""
    network = backbones.build(lent.finished(run).backbone, 2, "random", seed=12345)
    n = len(lent.pictures(run))
    return features.pooled_features(network, (lent.inputs(run, i, i + BATCH) for i in range(0, n, BATCH)))

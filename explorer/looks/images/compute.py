"""The test images of a run, small."""

import numpy as np

from explorer.catalogue import Preprocessing
from explorer.looks.images.question import Gallery, Movement, Seen
from explorer.looks.pair import comparison, compute
from explorer.models.predicting import probabilities
from explorer.runs import RunOrId

THUMBNAIL = 96


def gallery(run: RunOrId) -> Gallery:
    """The test images of a run as thumbnails, with what it said of them."""
    run = compute.opened(run)
    said = run.predictions
    images = compute.pictures(run, Preprocessing(THUMBNAIL, THUMBNAIL))
    return Gallery(
        images=images, labels=said.labels, predicted=said.predicted, probability=said.probability,
        classes=said.classes, ids=said.ids,
    )  # fmt: skip


def examples(run: RunOrId) -> Gallery:
    """One test image of each class as a thumbnail, the first of each."""
    run = compute.opened(run)
    said = run.predictions
    first = np.unique(said.labels, return_index=True)[1]
    images = compute.pictures(run, Preprocessing(THUMBNAIL, THUMBNAIL))[first]
    ids = tuple(said.ids[i] for i in first)
    return Gallery(
        images=images, labels=said.labels[first], predicted=said.predicted[first],
        probability=said.probability[first], classes=said.classes, ids=ids,
    )  # fmt: skip


def see(a: RunOrId, b: RunOrId, image: int | str) -> Seen:
    """One picture, of the test set or a visitor's own, and what A and B say of it."""
    a, b = compute.opened(a), compute.opened(b)
    classes = compute.same_images(a, b).classes
    (picture, x), (_, y) = compute.one(a, image), compute.one(b, image)
    said_a, said_b = (probabilities(compute.network(run), z)[0] for run, z in ((a, x), (b, y)))
    return Seen(picture=picture, classes=classes, probability_a=said_a, probability_b=said_b)


def movement(a: RunOrId, b: RunOrId) -> Movement:
    """How far each test image moved from A to B in the features of the last stage.

    ‖b_i - a_i‖ / mean_j ‖a_j - mean(a)‖: in units of how far A's images lie from their middle. Raises ExplorerError where A
    and B did not start from the same weights: their features have no axis in common.
    """
    a, b = compute.opened(a), compute.opened(b)
    compute.same_images(a, b)
    comparison.require(comparison.strangers(a.settled, b.settled, "axes"))
    stage = a.settled.row.stage_names[-1]
    before, after = (run.features[f"after/{stage}"].astype(np.float64) for run in (a, b))
    size = np.linalg.norm(before - before.mean(axis=0), axis=1).mean()
    return Movement(stage, np.linalg.norm(after - before, axis=1) / max(size, 1e-12))

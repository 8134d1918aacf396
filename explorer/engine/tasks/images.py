"""The test images of a run, small."""

import numpy as np

from explorer import runs
from explorer.catalogue import Preprocessing
from explorer.engine import attribution
from explorer.engine.tasks import lent
from explorer.results import Gallery, Seen

THUMBNAIL = 96


def gallery(run: str) -> Gallery:
    """The test images of a run as thumbnails, with what it said of them."""
    said = runs.predictions(run)
    images = lent.pictures(run, Preprocessing(THUMBNAIL, THUMBNAIL))
    return Gallery(images, said.labels, said.predicted, said.probability, said.classes, said.ids)


def see(a: str, b: str, image: int | str) -> Seen:
    """One picture, of the test set or a visitor's own, and what A and B say of it."""
    classes = lent.same_images(a, b).classes
    (picture, x), (_, y) = lent.one(a, image), lent.one(b, image)
    said: list[np.ndarray] = [attribution.probabilities(lent.network(run), z)[0] for run, z in ((a, x), (b, y))]
    return Seen(picture, classes, *said)

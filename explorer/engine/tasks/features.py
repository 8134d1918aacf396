"""What the channels of A and of B answer to a picture."""

import numpy as np

from explorer.catalogue.backbones import stage_of
from explorer.engine import features
from explorer.engine.tasks import lent
from explorer.errors import ExplorerError
from explorer.results import FeatureMaps

CHANNELS = 16


def feature_maps(a: str, b: str, stage: str, image: int | str) -> FeatureMaps:
    """One picture, of the test set or a visitor's own, through one stage of two runs, the channels that changed most first."""
    lent.same_images(a, b)
    before, after = lent.network(a), lent.network(b)
    stage_of(before.row, stage), stage_of(after.row, stage)
    if before.row.name != after.row.name:
        raise ExplorerError(
            f"Channels can be compared only where B was tuned from A's weights; A is a {before.row.title}, B a "
            f"{after.row.title}. Choose two runs of one backbone."
        )
    (picture, x), (_, y) = lent.one(a, image), lent.one(b, image)
    maps_a, maps_b = features.maps(before, x, stage), features.maps(after, y, stage)
    order, change = features.rank_by_change(maps_a, maps_b)
    kept = np.asarray(order[:CHANNELS])
    return FeatureMaps(stage, image, picture, kept, maps_a[kept], maps_b[kept], np.asarray(change))

"""All pictures of a data set in one row, whichever split they are in, with the features of a frozen backbone."""

from dataclasses import dataclass

import numpy as np

from explorer.data import datasets
from explorer.data.feature_cache.cached import CachedFeatures
from explorer.data.images import Data, Images
from explorer.data.joined import joined
from explorer.looks.data.question.census import SPLITS
from explorer.models import backbones, devices
from explorer.models.network import Network
from explorer.progress import FractionCallback
from explorer.recipe import Recipe, make


@dataclass(frozen=True, eq=False)
class Whole:
    """A data set of n pictures: `images` in the order training, validation, test, `splits` (n,) places in SPLITS."""

    data: Data
    images: Images
    splits: np.ndarray

    @property
    def groups(self) -> np.ndarray | None:
        """(n,) names of what pictures share (patient, photo), where known."""
        return self.images.groups


def plain(recipe: Recipe) -> Recipe:
    """The recipe of a linear probe on all training pictures of the same set through the same network: what a look needs."""
    return make(
        backbone=recipe.backbone,
        weights=recipe.weights,
        dataset=recipe.dataset,
        data_dir=recipe.data_dir,
        per_class=None,
        input_size=recipe.input_size,
        seed=recipe.seed,
        split_seed=recipe.split_seed,
        device=recipe.device,
        edits=recipe.edits,
        spoilt=recipe.spoilt,
    )


def whole(recipe: Recipe) -> Whole:
    """All pictures of the recipe's data set (those that a recipe may use: see `data.splits`)."""
    data = datasets.load(recipe)
    images, splits = joined(data)
    return Whole(data, images, splits)


def network_of(recipe: Recipe, data: Data) -> tuple[Network, devices.Device]:
    """The backbone as a linear probe reads it, where it computes fastest."""
    place = devices.choose(recipe.row, recipe.device)
    network = backbones.build(recipe.backbone, len(data.classes), recipe.weights, recipe.seed)
    return devices.laid_out(network, place), place


def features(recipe: Recipe, data: Data, progress: FractionCallback) -> np.ndarray:
    """(n, d) float32: what a head would read of all pictures, in the order of `whole`; found in the cache where a linear probe
    on all images, or an earlier look, has left it."""
    network, place = network_of(recipe, data)
    sizes = [len(getattr(data, split)) for split in SPLITS]
    parts, done = [], 0
    for split, size in zip(SPLITS, sizes, strict=True):

        def part(share: float, done: int = done, size: int = size) -> None:
            progress((done + share * size) / max(1, sum(sizes)))

        found = CachedFeatures.over(
            getattr(data, split), network, recipe, place, part, pool=split == "test", fingerprint=data.fingerprint
        )
        parts.append(found.stored.float().cpu().numpy())
        done += size
    return np.concatenate(parts)

"""A linear probe while one waits: the features of all pictures are stored, so that only the head is left to train."""

from dataclasses import replace
from functools import lru_cache

import torch

from explorer import evidence
from explorer.catalogue.strategies import strategy
from explorer.data import datasets
from explorer.data.feature_cache.cached import CachedFeatures
from explorer.data.images import Images
from explorer.progress import ProgressCallback, silent
from explorer.recipe import Recipe
from explorer.training.compute import loop, scoring
from explorer.training.compute.preparing import prepare
from explorer.training.question import LiveProbe, StoredFeatures


def whole(recipe: Recipe) -> Recipe:
    """The linear probe of all training images, one for all that a live probe may be asked of the same pictures."""
    plan = strategy("linear_probe")
    seed = recipe.seed if recipe.drawn else 0  # it draws random and matched backbones, of others the head alone
    return recipe.model_copy(update={"per_class": None, "seed": seed, "head_rate": plan.head_rate, "epochs": 1})


def store_features(recipe: Recipe, report: ProgressCallback = silent) -> StoredFeatures:
    """Compute the features of every picture unless they are stored."""
    session = prepare(whole(recipe), report)
    sizes = torch.bincount(session.front["train"].labels.cpu(), minlength=len(session.data.classes))
    return StoredFeatures(tuple(sizes.tolist()))


def live_probe(recipe: Recipe) -> LiveProbe:
    """What the recipe's run would give: the same images, head, batches and rates; only the features were computed in other
    batches, which may change their last bits."""
    every, data = datasets.load(whole(recipe)), datasets.load(recipe)
    known = _known(whole(recipe), every.fingerprint)
    fronts = known | {"train": _some(known["train"], every.train, data.train)}
    session = prepare(recipe, fronts=fronts, splits=("train", "val"))
    epochs = tuple(loop.train(session))
    chosen = scoring.take_best(session)
    _, test, _ = scoring.evaluate(session, fronts["test"])
    majority = evidence.majority(data.test.labels)
    return LiveProbe(
        n=len(data.train), epochs=epochs, chosen_epoch=chosen, test=test, val=epochs[chosen - 1].val, majority=majority
    )


@lru_cache(maxsize=2)
def _known(recipe: Recipe, fingerprint: str) -> dict[str, CachedFeatures]:
    """The stored features of each split, computed where they are not; `fingerprint` is that of the pictures as they are."""
    return prepare(recipe).front


def _some(front: CachedFeatures, all_images: Images, images: Images) -> CachedFeatures:
    """Those of some of the images."""
    place = {name: i for i, name in enumerate(all_images.ids)}
    rows = torch.tensor([place[name] for name in images.ids])
    views = tuple(view[rows.to(view.device)] for view in front.views)
    return replace(front, views=views, labels=front.labels[rows.to(front.labels.device)])

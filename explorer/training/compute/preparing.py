"""How a run in the making begins, and how it goes from one phase to the next."""

import time
from collections.abc import Mapping

import torch
from torch import Tensor

from explorer.catalogue.datasets import dataset
from explorer.catalogue.strategies import strategy
from explorer.data import datasets
from explorer.data.feature_cache.cached import CachedFeatures
from explorer.data.feature_cache.pixels import keep
from explorer.data.images import Data
from explorer.data.near_copies.across import Watch
from explorer.models import backbones, devices, memory
from explorer.progress import FractionCallback, ProgressCallback, silent
from explorer.recipe import Recipe
from explorer.training.compute import freezing, optimizing, reading
from explorer.training.compute.auditing import Witness
from explorer.training.compute.captured import Captures, recorder
from explorer.training.compute.session import SPLITS, Session, in_portions, pooled_test

FEATURES_SHARE = 0.3  # of the progress bar


def prepare(
    recipe: Recipe,
    report: ProgressCallback = silent,
    splits: tuple[str, ...] = SPLITS,
    fronts: Mapping[str, CachedFeatures] | None = None,
) -> Session:
    """Load data and network, freeze, and run the frozen front once over every image of these splits, or take what it gave
    from `fronts`."""
    started = time.perf_counter()
    place = devices.choose(recipe.row, recipe.device)
    memory.reset_peak(place)
    report(0.0, "Loading the images")
    data, watch = _loaded(recipe, "test" in splits and fronts is None)
    choice: dict[str, float] = {}
    if recipe.cuts and not recipe.reads:
        choice = reading.scores(recipe, data, place, report)
        recipe = recipe.model_copy(update={"reads": reading.best(choice)})
    built = recipe.backbone, len(data.classes), recipe.weights, recipe.seed, report
    network = backbones.build(*built, reads=recipe.reads)
    began = backbones.fingerprint(network)
    network = devices.laid_out(network, place)
    learns = recipe.phases[0].learns
    network = freezing.unfreeze(network, recipe, learns)
    before = freezing.snapshot(network)
    optimizer = optimizing.adamw(freezing.groups(network, recipe, learns), place)
    session = Session(recipe, data, place, network, {}, before, {}, optimizer, started, began, splits=splits)
    session.watch = watch
    session.choice, session.captures = choice, Captures(recorder(place))
    begun = reading.SHARE if choice else 0.0
    if fronts is None:
        run_front(session, report, begun, FEATURES_SHARE - begun)
    session.front |= fronts or {}
    train = session.front["train"]
    if not recipe.drawn or train.probe:  # a random net's features change their scale as it learns
        network.standardise(_head_inputs(session))
    session.pooled = pooled_test(session) if "test" in splits else {}
    session.seconds["features"] = time.perf_counter() - started
    return session


def _loaded(recipe: Recipe, watch: bool) -> tuple[Data, Watch | None]:
    """The data set, and who watches for near-copies in it; nobody where it ships with Thaw."""
    data, watched = datasets.load(recipe), None
    if watch and not dataset(recipe.dataset).shipped:
        watched = Watch(data)
        data = watched.watched()
    if recipe.phases[1:]:  # each runs another front over the same pictures
        data = keep(data, recipe.preprocessing)
    return data, watched


def run_front(session: Session, report: ProgressCallback, start: float, width: float) -> None:
    """Run the frozen front of this phase over every split, or take from the cache what it gave before."""
    recipe, data, each = session.recipe, session.data, width / len(session.splits)
    front = recipe.front_of(session.learns)
    whole = front == session.network.row.stage_names and not session.steps
    weights = session.front_weights = session.began if whole else session.network.fingerprint(front) if front else ""
    for i, split in enumerate(session.splits):
        part = _share(report, start + each * i, each, f"{'Frozen stages' if front else 'Decoding'}, {split} images")
        found = CachedFeatures.over(
            getattr(data, split),
            session.network,
            recipe,
            session.place,
            part,
            pool=split == "test" or (not session.learns and recipe.batchnorm == "frozen"),
            learns=session.learns,
            fingerprint=data.fingerprint,
            views=recipe.views if split == "train" else 1,
            batch=session.portion,
            weights=weights,
        )
        session.note_portion(found.batch)
        session.front[split] = found


def _share(report: ProgressCallback, start: float, width: float, message: str) -> FractionCallback:
    """A report over a part of the progress bar."""
    return lambda fraction: report(start + width * fraction, message)


def _head_inputs(session: Session) -> Tensor:
    """What the head reads of the training images before the first step, (n, d)."""
    front, network = session.front["train"], session.network
    network.eval()

    def features_of(batch: Tensor) -> Tensor:
        with torch.no_grad(), session.place.autocast():
            return front.features(network, front.read(batch))

    every = torch.arange(len(front.labels))
    return in_portions(session, lambda size: torch.cat([*front.each(features_of, every.split(size))]))


def open_phase(session: Session, phase: int) -> None:
    """Unfreeze the stages of a phase. New parameters join the optimizer; what learned before keeps its momentum.

    A stage of which the normalisation layers learned before (BatchNorm mode `affine`) gets a second group, for the rest of
    it. Where everything joins at once (LP-FT), the head goes on at the rate of the backbone.
    """
    recipe, network = session.recipe, session.network
    session.captures.drop()
    session.phase, session.opened, session.witness, session.modes = phase, session.steps, Witness(), freezing.Modes()
    freezing.unfreeze(network, recipe, session.learns)
    known = {id(p) for group in session.optimizer.param_groups for p in group["params"]}
    for group in freezing.groups(network, recipe, session.learns):
        if fresh := [p for p in group["params"] if id(p) not in known]:
            session.optimizer.add_param_group(group | {"params": fresh})
    optimizing.place_rates(session.optimizer, session.place)
    _set_rates(session)


def _set_rates(session: Session) -> None:
    """The rate of every group in this phase: decay counts from the last stage, so that a group's rate never changes."""
    recipe = session.recipe
    rates = {g["name"]: g["rate"] for g in freezing.groups(session.network, recipe, session.learns)}
    if session.phase and strategy(recipe.strategy).unfreezes == "after the head":
        rates["head"] = recipe.backbone_rate
    for group in session.optimizer.param_groups:
        group["rate"] = rates[group["name"]]

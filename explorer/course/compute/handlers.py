"""What the lesson asks besides: first filters, a walk through a backbone, a new head, a run beside its start, a small curve."""

import math
import time
from functools import lru_cache

import numpy as np
import torch

from explorer import evidence
from explorer.catalogue import Preprocessing
from explorer.catalogue.backbones import backbone as catalogued
from explorer.course.compute.truths.heads import old_head
from explorer.course.compute.truths.looking import before_and_after
from explorer.course.lesson_runs import CURVE_SETS, CURVE_STEPS
from explorer.course.question.live import CurvePoint, NewHead, Stillness, Walk, WalkStage
from explorer.data import datasets
from explorer.data.images import Data, Images
from explorer.errors import ExplorerError, unknown
from explorer.looks.features.compute import channels
from explorer.looks.features.compute.channels import strongest
from explorer.looks.features.compute.filters import first_filters
from explorer.looks.features.compute.receptive_field import receptive_fields
from explorer.looks.features.question import Filters
from explorer.looks.pair import compute
from explorer.looks.projection.compute.handlers import projection_of
from explorer.looks.projection.compute.joint import project
from explorer.models import backbones, devices
from explorer.models.cells import cells
from explorer.models.lending import lend
from explorer.models.network import Network
from explorer.progress import ProgressCallback, silent
from explorer.recipe import make
from explorer.runs import RunOrId
from explorer.training.compute import scoring
from explorer.training.compute.loop import train_overlapped
from explorer.training.compute.preparing import prepare

SHOWN, CELLS = 8, 48  # strongest channels of a stage, and the most cells a side that are drawn
FILTERS, BATCH = 64, 64
ARMS = {"probe": "linear_probe", "scratch": "from_scratch"}


def base_filters(backbone: str, weights: str) -> Filters:
    """The first convolution's filters with these weights (a) and with random ones (b), at most 64 of each."""
    (layer, of_a), (_, of_b) = (first_filters(_network(backbone, kind)) for kind in (weights, "random"))
    kept = np.arange(min(FILTERS, len(of_a)))
    return Filters(layer=layer, total=len(of_a), kept=kept, a=of_a[kept], b=of_b[kept])


def walk(backbone: str, weights: str, image: int) -> Walk:
    """A test image of the photo patches through every stage."""
    net = _network(backbone, weights)
    size = net.row.preprocessing(weights)
    picture, label = _picture(size, image)
    with torch.inference_mode():
        found = channels.all_maps(net, devices.to_input(torch.from_numpy(picture[None]), size, torch.device("cpu")))
    fields = receptive_fields(net, size.crop)
    stages = tuple(_stage(net, stage, maps, fields[stage], size.crop) for stage, maps in found.items())
    return Walk(backbone=backbone, weights=weights, image=image, label=label, picture=picture, stages=stages)


def _stage(net: Network, stage: str, maps: np.ndarray, field: tuple[float, float], size: int) -> WalkStage:
    shown = strongest(SHOWN, maps)
    names = set(net.names(stage))
    parameters = sum(p.numel() for name, p in net.model.named_parameters() if name in names)
    centre = size * float(cells(net, stage, size).centres(maps.shape[2])[maps.shape[2] // 2])
    sight = (0, size) if field == (0, 0) else (round(centre + field[0]), round(centre + field[1]))
    many, high, wide = maps.shape
    return WalkStage(
        stage=stage, channels=many, rows=high, columns=wide, parameters=parameters, shown=shown,
        maps=channels.shrunk(maps[shown], CELLS), sight=sight,
    )  # fmt: skip


def new_head(backbone: str, weights: str, classes: int, seed: int, image: int) -> NewHead:
    """A head for so many classes as it is before it has seen a picture; `seed` draws its first weights."""
    row, patches = catalogued(backbone), _patches()
    picture, label = _picture(row.preprocessing(weights), image)
    pooled = _pooled(backbone, weights)
    head = backbones.build(backbone, classes, "random", seed).head.eval()
    with torch.inference_mode():
        probability = torch.softmax(head(pooled), dim=1).numpy()
    right = int((probability.argmax(1) == patches.labels).sum())
    score = evidence.Score(len(patches), right) if classes == len(_classes("photo_patches")) else None
    return NewHead(
        backbone=backbone, weights=weights, classes=classes, features=row.features,
        parameters=sum(p.numel() for p in head.parameters()), old=old_head(row), seed=seed, image=image, label=label,
        picture=picture, probability=probability[image], top=probability.max(axis=1), score=score,
    )  # fmt: skip


def beside_start(run: RunOrId, method: str = "pca") -> Stillness:
    """A finished run against the network that it started from, on the same test images: how far, and on one map."""
    run = compute.opened(run)
    pairs, said = before_and_after(run), run.predictions
    stages = tuple(pairs)
    largest = tuple(float(np.abs(after - before).max()) for before, after in pairs.values())
    found = project(*pairs[stages[-1]], said.labels, method)
    return Stillness(run=run.id, stages=stages, largest=largest, map=projection_of(said, stages[-1], method, found))


def curve_point(dataset: str, per_class: int, arm: str, seed: int, report: ProgressCallback = silent) -> CurvePoint:
    """One point of the small curve: about `CURVE_STEPS` steps on `per_class` images of each class, scored on the test images.

    Arm `probe`: the built-in backbone, frozen, a new head. Arm `scratch`: the same architecture from random weights, all of
    it learning. Both see the same images, of the same size, in as many steps, each at its own usual rate.
    """
    if dataset not in CURVE_SETS:
        raise unknown("data set of the curve", dataset, CURVE_SETS)
    if arm not in ARMS:
        raise unknown("arm of the curve", arm, ARMS)
    devices.set_threads()
    start = time.perf_counter()
    chosen = {"dataset": dataset, "per_class": per_class, "seed": seed, "input_size": CURVE_SETS[dataset]}
    recipe = make(strategy=ARMS[arm], **chosen)
    images = per_class * len(_classes(dataset))
    epochs = max(1, round(CURVE_STEPS / math.ceil(images / recipe.batch_size)))
    recipe = make(strategy=ARMS[arm], epochs=epochs, **chosen)
    session = prepare(recipe, report)
    session.followed = False
    train_overlapped(session, lambda epoch: None, report)
    outcome = scoring.outcome(session)
    images = len(session.data.train)
    return CurvePoint(
        dataset=dataset, per_class=per_class, arm=arm, seed=seed, score=outcome.test, images=images,
        steps=session.steps, epochs=epochs, pixels=recipe.preprocessing.crop, seconds=time.perf_counter() - start,
    )  # fmt: skip


@lru_cache(maxsize=4)
def _network(backbone: str, weights: str) -> Network:
    return backbones.build(backbone, len(_classes("photo_patches")), weights, seed=0)


@lru_cache(maxsize=2)
def _all(dataset: str) -> Data:
    return datasets.load(make(dataset=dataset, per_class=None))


def _classes(dataset: str) -> tuple[str, ...]:
    return _all(dataset).classes


def _patches() -> Images:
    """The test images of the photo patches, from which the lesson's pictures come."""
    return _all("photo_patches").test


def _picture(size: Preprocessing, image: int) -> tuple[np.ndarray, str]:
    """A test image as the network sees it, and its class."""
    patches = _patches()
    if not 0 <= image < len(patches):
        raise ExplorerError(
            f"There is no test image {image}: there are {len(patches)}, numbered from 0. Choose another."
        )
    return patches.take([image]).pixels(size)[0], _classes("photo_patches")[patches.labels[image]]


@lru_cache(maxsize=2)
def _pooled(backbone: str, weights: str) -> torch.Tensor:
    """What the head reads of every test image, (n, d)."""
    net, patches = _network(backbone, weights), _patches()
    size = net.row.preprocessing(weights)
    pixels = torch.from_numpy(patches.pixels(size))
    with lend(net), torch.inference_mode():
        parts = [net.features(devices.to_input(part, size, torch.device("cpu")), None) for part in pixels.split(BATCH)]
        return torch.cat(parts)

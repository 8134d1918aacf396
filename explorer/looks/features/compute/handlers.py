"""What the channels of A and of B answer: to one picture, and to all held-out images."""

from collections.abc import Iterator

import numpy as np
import torch

from explorer.catalogue.backbones import stage_of
from explorer.cells import Cells
from explorer.looks.features.compute import channels
from explorer.looks.features.compute import channels as found_in
from explorer.looks.features.compute.channels import class_selectivity, lowest, rank_by_change, strength, strongest
from explorer.looks.features.compute.excite import Peaks, excite, rank_correlation, ranks_elsewhere, spread
from explorer.looks.features.compute.filters import first_filters
from explorer.looks.features.compute.receptive_field import receptive_fields
from explorer.looks.features.question import (
    Excitement,
    FeatureMaps,
    FeatureStrip,
    Filters,
    Selectivity,
    StageExcitement,
    StageSelectivity,
    StripStage,
)
from explorer.looks.pair import comparison, compute
from explorer.models.cells import cells
from explorer.progress import ProgressCallback
from explorer.runs import OpenedRun, RunOrId

STRIP, CELLS = 6, 24  # channels a stage in the strip, and the most cells a side that it draws
TOP = 12  # images kept for each channel
MOST, MOST_LARGE, LARGE = 600, 200, 128  # images looked at: fewer where inputs have more than 128 pixels a side
FILTERS = 64
BATCH = 32


def feature_maps(a: RunOrId, b: RunOrId, stage: str, image: int | str) -> FeatureMaps:
    """One picture, of the test set or a visitor's own, through one stage of two runs, the channels that changed most first.

    Where A and B did not start from the same weights a channel of A is none of B's: then the channels stay in their order
    and their change is NaN.
    """
    a, b = compute.opened(a), compute.opened(b)
    compute.same_stages(a, b)
    before, after = compute.network(a), compute.network(b)
    stage_of(before.row, stage)
    (picture, x), (_, y) = compute.one(a, image), compute.one(b, image)
    maps_a, maps_b = channels.maps(before, x, stage), channels.maps(after, y, stage)
    order, change = rank_by_change(maps_a, maps_b)
    if not comparison.same_start(a.settled, b.settled):
        order, change = np.arange(len(order)), np.full(len(order), np.nan, change.dtype)
    return FeatureMaps(
        stage=stage, image=image, picture=picture, channels=order, a=maps_a[order], b=maps_b[order], change=change,
        strength=strength(maps_a, maps_b),
    )  # fmt: skip


def feature_strip(a: RunOrId, b: RunOrId, image: int | str) -> FeatureStrip:
    """One picture through every stage of two runs: the channels that answer most strongly, small."""
    a, b = compute.opened(a), compute.opened(b)
    compute.same_stages(a, b)
    related = comparison.same_start(a.settled, b.settled)
    (picture, x), (_, y) = compute.one(a, image), compute.one(b, image)
    of_a, of_b = found_in.all_maps(compute.network(a), x), found_in.all_maps(compute.network(b), y)
    stages = tuple(_strip_stage(stage, of_a[stage], of_b[stage], related) for stage in of_a)
    return FeatureStrip(image=image, picture=picture, related=related, stages=stages)


def _strip_stage(stage: str, a: np.ndarray, b: np.ndarray, related: bool) -> StripStage:
    of_a = strongest(STRIP, a, b) if related else strongest(STRIP, a)
    of_b = of_a if related else strongest(STRIP, b)
    size = float(np.abs(a).mean())
    change = float(np.abs(b - a).mean()) / (size or 1.0) if related else float("nan")
    small_a, small_b = (found_in.shrunk(maps[kept], CELLS) for maps, kept in ((a, of_a), (b, of_b)))
    channels, height, width = a.shape
    return StripStage(
        stage=stage, channels_a=of_a, channels_b=of_b, a=small_a, b=small_b, channels=channels, rows=height,
        columns=width, change=change,
    )  # fmt: skip


def selectivity(a: RunOrId, b: RunOrId) -> Selectivity:
    """Which class each channel prefers in A and in B, from the pooled features of all test images."""
    a, b = compute.opened(a), compute.opened(b)
    said = compute.same_channels(a, b)
    of_a, of_b = a.features, b.features
    dealt = np.random.default_rng(0).permutation(said.labels)
    rows = []
    for stage in a.settled.row.stage_names:
        x, y = of_a[f"after/{stage}"], of_b[f"after/{stage}"]
        floor = lowest(x, y)
        (index_a, prefers_a), (index_b, prefers_b) = (class_selectivity(z, said.labels, floor) for z in (x, y))
        chance = float(np.median(class_selectivity(y, dealt, floor)[0]))
        rows.append(
            StageSelectivity(
                stage=stage,
                a=index_a,
                b=index_b,
                prefers_a=prefers_a,
                prefers_b=prefers_b,
                chance=chance,
                shifted=bool((floor < 0).any()),
            )
        )
    return Selectivity(n=len(said.labels), classes=said.classes, stages=tuple(rows))


def excitement(a: RunOrId, b: RunOrId, report: ProgressCallback | None = None) -> Excitement:
    """The test images that excite each channel most, in A and in B, at every stage; some of them where there are many."""
    a, b = compute.opened(a), compute.opened(b)
    said = compute.same_channels(a, b)
    used = a.settled.preprocessing
    images = spread(said.labels, MOST if used.crop <= LARGE else MOST_LARGE)
    net_a, net_b = compute.quick_network(a), compute.quick_network(b)

    def tell(share: float) -> None:
        if report:
            report(share, f"{round(share * len(images))} of {len(images)} images")

    peaks = excite(net_a, net_b, _Batches(a, images), tell)
    sight = receptive_fields(net_a, used.crop)
    stages = tuple(
        _stage_excitement(stage, *pair, images, cells(net_a, stage, used.crop), sight[stage])
        for stage, pair in peaks.items()
    )
    shares = np.bincount(said.labels[images], minlength=len(said.classes)) / len(images)
    shown = used.crop / used.resize
    return Excitement(
        n=len(images), total=len(said.labels), size=used.crop, shown=shown, labels=said.labels, classes=said.classes,
        shares=shares, stages=stages,
    )  # fmt: skip


class _Batches:
    """The inputs of these test images, batch after batch, made when they are asked for."""

    def __init__(self, run: OpenedRun, images: np.ndarray) -> None:
        self.run, self.images = run, images

    def __length_hint__(self) -> int:
        return -(-len(self.images) // BATCH)

    def __iter__(self) -> Iterator[torch.Tensor]:
        for first in range(0, len(self.images), BATCH):
            yield torch.cat([compute.inputs(self.run, int(i)) for i in self.images[first : first + BATCH]])


def _stage_excitement(
    stage: str, a: Peaks, b: Peaks, images: np.ndarray, where: Cells, sight: tuple[float, float]
) -> StageExcitement:
    rows_a, rows_b = (np.argsort(-peaks.value, axis=0, kind="stable")[:TOP].T for peaks in (a, b))
    at = [np.take_along_axis(kind, rows.T, axis=0).T for rows, peaks in ((rows_a, a), (rows_b, b))
          for kind in (peaks.value, peaks.place)]  # fmt: skip
    return StageExcitement(
        stage=stage, rows=a.rows, columns=a.columns, cells=where, sight=sight, same=a.same,
        top_a=images[rows_a], top_b=images[rows_b],
        value_a=at[0], value_b=at[2], place_a=at[1], place_b=at[3],
        elsewhere_a=ranks_elsewhere(b.value, rows_a), elsewhere_b=ranks_elsewhere(a.value, rows_b),
        lowest_a=a.value.min(axis=0), lowest_b=b.value.min(axis=0),
        correlation=rank_correlation(a.value, b.value),
    )  # fmt: skip


def filters(a: RunOrId, b: RunOrId) -> Filters:
    """The first convolution's filters of two runs; where there are more than 64, those with the largest weights in A."""
    a, b = compute.opened(a), compute.opened(b)
    comparison.require(comparison.stages_apart(a.settled, b.settled))
    (layer, of_a), (_, of_b) = (first_filters(compute.network(run)) for run in (a, b))
    size = np.linalg.norm(of_a.reshape(len(of_a), -1), axis=1)
    kept = np.argsort(-size, kind="stable")[:FILTERS] if len(of_a) > FILTERS else np.arange(len(of_a))
    return Filters(layer=layer, total=len(of_a), kept=kept, a=of_a[kept], b=of_b[kept])

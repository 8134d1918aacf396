"""Whether the maps of A and B are to be trusted: against controls, against the object's mask, against random weights."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from explorer.catalogue import ATTRIBUTIONS
from explorer.catalogue.backbones import stage_of
from explorer.cells import Cells
from explorer.errors import ExplorerError
from explorer.looks.attribution.compute import controls, randomisation
from explorer.looks.attribution.compute import faithfulness as faithfulness_module
from explorer.looks.attribution.compute.controls import CONTROLS, orders, scattered
from explorer.looks.attribution.compute.faithfulness import in_cells, inside
from explorer.looks.attribution.compute.map_handlers import class_of, how_of, inputs, maps_of, part, placed, spread
from explorer.looks.attribution.compute.randomisation import cascade
from explorer.looks.attribution.question.trust import (
    Cascade,
    Faithfulness,
    Faithfulnesses,
    OnObject,
    OrderedCurve,
    Randomisation,
    area,
)
from explorer.looks.pair import compute
from explorer.models import backbones
from explorer.progress import ProgressCallback, silent
from explorer.runs import OpenedRun, RunOrId

OBJECTS, OBJECTS_DEAR = 64, 16  # pictures of the pointing game; where a map takes many passes
OTHERS, OTHERS_DEAR = 7, 2  # pictures beside the shown one whose maps are compared while the weights go
ORDERS = 5  # random orders of the shown picture's cells
PAIRED, PAIRED_LARGE, LARGE = (
    24,
    12,
    128,
)  # pictures whose maps are held against controls: fewer beyond so many pixels a side
PAIRED_STEPS = 10  # in which the cells of each go and come


def faithfulness(
    a: RunOrId,
    b: RunOrId,
    image: int | str,
    target: str,
    method: str = "gradcam",
    stage: str = "",
    baseline: str = "grey",
    times: int = 1,
    rather_than: str = "",
    report: ProgressCallback = silent,
) -> Faithfulness:
    """What the class's probability does as one picture goes and comes in the order of A's and of B's own map, and in others."""
    a, b = compute.opened(a), compute.opened(b)
    said, how = how_of(a, b, method, stage, baseline, times, rather_than)
    index, seed = class_of(said, target), image if isinstance(image, int) else 0
    other = (seed + len(said.labels) // 2) % len(said.labels)
    deletion, insertion, share = [], [], np.zeros(0)
    for i, run in enumerate((a, b)):
        net, x = how.network(run), inputs(run, [image, other])
        heats = how.maps(net, x, [index, int(said.labels[other])])
        own, another = (in_cells(heat, how.cells(run, heats), x) for heat in heats)
        compact = orders(own, another, seed)
        some = np.concatenate([compact, scattered(own.shape[0], own.shape[1], ORDERS)])
        found = faithfulness_module.curves(
            net, x[:1], some, index, report=partial(part, report, i / 2, 0.5, f"{'AB'[i]}: ")
        )
        share = found.share
        for kept, curves in ((deletion, found.deletion), (insertion, found.insertion)):
            kept.append(OrderedCurve(curve=curves[0], controls=curves[1 : len(compact)], random=curves[len(compact) :]))
    return Faithfulness(
        method=method, stage=how.stage, image=image, target=target, share=share, controls=CONTROLS, baseline=baseline,
        deletion_a=deletion[0], deletion_b=deletion[1], insertion_a=insertion[0], insertion_b=insertion[1],
    )  # fmt: skip


def faithfulness_many(
    a: RunOrId,
    b: RunOrId,
    method: str = "gradcam",
    stage: str = "",
    baseline: str = "grey",
    times: int = 1,
    report: ProgressCallback = silent,
) -> Faithfulnesses:
    """Whether A's and B's maps, each image's own class asked, beat orders as compact as they are; over images spread evenly."""
    a, b = compute.opened(a), compute.opened(b)
    said, how = how_of(a, b, method, stage, baseline, times)
    images = spread(len(said.labels), PAIRED if b.settled.preprocessing.crop <= LARGE else PAIRED_LARGE)
    targets, gains = said.labels[images].tolist(), []
    groups = None if said.groups is None else said.groups[images]
    for i, run in enumerate((a, b)):
        maps, _ = maps_of(run, images, targets, how, partial(part, report, i / 2, 0.25, f"{'AB'[i]}: "))
        told = partial(part, report, i / 2 + 0.25, 0.25, f"{'AB'[i]}: ")
        areas = _areas(run, images, targets, maps, how.cells(run, maps), told)
        for kind, found in zip(("deletion", "insertion"), areas, strict=True):
            gains += controls.gains("AB"[i], kind, found, (*CONTROLS, "random"), groups)
    return Faithfulnesses(
        method=method, stage=how.stage, images=np.array(images), controls=CONTROLS, gains=tuple(gains),
        baseline=baseline,
    )  # fmt: skip


def _areas(
    run: OpenedRun,
    images: Sequence[int],
    targets: Sequence[int],
    maps: np.ndarray,
    cells: Cells,
    report: ProgressCallback,
) -> tuple[np.ndarray, np.ndarray]:
    """The areas of deletion and of insertion, (n, 1 + c + 1): of the map, of each control, and of one random order."""
    net, deletion, insertion = compute.quick_network(run), [], []
    for k, image in enumerate(images):
        report(k / len(images), f"Picture {k + 1} of {len(images)}")
        x = inputs(run, [image])
        own, another = (in_cells(maps[j], cells, x) for j in (k, (k + len(images) // 2) % len(images)))
        some = [orders(own, another, image), scattered(own.shape[0], own.shape[1], 1)]
        found = faithfulness_module.curves(net, x, np.concatenate(some), targets[k], PAIRED_STEPS)
        deletion.append(area(found.deletion))
        insertion.append(area(found.insertion))
    return np.stack(deletion), np.stack(insertion)


def on_object(
    a: RunOrId,
    b: RunOrId,
    method: str = "gradcam",
    stage: str = "",
    baseline: str = "grey",
    times: int = 1,
    report: ProgressCallback = silent,
) -> OnObject:
    """Whether A's and B's maps, for each image's own class, lie on the object; over test images spread evenly."""
    a, b = compute.opened(a), compute.opened(b)
    said, how = how_of(a, b, method, stage, baseline, times)
    masks = compute.masks(a)
    if masks is None:
        raise ExplorerError(
            f"The data set {a.settled.dataset} has no object masks. Choose two runs on shapes: there the "
            "mask of each object is known."
        )
    images = spread(len(said.labels), OBJECTS if ATTRIBUTIONS[method].passes == 1 else OBJECTS_DEAR)
    found = []
    for i, run in enumerate((a, b)):
        told = partial(part, report, i / 2, 0.5, f"{'AB'[i]}: ")
        maps, _ = maps_of(run, images, said.labels[images].tolist(), how, told)
        cells = how.cells(run, maps)
        found.append([inside(heat, cells, masks[k]) for heat, k in zip(maps, images, strict=True)])
    (share_a, hit_a), (share_b, hit_b) = (map(np.array, zip(*rows, strict=True)) for rows in found)
    kept = masks[images]
    centre = kept[:, kept.shape[1] // 2, kept.shape[2] // 2]
    covered = kept.mean(axis=(1, 2))
    return OnObject(
        method=method, stage=how.stage, images=np.array(images), share_a=share_a, share_b=share_b, covered=covered,
        hit_a=hit_a, hit_b=hit_b, hit_centre=centre.astype(bool), baseline=baseline,
    )  # fmt: skip


def randomise(
    run: RunOrId,
    image: int | str,
    target: str,
    method: str = "gradcam",
    stage: str = "",
    baseline: str = "grey",
    against: str = "",
    report: ProgressCallback = silent,
) -> Randomisation:
    """What is left of a map while the network's weights are replaced, from the head down: of `method`, and of `against`.

    For the shown picture and `target`, and for other test images with their own classes.
    """
    run = compute.opened(run)
    said, net = run.predictions, placed(compute.network(run), run, method, against)
    where = stage_of(net.row, stage or net.row.stage_names[-1]).name
    index = class_of(said, target)
    dear = any(ATTRIBUTIONS[name].passes > 1 for name in (method, against) if name)
    others = [i for i in spread(len(said.labels), OTHERS_DEAR if dear else OTHERS) if i != image]
    x = inputs(run, [image, *others])
    targets = [index, *said.labels[others].tolist()]
    wanted = run.settled
    fresh = backbones.build(wanted.backbone, net.classes, "random", seed=wanted.seed + 1000, reads=wanted.reads)
    names, cascades, parts = [name for name in (method, against) if name], [], ()
    for i, name in enumerate(names):
        steps = []
        for step in cascade(net, fresh, x, targets, name, where, baseline):
            steps.append(step)
            share = (i + len(steps) / (len(net.row.stages) + 2)) / len(names)
            report(share, f"{ATTRIBUTIONS[name].title}: {step[0] or 'as it is'}")
        parts = tuple(part for part, _ in steps)
        likeness = np.stack([randomisation.likeness(steps[0][1], maps) for _, maps in steps], axis=1)
        cascades.append(Cascade(method=name, maps=np.stack([maps[0] for _, maps in steps]), likeness=likeness))
    shown = np.array([image if isinstance(image, int) else -1, *others])
    picture = compute.one(run, image)[0]
    return Randomisation(
        run=run.id, stage=where, image=image, target=target, picture=picture, images=shown, parts=parts,
        cascades=tuple(cascades), baseline=baseline,
    )  # fmt: skip

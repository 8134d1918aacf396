"""The signs that the adviser reads: seconds of work on frozen features."""

import numpy as np
import torch

from explorer.catalogue.shifts import SEVEREST, SHIFTS
from explorer.data import datasets
from explorer.data.shifts import shifted
from explorer.evidence import Score, paired
from explorer.experiments.adviser import Signs, earlier
from explorer.experiments.shift import Spoilt
from explorer.looks.pair import compute
from explorer.models import devices
from explorer.models.abreast import abreast
from explorer.models.network import Network
from explorer.models.spare_card import sent
from explorer.progress import ProgressCallback, silent
from explorer.recipe import Recipe
from explorer.runs import OpenedRun, RunOrId
from explorer.training.compute import planning, reading

MOST = 25
"""Images per class that the probe learns from at most: so it takes seconds."""


TESTED = 400
"""Test images that are corrupted at most."""


def signs(recipe: Recipe, report: ProgressCallback = silent) -> Signs:
    """Signs of a recipe's images. Its number of images per class is told; the probe learns from up to `MOST` of each."""
    devices.set_threads()
    most = MOST if recipe.per_class is None else min(MOST, recipe.per_class)
    asked = recipe.model_copy(update={"per_class": most})
    data, place = datasets.load(asked), devices.choose(recipe.row, recipe.device)
    report(0.0, "Reading every stage")
    found = reading.rights(asked, data, place, lambda share, words: report(0.8 * share / reading.SHARE, words))
    *before, last = found
    counts = {name: _against(found[name], found[last]) for name in before}
    stage, fixed, broken, p_value = earlier(counts)
    distance = None
    if recipe.row.normalisation == "batch" and not recipe.drawn:
        report(0.8, "How far from the source")
        distance = planning.statistics_shift(asked).mean
    whole = datasets.load(recipe) if recipe.per_class != most else data
    per_class = len(whole.train) / len(data.classes)
    probe = Score(len(found[last]), int(found[last].sum()))
    return Signs(
        per_class=per_class, classes=len(data.classes), probe=probe, early=stage, fixed=fixed, broken=broken,
        p_value=p_value, distance=distance,
    )  # fmt: skip


def spoilt(run: RunOrId, report: ProgressCallback = silent) -> Spoilt:
    """What a run gets right of its test images, up to `TESTED`, clean and corrupted in every way."""
    devices.set_threads()
    run = compute.opened(run)
    pixels, labels = compute.pictures(run), run.predictions.labels
    rows = planning.spread(len(pixels), TESTED)
    pixels, labels, network = pixels[rows], labels[rows], compute.quick_network(run)
    kinds, right = tuple(SHIFTS), np.zeros((len(SHIFTS), SEVEREST + 1, len(rows)), np.bool_)
    clean = _right(run, network, pixels, labels)
    for k, kind in enumerate(kinds):
        right[k, 0] = clean
        for severity in range(1, SEVEREST + 1):
            if SHIFTS[kind].alike and severity > 1:
                right[k, severity] = right[k, 1]
                continue
            report(
                (k * SEVEREST + severity - 1) / (len(kinds) * SEVEREST), f"{SHIFTS[kind].title}, severity {severity}"
            )
            right[k, severity] = _right(run, network, shifted(pixels, kind, severity=severity), labels)
    return Spoilt(run=run.id, kinds=kinds, rows=rows, right=right)


def _right(run: OpenedRun, network: Network, pixels: np.ndarray, labels: np.ndarray) -> np.ndarray:
    def named(start: int) -> np.ndarray:
        with torch.inference_mode():
            return network(sent(network, compute.to_input(run, pixels[start : start + 64]))).argmax(1).cpu().numpy()

    return np.concatenate([*abreast(named, range(0, len(pixels), 64), next(network.parameters()).device)]) == labels


def _against(right: np.ndarray, last: np.ndarray) -> tuple[int, int]:
    """(fixed, broken) of validation images against the last stage."""
    found = paired(last, right)
    return found.fixed, found.broken

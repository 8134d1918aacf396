"""What is wrong with the pictures of a set, looked for in all of them at once."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import torch

from explorer.data.images import fit
from explorer.data.near_copies import pairs as copies
from explorer.data.near_copies.pairs import MADE_OF, MadeCopies, near_copies
from explorer.data.near_copies.small import squeezed
from explorer.looks.data.compute import survey
from explorer.looks.data.compute.survey import Survey
from explorer.looks.data.compute.whole import Whole, features, network_of, plain, whole
from explorer.looks.data.question.faults import Copies, Faults, SharedGroup, Thumbnails
from explorer.models import devices
from explorer.models.network import Network
from explorer.progress import FractionCallback, ProgressCallback, silent
from explorer.recipe import Recipe
from explorer.runs.cautions import contradictions

MOST_PAIRS, MOST_SINGLE = 400, 60
"""Pairs of copies, and pictures of each other kind, that an answer shows; the worst come first."""


def faults(recipe: Recipe, report: ProgressCallback = silent) -> Faults:
    """Copies and near-copies, groups in two splits, odd sizes, dark and blurred pictures of a data set."""
    devices.set_threads()
    wanted = plain(recipe)
    report(0.0, "Loading the images")
    found = whole(wanted)
    seen = _surveyed(found, lambda share: report(0.3 * share, "Looking at each picture"))
    rows = features(wanted, found.data, lambda share: report(0.3 + 0.5 * share, "Features of the frozen backbone"))
    report(0.8, "Copying some pictures on purpose")
    made = made_copies(wanted, found)
    pairs = near_copies(seen.small, rows, made, lambda share: report(0.85 + 0.15 * share, "Comparing pictures"))
    return _answer(found, pairs, _single(seen))


def plain_faults(recipe: Recipe, report: ProgressCallback = silent) -> Faults:
    """The same without near-copies: what a look at each picture by itself tells."""
    wanted = plain(recipe)
    report(0.0, "Loading the images")
    found = whole(wanted)
    seen = _surveyed(found, lambda share: report(share, "Looking at each picture"))
    none = copies.Pairs(np.zeros((0, 2), np.int64), np.zeros(0, np.float32), 0.0, float("inf"), 0, 0)
    return _answer(found, none, _single(seen))


_LAST: dict[tuple[str, int], Survey] = {}


def _surveyed(found: Whole, progress: FractionCallback) -> Survey:
    """The survey of a set; the last one is kept, since the near-copies are looked for right after."""
    key = found.data.fingerprint, len(found.images)
    if not key[0] or key not in _LAST:
        seen = survey.survey(found.images, progress)
        _LAST.clear()
        _LAST[key] = seen
    return _LAST[key]


def _single(seen: Survey) -> list[dict[int, str]]:
    """The pictures that are odd, dark and blurred, each with why."""
    return [dict(list(kind(seen).items())[:MOST_SINGLE]) for kind in (survey.odd, survey.dark, survey.blurred)]


def made_copies(recipe: Recipe, found: Whole) -> MadeCopies:
    """Copies of up to MADE_OF pictures of the set, each in all WAYS, through the same network."""
    network, place = network_of(recipe, found.data)
    of, small, pixels = [], [], []
    for i, copy in copies.on_purpose(found.images, MADE_OF):
        of.append(i)
        small.append(squeezed(copy))
        pixels.append(np.asarray(fit(copy, recipe.preprocessing)))
    return MadeCopies(np.array(of), np.stack(small), _features(network, np.stack(pixels), recipe, place))


def _features(network: Network, pixels: np.ndarray, recipe: Recipe, place: devices.Device) -> np.ndarray:
    """(q, d) float32 of pixels (q, h, w, 3)."""
    parts = []
    with torch.inference_mode(), place.autocast():
        for batch in torch.from_numpy(pixels).split(32):
            x = place.images(batch, recipe.preprocessing)
            parts.append(network.eval().features(x, None).float().cpu().numpy())
    return np.concatenate(parts)


def _answer(found: Whole, near: copies.Pairs, single: Sequence[dict[int, str]]) -> Faults:
    """The answer, with a thumbnail of each picture that it names."""
    pairs, distance = near.pairs[:MOST_PAIRS], near.distance[:MOST_PAIRS]
    named = np.unique(np.concatenate([pairs.ravel(), *(np.array(list(kind), np.int64) for kind in single)]))
    place = {int(row): i for i, row in enumerate(named)}
    words = [""] * len(named)
    for kind in single:
        for row, said in kind.items():
            words[place[row]] = f"{words[place[row]]}; {said}" if words[place[row]] else said
    odd, dark, blurred = (tuple(place[row] for row in kind) for kind in single)
    told = Copies(
        pairs=np.array([[place[int(i)] for i in pair] for pair in pairs], np.int64).reshape(-1, 2),
        distance=distance, threshold=near.threshold, strangers=near.strangers, tried=near.tried, found=near.recovered,
    )  # fmt: skip
    data = found.data
    return Faults(
        n=len(found.images), classes=data.classes, shown=thumbnails_of(found, named), copies=told, odd=odd, dark=dark,
        blurred=blurred, words=tuple(words), groups=shared_groups(found), skipped=data.skipped,
        contradictions=contradictions(data.skipped, data.classes),
    )  # fmt: skip


def thumbnails_of(found: Whole, rows: np.ndarray) -> Thumbnails:
    """Pictures of a set as an answer shows them."""
    ids = tuple(found.images.ids[i] for i in rows)
    return Thumbnails(
        ids=ids,
        labels=found.images.labels[rows],
        splits=found.splits[rows],
        images=survey.thumbnails(found.images, rows),
    )


def shared_groups(found: Whole) -> tuple[SharedGroup, ...]:
    """The groups with pictures in more than one split, the largest first; a picture by itself is no group."""
    if found.groups is None:
        return ()
    counts: dict[str, Counter[int]] = {}
    for name, split in zip(found.groups.tolist(), found.splits.tolist(), strict=True):
        counts.setdefault(name, Counter())[split] += 1
    shared = [SharedGroup(name, tuple(count[s] for s in range(3))) for name, count in counts.items() if len(count) > 1]
    return tuple(sorted(shared, key=lambda group: (-sum(group.counts), group.name)))

"""What lies between A and B: accuracy along the straight line of their weights."""

from collections.abc import Mapping, Sequence

import numpy as np

from explorer.catalogue.shifts import shift
from explorer.evidence import Score
from explorer.looks.pair import comparison, compute
from explorer.looks.similarity.compute import chosen_images, interpolation
from explorer.looks.similarity.question.weights import Interpolation, InterpolationScores
from explorer.progress import ProgressCallback, silent
from explorer.runs import OpenedRun, RunOrId
from explorer.training.compute import batchnorm


def interpolate(
    a: RunOrId, b: RunOrId, images: Sequence[str], settle: bool = False, report: ProgressCallback = silent
) -> Interpolation:
    """The networks between A and B on each kind of `images`: `test`, `validation`, or a kind of shift.

    `settle` re-estimates BatchNorm's statistics between the ends, from training images of B, where A and B differ in
    them, and adds the control: A and B themselves with the same statistics re-estimated.
    """
    a, b = compute.opened(a), compute.opened(b)
    compute.same_stages(a, b)
    comparison.require(comparison.strangers(a.settled, b.settled, "line"))
    place = chosen_images.place_of(b)
    report(0.0, "Reading the images")
    sets = {kind: _images(b, kind) for kind in images}
    streams = {kind: chosen_images.stream(b, pixels, place) for kind, (pixels, *_) in sets.items()}
    nets = chosen_images.network_at(a, place), chosen_images.network_at(b, place)
    behind, states = interpolation.behind(*nets), [net.model.state_dict() for net in nets]
    moved = len(batchnorm.moved(nets[1], states[0], states[1], behind))
    statistics = chosen_images.statistics_images(b) if settle and moved else None
    train = None if statistics is None else chosen_images.stream(b, statistics, place)
    found = [*interpolation.along(*nets, streams, train, report=lambda share, words: report(0.1 + 0.8 * share, words))]
    report(0.9, "A and B with new statistics")
    controls = [] if train is None else interpolation.reestimated(*nets, streams, train)
    kinds = []
    for kind, (_, labels, of, groups) in sets.items():
        right, loss = _judged([said[kind] for said in found], labels)
        kinds.append(
            InterpolationScores(
                images=kind, of=of, right=right, loss=loss, controls=_right(controls, kind, labels), groups=groups
            )
        )
    return Interpolation(
        a=a.id, b=b.id, alphas=interpolation.ALPHAS, kinds=tuple(kinds), common=interpolation.common(*nets) or "",
        layers=len(batchnorm.layers(nets[1], behind)), moved=moved,
        settled=0 if statistics is None else len(statistics), recorded_a=_recorded(a, chosen_images.most(b)),
        recorded_b=_recorded(b, chosen_images.most(b)),
    )  # fmt: skip


def _images(run: OpenedRun, kind: str) -> tuple[np.ndarray, np.ndarray, int, np.ndarray | None]:
    """Pixels (n, h, w, 3), labels (n,), how many such images there are, and their groups (n,) where they come in groups."""
    limit = chosen_images.most(run)
    if kind == "validation":
        return *chosen_images.split_images(run, "val", limit), chosen_images.val_groups(run, limit)
    if kind != "test":
        shift(kind)
    found = chosen_images.test_images(run, limit) if kind == "test" else chosen_images.shifted_images(run, kind, limit)
    said, rows = run.predictions, found[1]
    return found[0], said.labels[rows], len(said.labels), None if said.groups is None else said.groups[rows]


def _judged(logits: list[np.ndarray], labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which images each mixture gets right, (m, n), and its mean cross-entropy (m,)."""
    right = np.stack([said.argmax(1) == labels for said in logits])
    shifted = [said.astype(np.float64) - said.max(axis=1, keepdims=True) for said in logits]
    loss = [np.mean(np.log(np.exp(s).sum(axis=1)) - s[np.arange(len(labels)), labels]) for s in shifted]
    return right, np.array(loss)


def _right(said: Sequence[Mapping[str, np.ndarray]], kind: str, labels: np.ndarray) -> np.ndarray:
    """Which images of a kind each network gets right, (networks, n) bool."""
    return np.array([one[kind].argmax(1) == labels for one in said], dtype=bool).reshape(len(said), len(labels))


def _recorded(run: OpenedRun, limit: int) -> Score:
    """What the run scored when it ended, on the test images that are looked at here."""
    said = run.predictions
    rows = chosen_images.drawn(len(said.labels), limit)
    return Score(len(rows), int((said.predicted[rows] == said.labels[rows]).sum()))

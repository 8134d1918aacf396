"""Which stages of a run carry its task: each rewound to where it began, or to random weights."""

from dataclasses import replace

import numpy as np

from explorer import evidence
from explorer.data.stream import logits
from explorer.evidence import Score
from explorer.looks.pair import compute
from explorer.looks.similarity.compute import chosen_images, probes
from explorer.looks.similarity.compute import rewind as computing
from explorer.looks.similarity.compute.rewind import Plan
from explorer.looks.similarity.question.weights import Reset, Rewind
from explorer.models import backbones
from explorer.progress import ProgressCallback, silent
from explorer.runs import RunOrId
from explorer.training.compute import batchnorm

RANDOM_SEED = 20_190_204  # of no run, so that what is drawn is new to each


def rewind(run: RunOrId, stages: list[str] | None = None, to: str = "", report: ProgressCallback = silent) -> Rewind:
    """A run with each stage rewound to its first and to random weights; or with `stages` rewound together, `to` either.

    `to` is `start` or `random` (empty: both, one after the other).
    """
    run = compute.opened(run)
    place = chosen_images.place_of(run)
    network = chosen_images.network_at(run, place)
    report(0.0, "Reading the images")
    pixels, rows = chosen_images.test_images(run, chosen_images.most(run))
    statistics = chosen_images.statistics_images(run)
    said = run.predictions
    labels, groups = said.labels[rows], None if said.groups is None else said.groups[rows]
    report(0.05, "The run as it is")
    test = chosen_images.stream(run, pixels, place)
    base = logits(network, test)
    right = base.argmax(1) == labels
    train, states = chosen_images.stream(run, statistics, place), _states(run)
    found = computing.rewind(
        network, states, _plans(run, stages, to), test, train, base,
        lambda share, words: report(0.1 + 0.9 * share, f"Rewinding {words}"),
    )  # fmt: skip
    names, own = network.row.stage_names, network.model.state_dict()
    layers = len(batchnorm.layers(network, names))
    return Rewind(
        run=run.id, base=Score(len(labels), int(right.sum())),
        recorded=Score(len(labels), int((said.predicted[rows] == labels).sum())), start=run.settled.weights,
        images=len(statistics) if layers else 0, layers=layers,
        moved=len(batchnorm.moved(network, own, states["start"], names)),
        chance=probes.chance(chosen_images.train_labels(run), labels),
        resets=tuple(_judged(reset, labels, right, groups) for reset in found),
        grouped=None if groups is None else evidence.accuracy_by_group(right, groups),
    )  # fmt: skip


def _judged(reset: computing.ResetLogits, labels: np.ndarray, right: np.ndarray, groups: np.ndarray | None) -> Reset:
    """A reset and its control against the run as it is, and the reset against its control."""
    plain = evidence.paired(right, reset.plain.argmax(1) == labels, groups)
    found = Reset(stages=reset.plan.stages, to=reset.plan.to, identical=reset.identical, plain=plain)
    if reset.reestimated is None or reset.control is None:
        return found
    reestimated, control = reset.reestimated.argmax(1) == labels, reset.control.argmax(1) == labels
    return replace(
        found,
        settled=evidence.paired(right, reestimated, groups),
        control=evidence.paired(right, control, groups),
        beyond=evidence.paired(control, reestimated, groups),
        layers=reset.layers,
    )


def _plans(run: RunOrId, stages: list[str] | None, to: str) -> list[Plan]:
    names = compute.finished(run).row.stage_names
    kinds = (to,) if to else ("start", "random")
    chosen = [(name,) for name in names] if stages is None else [tuple(n for n in names if n in stages)]
    unknown = [stage for stage in stages or () if stage not in names]
    return [Plan((*plan, *unknown), kind) for plan in chosen for kind in kinds]


def _states(run: RunOrId) -> dict[str, computing.State]:
    """The tensors that the run began with, and random ones."""
    wanted, classes = compute.finished(run), compute.network(run).classes
    start = backbones.build(wanted.backbone, classes, wanted.weights, wanted.seed, reads=wanted.reads)
    random = backbones.build(wanted.backbone, classes, "random", RANDOM_SEED, reads=wanted.reads)
    return {"start": start.model.state_dict(), "random": random.model.state_dict()}

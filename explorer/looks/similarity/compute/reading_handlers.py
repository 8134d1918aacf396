"""What can be read off the features: at each stage by a linear probe, after each epoch by the nearest neighbours."""

import numpy as np

from explorer import evidence
from explorer.data.stream import stage_features
from explorer.errors import ExplorerError
from explorer.evidence import Score
from explorer.looks.pair import compute
from explorer.looks.similarity.compute import chosen_images, probes, similarity
from explorer.looks.similarity.question.stages import Drift, StageProbe, StageProbes
from explorer.progress import ProgressCallback, silent
from explorer.runs import RunOrId

TRAINED = 1000  # training images at most that a probe is fitted on


def probe_stages(a: RunOrId, b: RunOrId, report: ProgressCallback = silent) -> StageProbes:
    """Linear probes on the pooled features of each stage of A and of B, fitted on B's training images, scored on test."""
    a, b = compute.opened(a), compute.opened(b)
    compute.same_stages(a, b)
    report(0.0, "Reading the images")
    limit = min(TRAINED, 2 * chosen_images.most(b))
    pixels, labels, _ = chosen_images.split_images(b, "train", limit)
    truth, groups = b.predictions.labels, b.predictions.groups
    sides = {}
    for i, run in enumerate((a, b)):
        report(0.1 + 0.4 * i, f"Features of {'AB'[i]}, {len(pixels)} training images")
        place = chosen_images.place_of(run)
        train = stage_features(chosen_images.network_at(run, place), chosen_images.stream(run, pixels, place))
        sides["ab"[i]] = {stage: (x, run.features[f"after/{stage}"]) for stage, x in train.items()}
    colour = (pixels.mean((1, 2)), compute.pictures(b).mean((1, 2)))
    rows = []
    for i, stage in enumerate(("input", *sides["a"])):
        report(0.9 + 0.1 * i / (len(sides["a"]) + 1), f"Probe at {stage}")
        right = [
            probes.probe(x, labels, y) == truth
            for x, y in ([colour, colour] if stage == "input" else [side[stage] for side in sides.values()])
        ]
        rows.append(_row(stage, right[0], right[1], groups))
    return StageProbes(
        a=a.id,
        b=b.id,
        trained=len(labels),
        chance=probes.chance(chosen_images.train_labels(b), truth),
        stages=tuple(rows),
    )


def _row(stage: str, a: np.ndarray, b: np.ndarray, groups: np.ndarray | None) -> StageProbe:
    others = None if groups is None else evidence.accuracy_by_group(a, groups)
    return StageProbe(stage=stage, a=Score(len(a), int(a.sum())), b=evidence.paired(a, b, groups), grouped=others)


def drift(run: RunOrId) -> Drift:
    """The last stage after each epoch that was kept, against the same stage before the first."""
    run = compute.opened(run)
    stage, labels = run.settled.row.stage_names[-1], run.predictions.labels
    epochs = {int(name.removeprefix("epoch/")): x for name, x in run.features.items() if name.startswith("epoch/")}
    if not epochs:
        raise ExplorerError(
            f"The run {run.id} kept no features of its epochs: its backbone was not trained, so there was nothing to "
            f"follow. Choose a run that tuned a stage."
        )
    first = run.features[f"before/{stage}"]
    rows = [(0, first), *((e, x.astype(np.float32)) for e, x in sorted(epochs.items()))]
    knn = [similarity.knn_right(x, labels) for _, x in rows]
    ends = [similarity.cka_interval(first, x) for _, x in rows]
    return Drift(
        run=run.id, stage=stage, n=len(labels), epochs=tuple(e for e, _ in rows),
        cka=tuple(similarity.cka(first, x) for _, x in rows), low=tuple(low for low, _ in ends),
        high=tuple(high for _, high in ends), overlap=tuple(similarity.knn_overlap(first, x) for _, x in rows),
        knn=tuple(Score(len(labels), int(right.sum())) for right in knn),
    )  # fmt: skip

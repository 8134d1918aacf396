"""What a look inside two runs shows: features, maps, similarity, attributions."""

import numpy as np

from explorer import runs
from explorer.course.compute.truths.asked import TruthContext, number, percent, picked
from explorer.course.compute.truths.tuning import on
from explorer.course.question.checks import Truth
from explorer.looks.attribution.compute.attribute import attribute
from explorer.looks.features.compute.handlers import feature_maps
from explorer.looks.pair import compute
from explorer.looks.similarity.compute.distance_handlers import compare
from explorer.models import backbones
from explorer.models.pooled_features import pooled_features
from explorer.models.predicting import probabilities
from explorer.runs import RunOrId

BATCH = 64  # images that are put through a network at a time


def before_and_after(run: RunOrId) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Pooled features (n, c) of all test images at each stage, in the network that a run began from and in the one it ended
    with, both computed again from the pixels, in the same batches and in float32: where nothing moved they are equal bit by bit.

    What a run stores of a frozen front was computed once, before it learned, so it cannot show what moved since.
    """
    run = compute.opened(run)
    wanted, tuned = run.settled, compute.network(run)  # which says so where the weights it began from have changed
    start = backbones.build(wanted.backbone, tuned.classes, wanted.weights, wanted.seed)
    firsts = range(0, len(compute.pictures(run)), BATCH)
    before, after = (
        pooled_features(network, (compute.inputs(run, i, i + BATCH) for i in firsts)) for network in (start, tuned)
    )
    return {stage: (before[stage], after[stage]) for stage in tuned.row.stage_names}


def features_moved(asked: TruthContext, word: str) -> Truth:
    """How far a run moved the features of the test images, at any stage."""
    pairs = before_and_after(asked.run(word)).values()
    far = max(float(np.abs(after - before).max()) for before, after in pairs)
    size = np.mean([np.abs(before).mean() for before, _ in pairs])
    same = all(np.array_equal(before, after) for before, after in pairs)
    answer = "none" if same else "little" if far < 0.1 * size else "much"
    numbers = sum(before.size for before, _ in pairs)
    audit, n = runs.audit(asked.run(word).id), len(asked.run(word).predictions.labels)
    words = f"Computed just now from the pixels, with the weights before and after, and compared bit by bit: {on(asked, word)}."
    return picked(answer, words, far=f"{far:g}", numbers=f"{numbers:,}", stages=str(len(pairs)), n=str(n),
                  audit="clean" if audit.clean else "not clean", mean=f"{size:.2f}")  # fmt: skip


def maps_differ(asked: TruthContext, one: str, two: str, stage: str) -> Truth:
    """How far the maps of a stage differ between two runs, for the first test image."""
    found = feature_maps(asked.run(one), asked.run(two), stage, 0)
    last = asked.run(two).settled.row.stage_names[-1]
    later = feature_maps(asked.run(one), asked.run(two), last, 0)
    changed, all_changed = (int((maps.a != maps.b).any(axis=(1, 2)).sum()) for maps in (found, later))
    share = changed / len(found.change)
    answer = "same" if not changed else "all" if share > 0.9 else "some"
    words = f"Computed just now: test image 0 through both runs of {asked.run(two).settled.row.title}."
    return picked(answer, words, stage=stage, changed=str(changed), channels=str(len(found.change)), last=last,
                  last_changed=str(all_changed), last_channels=str(len(later.change)),
                  last_share=percent(float(later.change.mean() / later.strength.mean())))  # fmt: skip


def likeness(asked: TruthContext, one: str, two: str) -> Truth:
    """CKA of the last stage's features in two runs, in percent of its largest value."""
    found = compare(asked.run(one), asked.run(two))
    last = found.stages[-1]
    words = f"Computed just now from the features of {last.stage}: {on(asked, one)}."
    random = f"{min(last.cka_random):.2f} to {max(last.cka_random):.2f}"
    return number(100 * last.cka, words, cka=f"{last.cka:.2f}", low=f"{last.low:.2f}", high=f"{last.high:.2f}",
                  control=random, draws=str(len(last.cka_random)), stage=last.stage,
                  overlap=percent(last.knn_overlap), weights=percent(last.weight_change), n=str(found.paired.n),
                  fixed=str(found.paired.fixed), broken=str(found.paired.broken))  # fmt: skip


def any_class(asked: TruthContext, word: str) -> Truth:
    """What a saliency map shows for classes that are not in the picture."""
    run = asked.run(word)
    net, said, x = compute.network(run), run.predictions, compute.inputs(run, 0)
    stage, classes = net.row.stage_names[-1], range(len(said.classes))
    maps = attribute(net, x.expand(len(classes), -1, -1, -1), list(classes), "saliency", stage)
    sums = maps.sum(axis=(1, 2))
    own, others = int(said.labels[0]), [k for k in classes if k != int(said.labels[0])]
    blank = sum(float(sums[k]) < 0.01 * float(sums[own]) for k in others)
    answer = "blank" if blank > len(others) / 2 else "map"
    alike = float(np.median([_correlation(maps[own], maps[k]) for k in others]))
    likely = probabilities(net, x)[0]
    words = f"Computed just now: saliency of test image 0 for all {len(classes)} classes, in {on(asked, word)}."
    return picked(answer, words, own=said.classes[own], others=str(len(others)), drawn=str(len(others) - blank),
                  alike=f"{alike:.2f}", likely=percent(float(likely[own])),
                  strongest=said.classes[int(sums.argmax())])  # fmt: skip


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])

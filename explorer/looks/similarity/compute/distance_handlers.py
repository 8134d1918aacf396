"""How far A and B are apart, image by image and stage by stage."""

import numpy as np

from explorer.looks.pair import comparison, compute
from explorer.looks.similarity.compute import similarity
from explorer.looks.similarity.question.stages import Comparison, StageChange, StagePairs
from explorer.models import backbones, spare_card
from explorer.models.pooled_features import pooled_features
from explorer.runs import OpenedRun, RunOrId, kept_by_run

BATCH = 32
DRAWS, FIRST_SEED = 5, 12345  # random networks behind the control


def compare(a: RunOrId, b: RunOrId) -> Comparison:
    """Two runs on the same test images, and how far each stage moved from A to B.

    Raises ExplorerError, in the words of the pages, for runs that saw them through different transforms.
    """
    a, b = compute.opened(a), compute.opened(b)
    comparison.require(comparison.apart_by_image(a, b))
    return Comparison(
        a=a.id, b=b.id, paired=comparison.paired(a.predictions, b.predictions), stages=_stage_changes(a, b)
    )


def _stage_changes(a: OpenedRun, b: OpenedRun) -> tuple[StageChange, ...]:
    """One row per stage, for runs of one backbone; none for runs of two."""
    if a.settled.backbone != b.settled.backbone:
        return ()
    features_a, features_b = a.features, b.features
    net_a, net_b = compute.network(a), compute.network(b)
    state_a, state_b = net_a.model.state_dict(), net_b.model.state_dict()
    controls = random_features(a)
    rows = []
    for stage in net_a.row.stage_names:
        x, y = features_a[f"after/{stage}"], features_b[f"after/{stage}"]
        weights = [
            {n: state[n] for n, _ in net_a.model.named_parameters() if n in net_a.names(stage)}
            for state in (state_a, state_b)
        ]
        overlap, moved = similarity.knn_overlap(x, y), similarity.weight_change(*weights)
        random = tuple(similarity.cka(x, control[stage]) for control in controls)
        low, high = similarity.cka_interval(x, y)
        rows.append(
            StageChange(
                stage=stage,
                cka=similarity.cka(x, y),
                knn_overlap=overlap,
                weight_change=moved,
                cka_random=random,
                low=low,
                high=high,
            )
        )
    return tuple(rows)


def stage_pairs(a: RunOrId, b: RunOrId) -> StagePairs:
    """Every stage of A against every stage of B, of A itself, and of a random network."""
    a, b = compute.opened(a), compute.opened(b)
    compute.same_stages(a, b)
    names = a.settled.row.stage_names
    x, y = ([run.features[f"after/{stage}"] for stage in names] for run in (a, b))
    found = {name: similarity.cka_matrix(x, others) for name, others in {"ab": y, "aa": x}.items()}
    controls = [similarity.cka_matrix(x, [control[stage] for stage in names]) for control in random_features(a)]
    ends = np.array([similarity.cka_interval(one, other) for one, other in zip(x, y, strict=True)])
    return StagePairs(
        a=a.id, b=b.id, n=len(x[0]), stages=names, **found, bb=similarity.cka_matrix(y, y), random=np.stack(controls),
        interval=ends.T,
    )  # fmt: skip


@kept_by_run(most=4)
def random_features(run: RunOrId) -> tuple[dict[str, np.ndarray], ...]:
    """The test features of several random networks of the same shape, each by stage: the control of every similarity."""
    run = compute.opened(run)
    n, found, wanted = len(compute.pictures(run)), [], run.settled
    for seed in range(DRAWS):
        network = backbones.build(wanted.backbone, 2, "random", seed=FIRST_SEED + seed, reads=wanted.reads)
        placed = spare_card.here.placed(network, wanted.preprocessing.crop)
        found.append(pooled_features(placed, (compute.inputs(run, i, i + BATCH) for i in range(0, n, BATCH))))
    return tuple(found)

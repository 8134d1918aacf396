"""How far A and B are apart, image by image and stage by stage."""

from functools import lru_cache

import numpy as np

from explorer import runs
from explorer.looks.pair import comparison, compute
from explorer.looks.similarity.compute import similarity
from explorer.looks.similarity.question.stages import Comparison, StageChange, StagePairs
from explorer.models import backbones
from explorer.models.pooled_features import pooled_features

BATCH = 32
DRAWS, FIRST_SEED = 5, 12345  # random networks behind the control


def compare(a: str, b: str) -> Comparison:
    """Two runs on the same test images, and how far each stage moved from A to B.

    Raises ExplorerError, in the words of the pages, for runs that saw them through different transforms.
    """
    comparison.require(comparison.apart_by_image(compute.finished_run(a), compute.finished_run(b)))
    said_a, said_b = runs.predictions(a), runs.predictions(b)
    return Comparison(a, b, comparison.paired(said_a, said_b), _stage_changes(a, b))


def _stage_changes(a: str, b: str) -> tuple[StageChange, ...]:
    """One row per stage, for runs of one backbone; none for runs of two."""
    if compute.finished(a).backbone != compute.finished(b).backbone:
        return ()
    features_a, features_b = runs.tensors(a, "features"), runs.tensors(b, "features")
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
        interval = similarity.cka_interval(x, y)
        rows.append(StageChange(stage, similarity.cka(x, y), overlap, moved, random, *interval))
    return tuple(rows)


def stage_pairs(a: str, b: str) -> StagePairs:
    """Every stage of A against every stage of B, of A itself, and of a random network."""
    compute.same_stages(a, b)
    names = compute.finished(a).row.stage_names
    kept = (runs.tensors(run, "features") for run in (a, b))  # each read once, not for every stage
    x, y = ([features[f"after/{stage}"] for stage in names] for features in kept)
    found = {name: similarity.cka_matrix(x, others) for name, others in {"ab": y, "aa": x}.items()}
    controls = [similarity.cka_matrix(x, [control[stage] for stage in names]) for control in random_features(a)]
    ends = np.array([similarity.cka_interval(one, other) for one, other in zip(x, y, strict=True)])
    return StagePairs(
        a, b, len(x[0]), names, **found, bb=similarity.cka_matrix(y, y), random=np.stack(controls), interval=ends.T
    )


@lru_cache(maxsize=4)
def random_features(run: str) -> tuple[dict[str, np.ndarray], ...]:
    """The test features of several random networks of the same shape, each by stage: the control of every similarity."""
    n, found, wanted = len(compute.pictures(run)), [], compute.finished(run)
    for seed in range(DRAWS):
        network = backbones.build(wanted.backbone, 2, "random", seed=FIRST_SEED + seed, reads=wanted.reads)
        found.append(pooled_features(network, (compute.inputs(run, i, i + BATCH) for i in range(0, n, BATCH))))
    return tuple(found)

"""How far tuning moved the features of the last stage."""

from explorer.experiments.rates import Moved
from explorer.looks.pair import compute
from explorer.looks.similarity.compute import similarity
from explorer.runs import RunOrId


def moved(run: RunOrId) -> Moved:
    """Debiased linear CKA (Kornblith et al. 2019, arXiv 1905.00414) of the last stage's pooled test features before the first
    step and after the last, as the run kept them; 1 where nothing of the backbone learned."""
    run = compute.opened(run)
    stage = run.settled.row.stage_names[-1]
    before, after = run.features[f"before/{stage}"], run.features[f"after/{stage}"]
    low, high = similarity.cka_interval(before, after)
    return Moved(run=run.id, stage=stage, n=len(before), cka=similarity.cka(before, after), low=low, high=high)

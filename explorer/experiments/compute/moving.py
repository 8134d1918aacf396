"""How far tuning moved the features of the last stage."""

from explorer import runs
from explorer.experiments.rates import Moved
from explorer.looks.pair import compute
from explorer.looks.similarity.compute import similarity


def moved(run: str) -> Moved:
    """Debiased linear CKA (Kornblith et al. 2019, arXiv 1905.00414) of the last stage's pooled test features before the first
    step and after the last, as the run kept them; 1 where nothing of the backbone learned."""
    stage = compute.finished(run).row.stage_names[-1]
    found = runs.tensors(run, "features")
    before, after = found[f"before/{stage}"], found[f"after/{stage}"]
    return Moved(run, stage, len(before), similarity.cka(before, after), *similarity.cka_interval(before, after))

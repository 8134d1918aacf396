"""The test images in A and in B, on one map."""

from explorer import runs
from explorer.engine import projection
from explorer.engine.tasks import lent
from explorer.results import Projection


def project(a: str, b: str, method: str = "umap") -> Projection:
    """One shared map of the test images in A and in B, at the last stage."""
    said = lent.same_images(a, b)
    rows = [runs.tensors(run, "features") for run in (a, b)]
    stages = [lent.finished(run).row.stage_names[-1] for run in (a, b)]
    before, after = (row[f"after/{stage}"] for row, stage in zip(rows, stages, strict=True))
    found = projection.project(before, after, said.labels, method)
    what = {"labels": said.labels, "classes": said.classes, "ids": said.ids}
    return Projection(method=method, stage=stages[1], **what, **vars(found))

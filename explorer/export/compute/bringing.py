"""A checkpoint of the visitor's own as weights that a recipe can name."""

from pathlib import Path

from explorer import workspaces
from explorer.export import incoming
from explorer.export.question import BroughtWeights
from explorer.models.checkpoints.keeping import bring as kept


def bring(backbone: str, file: str, source: str = "", seen: str = "") -> BroughtWeights:
    """Read it, keep what is the backbone's, and report. Raises ExplorerError, saying in full why it cannot be used."""
    path = incoming.path(file) if source else Path(file).expanduser()
    found = kept(backbone, path, source)
    for mark in (
        workspaces.owners("incoming", file) if source else ()
    ):  # who closed the page before has them all the same
        workspaces.take("weights", found.weights, mark, found.source)
    fit = found.fit
    return BroughtWeights(
        weights=found.weights,
        source=found.source,
        taken=len(fit.tensors),
        parameters=found.parameters,
        wrappers=found.content.wrappers,
        prefix=fit.prefix,
        others=found.content.others,
        head=tuple(f"{name} ({' × '.join(map(str, shape))})" for name, shape in fit.head),
        unexpected=fit.unexpected[:50],
        counters=found.counters,
        renamed=fit.renamed,
        unread=found.content.unread,
    )

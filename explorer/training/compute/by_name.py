"""Backbones by the names that their libraries give them."""

from explorer.errors import unknown
from explorer.models import libraries
from explorer.models.finding import find
from explorer.training.question import FoundBackbone, NetworkNames


def network_names(library: str) -> NetworkNames:
    """The networks of a library. Raises ExplorerError for another library, or where it is not installed."""
    if library not in libraries.LIBRARIES:
        raise unknown("library", library, libraries.LIBRARIES)
    return NetworkNames(library, libraries.names(library))


def find_backbone(backbone: str) -> FoundBackbone:
    """The steps and stages of `torchvision:NAME` or `timm:NAME`; its row is kept. Raises ExplorerError, with the reason, for a
    network that does not fit."""
    found = find(backbone)
    return FoundBackbone(
        name=backbone, places=tuple(step.path.removeprefix("/") for step in found.steps),
        kinds=tuple(step.kind for step in found.steps),
        shapes=tuple(" × ".join(map(str, step.shape)) for step in found.steps),
        parameters=tuple(step.parameters for step in found.steps), begins=found.begins,
    )  # fmt: skip

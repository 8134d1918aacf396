"""The stages of a backbone that was found by name, as modules that share its tensors."""

from torch import nn

from explorer.catalogue import Backbone
from explorer.errors import ExplorerError
from explorer.models import tracing


def cut(row: Backbone, model: nn.Module) -> tuple[dict[str, nn.Sequential], nn.Module]:
    """The views of the row's stages, channels first, and of what lies between the last and the head. `model` has its new head.

    Raises ExplorerError where the row was made of another version of the network.
    """
    found = tracing.trace(model, row.opened)
    places = {tracing.place(node): node for node in found.cuts}
    reader = next((node for node in found.nodes if node.op == "call_module" and str(node.target) == row.head), None)
    missing = [stage.ends for stage in row.stages if stage.ends not in places]
    if missing or reader is None:
        raise ExplorerError(
            f"The stages of {row.title} were cut from another version of it: {(missing or [row.head])[0]!r} is not there. Look "
            f"it up again: python -m explorer backbones {row.name}"
        )
    views: dict[str, nn.Sequential] = {}
    before, last = found.start, False
    for stage in row.stages:
        end = places[stage.ends]
        views[stage.name] = _laid(tracing.segment(found, before, end), last, stage.last)
        before, last = end, stage.last
    return views, _laid(tracing.segment(found, before, reader.all_input_nodes[0]), last, False)


def _laid(module: nn.Module, given_last: bool, gives_last: bool) -> nn.Sequential:
    """A view that takes and gives channels first, whatever the model does inside."""
    before = [tracing.Laid(*tracing.TO_LAST)] if given_last else []
    after = [tracing.Laid(*tracing.TO_FIRST)] if gives_last else []
    return nn.Sequential(*before, module, *after)

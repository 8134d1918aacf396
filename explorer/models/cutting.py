"""The stages of a backbone that was found by name, as modules that share its tensors."""

from torch import fx, nn

from explorer.catalogue import Backbone
from explorer.errors import ExplorerError
from explorer.models import tracing
from explorer.models.tokens import FirstToken, PatchMean

POOLING = "pooling_of_the_cut"
"""Where the pooling of a network that was cut off stands; it has no tensors."""


def cut(row: Backbone, model: nn.Module) -> tuple[dict[str, nn.Sequential], nn.Module]:
    """The views of the row's stages, channels first, and of what lies between the last and the head. `model` has its new head.

    Where the row is cut off, later stages pass on what they are given. Raises ExplorerError where the row was made of another
    version of the network.
    """
    found = tracing.trace(model, row.opened)
    places, reader = _places(row, found)
    views: dict[str, nn.Sequential] = {}
    before, last = found.start, False
    for stage in row.stages:
        if stage not in row.remaining_stages:
            views[stage.name] = nn.Sequential()
            continue
        end = places[stage.ends]
        views[stage.name] = _laid(tracing.segment(found, before, end), last, stage.last)
        before, last = end, stage.last
    return views, _laid(tracing.segment(found, before, reader.all_input_nodes[0]), last, False)


def shortened(row: Backbone, model: nn.Module) -> fx.GraphModule:
    """The first part of a model that has its new head: up to the last stage that is left, pooling, head. Its modules and
    tensors are the model's own, under the model's own names.

    The pooling is the mean over the positions, or, where the head reads the class token alone, that token.
    """
    found = tracing.trace(model, row.opened)
    places, reader = _places(row, found)
    stage = row.remaining_stages[-1]
    graph = fx.Graph()
    copies = {found.start: graph.node_copy(found.start)}  # each node keeps its name: stages are found again by it
    for node in tracing.between(found, found.start, places[stage.ends]):
        copies[node] = graph.node_copy(node, copies.__getitem__)
    laid = copies[places[stage.ends]]
    if stage.last:
        laid = graph.call_method("permute", (laid, *tracing.TO_FIRST))
    graph.output(graph.call_module(row.head, (graph.call_module(POOLING, (laid,)),)))
    model.set_submodule(POOLING, pooling_of(row))
    made = fx.GraphModule(tracing.targets(model, graph), graph, type(model).__name__)
    kept = model.state_dict().keys()
    for name, tensor in [*made.named_buffers()]:  # fx makes all of them persistent (pytorch/pytorch#123411)
        if name not in kept:
            place, _, last = name.rpartition(".")
            made.get_submodule(place).register_buffer(last, tensor, persistent=False)
    return made


def pooling_of(row: Backbone) -> nn.Module:
    """What makes one vector (n, c) of a stage that is not the last: (n, c, h, w), or tokens (n, p + s², c)."""
    if not row.tokens:
        return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(1))
    return FirstToken() if row.class_token else PatchMean()


def _places(row: Backbone, found: tracing.Trace) -> tuple[dict[str, fx.Node], fx.Node]:
    """Where stages end, by name, and the call of the head."""
    places = {tracing.place(node): node for node in found.cuts}
    reader = next((node for node in found.nodes if node.op == "call_module" and str(node.target) == row.head), None)
    missing = [stage.ends for stage in row.remaining_stages if stage.ends not in places]
    if missing or reader is None:
        raise ExplorerError(
            f"The stages of {row.title} were cut from another version of it: {(missing or [row.head])[0]!r} is not there. Look "
            f"it up again: python -m explorer backbones {row.name}"
        )
    return places, reader


def _laid(module: nn.Module, given_last: bool, gives_last: bool) -> nn.Sequential:
    """A view that takes and gives channels first, whatever the model does inside."""
    before = [tracing.Laid(*tracing.TO_LAST)] if given_last else []
    after = [tracing.Laid(*tracing.TO_FIRST)] if gives_last else []
    return nn.Sequential(*before, module, *after)

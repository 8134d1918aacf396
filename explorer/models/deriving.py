"""The row of a backbone that is known by nothing but its name, from the network itself: stages, head, features, cells."""

import copy
import operator
from dataclasses import dataclass, replace

import torch
from torch import Tensor, fx, nn

from explorer.catalogue import Backbone, named
from explorer.catalogue.stages import Stage
from explorer.errors import ExplorerError
from explorer.models import libraries, tracing
from explorer.models.backbones import ShapesAlone, Undrawn
from explorer.models.geometry import Cell, moved, side
from explorer.models.grouping import Step, grouped, names_of
from explorer.models.heads import find_head
from explorer.models.network import NORMALISATIONS, Network, replace_head
from explorer.models.opening import open_up

OTHER_ACTIVATIONS = (
    nn.ReLU6, nn.GELU, nn.SiLU, nn.Mish, nn.Hardswish, nn.Hardsigmoid, nn.Sigmoid, nn.Tanh, nn.ELU, nn.LeakyReLU, nn.PReLU,
)  # fmt: skip
SIZES = (32, 48, 64, 80, 96, 128, 160)
"""Inputs in pixels that are tried for the smallest that a network takes."""


@dataclass(frozen=True)
class Derived:
    """A row, the steps that its stages are made of, and the numbers of those with which a stage begins."""

    row: Backbone
    steps: tuple[Step, ...]
    begins: tuple[int, ...]


def derive(name: str) -> Derived:
    """The row of `torchvision:NAME` or `timm:NAME`, worked out on torch's meta device: no weight is drawn or loaded.

    Raises ExplorerError for a name that there is not, and for a network that does not fit, with the reason.
    """
    library, builder, begins = named.parsed(name)
    libraries.check(library, builder)
    try:
        with torch.device("meta"), ShapesAlone():
            return _derive(name, library, builder, begins)
    except ExplorerError as error:
        raise ExplorerError(f"{builder} of {library} cannot be a backbone here: {error}") from error
    except Exception as error:  # a network may fail in its own way where it is built for other pictures or another head
        why = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        raise ExplorerError(
            f"{builder} of {library} cannot be a backbone here: with a new head in place of its last layer it does not run "
            f"({why}). Choose another network."
        ) from error


def _derive(name: str, library: str, builder: str, begins: tuple[int, ...]) -> Derived:
    with Undrawn():
        arguments = libraries.arguments(library, builder)
        first = libraries.build(library, builder, arguments).eval()
    ships = libraries.shipped(library, builder, first)
    head = find_head(first, ships.size)
    row = Backbone(
        name,
        _title(name, library, builder),
        f"{builder} of {library}, found by name; its stages were worked out from its forward pass.",
        (),
        ships.weights,
        0,
        head.features,
        head=head.path,
        pool=head.pool,
        skipped=head.skipped,
        dropout=head.dropout,
        input_size=ships.size,
        mean=ships.mean,
        std=ships.std,
        library=library,
        builder=builder,
        arguments=arguments,
        versioned=ships.versioned,
        opened=open_up(first, head, ships.size),
    )
    row, steps, begins = _staged(row, copy.deepcopy(first), begins)
    network = Network(row, first, 5, "random").eval()
    row = _described(network)
    _try_out(network)
    least = _least(network)
    return Derived(replace(row, least=least, any_size=least < row.input_size), steps, begins)


def _title(name: str, library: str, builder: str) -> str:
    own = " (stages of your own)" if "~" in name else ""
    return f"{builder}{' of timm' if library == 'timm' else ''}{own}"


def _staged(
    row: Backbone, model: nn.Module, begins: tuple[int, ...]
) -> tuple[Backbone, tuple[Step, ...], tuple[int, ...]]:
    """The row with its stages: steps are the cuts up to the last grid, stages are runs of them."""
    replace_head(row, model, 2)
    found = tracing.trace(model, row.opened)
    sizes = tracing.shapes(found, torch.empty(2, 3, row.input_size, row.input_size))
    cuts = [node for node in found.cuts if side(sizes.get(node, ())) > 1 and not _takes_part(node)]
    if len(cuts) < 2:
        raise ExplorerError(
            f"between the picture and its head there are {len(cuts)} places where one grid of features is handed on, and at "
            f"least 2 are needed. Choose another network."
        )
    steps = tuple(_steps(found, cuts, sizes))
    begins = grouped(steps) if not begins else _checked(begins, steps)
    ends = [cuts[i - 1] for i in (*begins[1:], len(cuts))]
    reader = next((node for node in found.nodes if str(node.target) == row.head and node.op == "call_module"), None)
    if reader is None:
        raise ExplorerError("its head is not called once, with one tensor. Choose another network.")
    stages, before, cell, kept = [], found.start, Cell(), {*model.state_dict()}
    for title, end in zip(names_of(steps, begins), ends, strict=True):
        called, loose = tracing.tensors_of(tracing.between(found, before, end))
        if end is ends[-1]:
            behind = tracing.tensors_of(tracing.between(found, end, reader.all_input_nodes[0]))
            called = (*called, *(path for path in behind[0] if [*model.get_submodule(path).state_dict()]))
            loose = (*loose, *behind[1])
        loose = tuple(path for path in loose if path in kept)
        kept -= {*loose}  # what several stages read belongs to the first
        cell = moved(cell, found, before, end, sizes, row.input_size)
        last = len(sizes[end]) == 4 and sizes[end][2] != sizes[end][3]
        stages.append(
            Stage(title, (*called, *loose), loose, ends=tracing.place(end), last=last, first=cell.first, step=cell.step)
        )
        before = end
    tokens, one = len(sizes[ends[-1]]) == 3, _reads_one(found, ends[-1])
    widths = tuple(_channels(sizes[end]) for end in ends)
    row = replace(row, stages=tuple(stages), tokens=tokens, class_token=tokens and one, widths=widths)
    return row, steps, begins


def _channels(shape: tuple[int, ...]) -> int:
    """Of what a stage gives: (n, c, s, s), (n, s, s, c), or tokens (n, p + s², c)."""
    return shape[1] if len(shape) == 4 and shape[2] == shape[3] else shape[-1]


def _steps(found: tracing.Trace, cuts: list[fx.Node], sizes: dict[fx.Node, tuple[int, ...]]) -> list[Step]:
    steps, before = [], found.start
    for node in cuts:
        called, loose = tracing.tensors_of(tracing.between(found, before, node))
        modules = [found.root.get_submodule(path) for path in called]
        numbers = sum(p.numel() for m in modules for p in m.parameters())
        numbers += sum(t.numel() for name, t in found.root.named_parameters() if name in loose)
        layers = sum(isinstance(m, nn.Conv2d | nn.Linear) for module in modules for m in module.modules())
        kind = type(modules[-1]).__name__ if modules else "function"
        steps.append(Step(tracing.place(node), kind, sizes[node][1:], side(sizes[node]), numbers, layers))
        before = node
    return steps


def _checked(begins: tuple[int, ...], steps: tuple[Step, ...]) -> tuple[int, ...]:
    """The steps at which stages begin, the first among them, or an ExplorerError for one that there is not."""
    wrong = [i for i in begins if not 0 < i < len(steps)]
    if wrong:
        raise ExplorerError(f"no stage can begin with step {wrong[0]}. Allowed: 1 to {len(steps) - 1}.")
    return (0, *begins)


def _takes_part(node: fx.Node) -> bool:
    """Whether a node takes a part of a tensor, as pooling does that leaves class tokens out."""
    return node.op == "call_function" and node.target is operator.getitem


def _reads_one(found: tracing.Trace, end: fx.Node) -> bool:
    """Whether what follows the last stage takes the first token out of all."""
    behind = found.nodes[found.nodes.index(end) :]
    return any(
        isinstance(index, tuple) and len(index) > 1 and index[1] == 0
        for node in behind
        if _takes_part(node)
        for index in node.args[1:]
    )


def _described(network: Network) -> Backbone:
    """The row with what the network says of itself."""
    row, head = network.row, {*network.names("head")}
    inside = [module for stage in row.stage_names for module in network.modules_of(stage)]
    convolutions = [m for m in inside if isinstance(m, nn.Conv2d)]
    depthwise = any(m.groups == m.in_channels > 1 for m in convolutions)
    relus = sum(isinstance(m, nn.ReLU) for m in inside)
    own = sum(p.numel() for name, p in network.model.named_parameters() if name not in head)
    norms = [m for m in inside if isinstance(m, NORMALISATIONS)]
    batch = any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in norms)
    return replace(
        row,
        parameters=own,
        normalisation="batch" if batch else "layer" if norms else "none",
        bfloat16=not depthwise,
        channels_last=not depthwise,
        attention=row.class_token and any(isinstance(m, nn.MultiheadAttention) for m in inside),
        plain_relu=4 * relus >= len(convolutions) > 0 and not any(isinstance(m, OTHER_ACTIVATIONS) for m in inside),
    )


def _try_out(network: Network) -> None:
    """One pass through the stages, one through the network itself: shapes must agree."""
    x = torch.empty(2, 3, network.row.input_size, network.row.input_size)
    ours, theirs = network.head(network.features(x, None)), network.model(x)
    if ours.shape != (2, 5) or theirs.flatten(1).shape != (2, 5):
        raise ExplorerError(f"with a new head for 5 classes it gives {tuple(theirs.shape)} for 2 pictures, not (2, 5).")


def _least(network: Network) -> int:
    """The smallest input that it takes; its own size where it takes no other."""
    for size in SIZES:
        if _takes(network, size):
            return size
    return network.row.input_size


def _takes(network: Network, size: int) -> bool:
    x: Tensor = torch.empty(2, 3, size, size)
    try:
        return network.head(network.features(x, None)).shape == (2, 5)
    except Exception:  # whatever a network raises for a size that it was not made for
        return False

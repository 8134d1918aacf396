"""A model's own forward pass as a chain of steps, and any run of steps as a module on the model's own tensors.

A network that is known by nothing but its name tells its stages by what it does: torch.fx records the modules that its
forward pass calls and what it does between them. Where a single tensor is handed on, the chain can be cut.
"""

import inspect
import operator
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

_RELUS = (functional.relu, torch.relu, torch.relu_, "relu", "relu_")


class Opening(fx.Tracer):
    """Records calls of modules as they stand, but for those in `opened`, whose inside is recorded in their place.

    What stays closed keeps its behaviour in train mode: dropout and stochastic depth ask for the mode when they run. What is
    opened asks once, here: it is recorded in eval mode.
    """

    def __init__(self, opened: Collection[str]) -> None:
        super().__init__(autowrap_functions=(torch._assert,))
        self.opened = frozenset(opened)

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Whether a call of this module is one step."""
        return module_qualified_name not in self.opened


@dataclass(frozen=True)
class Trace:
    """A forward pass: its nodes in order; those that depend on the picture; those behind which one tensor alone is handed on."""

    root: nn.Module
    graph: fx.Graph
    nodes: tuple[fx.Node, ...]
    fed: frozenset[fx.Node]
    cuts: tuple[fx.Node, ...]

    @property
    def start(self) -> fx.Node:
        """The picture."""
        return self.nodes[0]


def trace(model: nn.Module, opened: Collection[str]) -> Trace:
    """The forward pass of `model`, with the modules of these paths opened. Raises what torch.fx raises for a pass that depends
    on what is in the tensors."""
    if isinstance(model, fx.GraphModule):  # a network that was cut off is its own trace, and keeps its nodes' names
        graph = model.graph
    else:
        more = list(inspect.signature(model.forward).parameters.values())[1:]
        with _in_eval(model):
            graph = Opening(opened).trace(model, {p.name: p.default for p in more if p.default is not p.empty})
        graph.eliminate_dead_code(is_impure_node=_kept)
    for node in [node for node in graph.nodes if node.op == "placeholder"][1:]:
        if not node.users:
            graph.erase_node(node)
    nodes = tuple(node for node in graph.nodes if node.op != "output")
    fed = {nodes[0]}
    for node in nodes:
        if any(source in fed for source in node.all_input_nodes):
            fed.add(node)
    last = {node: max((nodes.index(u) if u in nodes else len(nodes) for u in node.users), default=-1) for node in fed}
    cuts, furthest = [], -1
    for i, node in enumerate(nodes):
        if node in fed:
            if furthest <= i:  # nothing from before is read later
                cuts.append(node)
            furthest = max(furthest, last[node])
    return Trace(model, graph, nodes, frozenset(fed), tuple(cuts[1:]))


@contextmanager
def _in_eval(model: nn.Module) -> Iterator[None]:
    """A model that was recorded in train mode would drop features wherever a pass asks a function to
    (`dropout(x, training=self.training)`), also when a run is scored."""
    modes = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode


def _kept(node: fx.Node) -> bool:
    """Whether a node that nobody reads stays: none but the picture and the result; checks of a shape are left out."""
    return node.op in ("placeholder", "output")


def place(node: fx.Node) -> str:
    """What a cut is called: the path of the module that ends there, else the node's own name."""
    return str(node.target) if node.op == "call_module" else f"/{node.name}"


def between(found: Trace, after: fx.Node, end: fx.Node) -> tuple[fx.Node, ...]:
    """The nodes that lead from the output of `after` to that of `end`."""
    wanted: set[fx.Node] = set()
    waiting = [end]
    while waiting:
        node = waiting.pop()
        if node is not after and node not in wanted:
            wanted.add(node)
            waiting += node.all_input_nodes
    return tuple(node for node in found.nodes if node in wanted)


def tensors_of(nodes: Collection[fx.Node]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Paths of the modules that these nodes call, and of the parameters and buffers that they read besides, in order."""
    called = dict.fromkeys(str(node.target) for node in nodes if node.op == "call_module")
    loose = dict.fromkeys(str(node.target) for node in nodes if node.op == "get_attr")
    inside = tuple(f"{path}." for path in called)
    return tuple(called), tuple(name for name in loose if not name.startswith((*inside, "_tensor_constant")))


def segment(found: Trace, after: fx.Node, end: fx.Node, without: type[nn.Module] | tuple[()] = ()) -> fx.GraphModule:
    """The steps from behind `after` up to `end` as a module that shares the model's modules and tensors.

    A ReLU that is a function becomes a module, so that what hooks ReLUs finds it; modules of the kind `without` are left out.
    """
    graph = fx.Graph()
    copies = {after: graph.placeholder("x")}
    extra: dict[str, nn.Module] = {}
    for node in between(found, after, end):
        if node.op == "call_module" and without and isinstance(found.root.get_submodule(str(node.target)), without):
            copies[node] = copies[node.all_input_nodes[0]]
        elif node.op in ("call_function", "call_method") and node.target in _RELUS:
            name = f"relu_of_{node.name}"
            extra[name] = nn.ReLU()
            copies[node] = graph.call_module(name, (copies[node.all_input_nodes[0]],))
        else:
            copies[node] = graph.node_copy(node, copies.__getitem__)
    graph.output(copies[end])
    return fx.GraphModule(targets(found.root, graph) | extra, graph)


def targets(root: nn.Module, graph: fx.Graph) -> dict[str, Any]:
    """What the graph names, by path."""
    wanted = {str(node.target) for node in graph.nodes if node.op in ("call_module", "get_attr")}
    return {path: operator.attrgetter(path)(root) for path in wanted if not path.startswith("relu_of_")}


class Laid(nn.Module):
    """The same tensor with its axes in another order: where a model lays channels last, its stages hand them on first."""

    def __init__(self, *order: int) -> None:
        super().__init__()
        self.order = order

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(self.order)


TO_FIRST, TO_LAST = (0, 3, 1, 2), (0, 2, 3, 1)


def shapes(found: Trace, x: Tensor) -> dict[fx.Node, tuple[int, ...]]:
    """The shape of what each node that depends on the picture gives, where it is one tensor."""
    sizes: dict[fx.Node, tuple[int, ...]] = {}

    class Noting(fx.Interpreter):
        def run_node(self, n: fx.Node) -> Any:
            value = super().run_node(n)
            if isinstance(value, Tensor):
                sizes[n] = tuple(value.shape)
            return value

    module = fx.GraphModule(found.root, found.graph)
    Noting(module).run(x)
    own = {node.name: node for node in found.nodes}
    return {own[node.name]: size for node, size in sizes.items() if node.name in own}
